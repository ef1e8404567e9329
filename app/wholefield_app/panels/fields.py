"""Fields for settings of a run, with limits and help taken from the setting's own declaration."""

import math
from typing import Any, NamedTuple, TypeVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QValidator
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QFormLayout, QLineEdit, QSpinBox, QWidget

from wholefield.runs.settings import RunSettings
from wholefield.training.settings import Device

Settings = TypeVar("Settings", bound=RunSettings)
# What settings were called before; goes with the hand-made forms.
FORMER = {
    "accumulate": "gradient_accumulation", "repeats": "crops", "patience": "early_stopping_patience",
    "slab": "input_slices", "tint": "color_jitter", "weights": "initial_weights", "foreground": "binarize_labels",
    "balance": "class_weighting", "turns": "augmentation", "flips": "augmentation", "augment": "augmentation",
}  # fmt: skip


class About(NamedTuple):
    """What a field needs to know of a setting."""

    text: str
    at_least: float | None = None
    at_most: float | None = None


def abouts(settings: type[RunSettings]) -> dict[str, About]:
    """What is declared of the settings of a task, under former names too."""
    found = {name: About(each.setting.help, *each.bounds) for name, each in settings.declarations().items()}
    return found | {old: found[new] for old, new in FORMER.items() if new in found}


def value_of(settings: RunSettings, name: str) -> Any:
    """The value of a setting by its former name."""
    return getattr(settings, FORMER.get(name, name))


def built(kind: type[Settings], values: dict[str, Any]) -> Settings:
    """Settings from values under former names."""
    declared, given = kind.declarations(), kind.upgraded(dict(values))
    return kind(**{name: declared[name].type(v) if isinstance(v, str) else v for name, v in given.items()})


LARGEST_WHOLE = 1_000_000
# The style sheet's padding does not reach the text of a spin box.
TEXT_MARGINS = (5, 0, 0, 0)
DEVICES = {Device.AUTO: "Automatic", Device.CPU: "Processor", Device.CUDA: "CUDA graphics card"}


def whole_number(about: About, value: int, *, step: int = 1, none: str = "") -> QSpinBox:
    """A field for a whole number; with `none`, the value 0 stands for "not set" and reads like that."""
    box = QSpinBox(toolTip=about.text, accessibleName=about.text)
    lowest = 0 if none else int(about.at_least or 0)
    box.setRange(lowest, int(min(about.at_most or LARGEST_WHOLE, 2**31 - 1)))
    box.setSpecialValueText(none)
    box.setSingleStep(step)
    box.setValue(value)
    box.lineEdit().setTextMargins(*TEXT_MARGINS)
    return box


def percentage(about: About, share: float) -> QSpinBox:
    """A field for a share between 0 and 1, shown as a percentage."""
    box = QSpinBox(toolTip=about.text, accessibleName=about.text, suffix=" %")
    box.setRange(1, 99)
    box.setSingleStep(5)
    box.setValue(round(100 * share))
    box.lineEdit().setTextMargins(*TEXT_MARGINS)
    return box


class RateField(QDoubleSpinBox):
    """A field for a small positive number such as a learning rate: short to read, and a step is a factor."""

    def __init__(self, about: About, value: float, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setToolTip(about.text)
        self.setAccessibleName(about.text)
        self.lineEdit().setTextMargins(*TEXT_MARGINS)
        self.setDecimals(12)
        self.setRange(1e-9, 1e3)
        self.setValue(value)

    def textFromValue(self, value: float) -> str:
        """Three significant digits."""
        return f"{value:.3g}"

    def valueFromText(self, text: str) -> float:
        """Any notation of a number, 1e-3 too."""
        return float(text)

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        """Accept what `valueFromText` understands."""
        try:
            good = self.minimum() <= float(text) <= self.maximum()
        except ValueError:
            good = False
        state = QValidator.State.Acceptable if good else QValidator.State.Intermediate
        return state, text, position

    def stepBy(self, steps: int) -> None:
        """Walk through 1, 2, 5, 10, 20 ..."""
        self.setValue(next_rate(self.value(), steps))


def next_rate(value: float, steps: int) -> float:
    """The number that lies `steps` further in the series 1, 2, 5, 10, 20, 50 ... times a power of ten."""
    series = (1.0, 2.0, 5.0)
    decade = math.floor(math.log10(value) + 1e-9)
    mantissa = value / 10**decade
    at = 3 * decade + min(range(3), key=lambda index: abs(math.log(series[index] / mantissa)))
    decade, index = divmod(at + steps, 3)
    return float(f"{series[index]:.0f}e{decade}")


class WeightField(RateField):
    """A field for a weight: as `RateField`, and below the smallest weights comes 0."""

    SMALLEST = 1e-6

    def __init__(self, about: About, value: float, parent: QWidget | None = None) -> None:
        super().__init__(about, value, parent)
        self.setRange(0, 1e3)
        self.setValue(value)

    def stepBy(self, steps: int) -> None:
        """Walk through 0, 1e-6, 2e-6, 5e-6 ..."""
        value = self.value()
        if value < self.SMALLEST:
            value, steps = self.SMALLEST, steps - 1
        stepped = next_rate(value, steps)
        self.setValue(stepped if stepped >= self.SMALLEST else 0.0)


def choice(titles: dict, text: str, name: str) -> QComboBox:  # type: ignore[type-arg]
    """A field for one of several values, each with what the form calls it."""
    box = QComboBox(toolTip=text, accessibleName=name)
    for value, title in titles.items():
        box.addItem(title, value)
    return box


def line(text: str, name: str) -> QLineEdit:
    """A field for a text."""
    return QLineEdit(toolTip=text, accessibleName=name)


def form_layout(parent: QWidget | None = None) -> QFormLayout:
    """A form in the rhythm of all panels."""
    form = QFormLayout(parent)
    form.setContentsMargins(0, 0, 0, 0)
    form.setHorizontalSpacing(12)
    form.setVerticalSpacing(6)
    form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    return form
