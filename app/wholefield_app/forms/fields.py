"""Fields for settings: each shows one value and signals when the user changes it; limits and help come from the
declaration."""

import math
from collections.abc import Mapping
from typing import Any

from annotated_types import Gt, Lt
from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QCheckBox, QLineEdit, QWidget

from wholefield.numbers import clear, real_of
from wholefield.runs.settings import Declaration
from wholefield_app.forms.layout import TEXT_MARGINS
from wholefield_app.widgets.elided import ElidedCombo
from wholefield_app.widgets.number_boxes import RealBox, WholeBox

LARGEST_WHOLE = 2**31 - 1
SMALLEST_REAL, LARGEST_REAL = 1e-9, 1e9


class WholeField(WholeBox):
    """A whole number; where the setting is optional, one below the smallest stands for no value."""

    edited = Signal()

    def __init__(self, declared: Declaration) -> None:
        super().__init__()
        low, high = declared.bounds
        self._optional = declared.optional
        lowest = int(low or 0) - declared.optional
        self.setRange(lowest, min(LARGEST_WHOLE, int(high) if high is not None else LARGEST_WHOLE))
        self.setSpecialValueText(declared.setting.none if declared.optional else "")
        self.setSuffix(f" {declared.setting.unit}" if declared.setting.unit else "")
        self.setStepType(WholeBox.StepType.AdaptiveDecimalStepType)
        self.setGroupSeparatorShown(True)
        self.lineEdit().setTextMargins(*TEXT_MARGINS)
        self.valueChanged.connect(self.edited)

    def read(self) -> int | None:
        """The number, or None."""
        return None if self._optional and self.value() == self.minimum() else self.value()

    def put(self, value: int | None) -> None:
        """Show a value."""
        self.setValue(self.minimum() if value is None else value)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the form: who scrolls past a field does not want to change it."""
        event.ignore()


class ShareField(WholeBox):
    """A share between 0 and 1, as a percentage."""

    edited = Signal()

    def __init__(self, declared: Declaration) -> None:
        super().__init__(suffix=" %")
        low, high = declared.bounds
        at_low = any(isinstance(limit, Gt) for limit in declared.limits)
        at_high = any(isinstance(limit, Lt) for limit in declared.limits)
        self.setRange(round(100 * (low or 0)) + at_low, round(100 * (1 if high is None else high)) - at_high)
        self.setSingleStep(5)
        self.lineEdit().setTextMargins(*TEXT_MARGINS)
        self.valueChanged.connect(self.edited)

    def read(self) -> float:
        """The share."""
        return self.value() / 100

    def put(self, value: float) -> None:
        """Show a share, rounded to whole percents."""
        self.setValue(round(100 * value))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the form."""
        event.ignore()


class RealField(RealBox):
    """A number that is short to read, and whose steps are factors: 1, 2, 5, 10, 20 ...; 0 where that is allowed."""

    edited = Signal()

    def __init__(self, declared: Declaration) -> None:
        super().__init__()
        low, high = declared.bounds
        self._zero = low == 0 and not any(isinstance(limit, Gt) for limit in declared.limits)
        self.setDecimals(12)
        self.setRange(
            0 if self._zero else max(low or 0, SMALLEST_REAL), LARGEST_REAL if high is None else high
        )
        self.setSuffix(f" {declared.setting.unit}" if declared.setting.unit else "")
        self.lineEdit().setTextMargins(*TEXT_MARGINS)
        self.valueChanged.connect(self.edited)

    def read(self) -> float:
        """The number."""
        return self.value()

    def put(self, value: float) -> None:
        """Show a number."""
        self.setValue(value)

    def textFromValue(self, value: float) -> str:
        """At most four significant digits, and a fifth where they would look like thousands."""
        return clear(f"{value:.4g}")

    def stepBy(self, steps: int) -> None:
        """Walk through 1, 2, 5, 10, 20 ..., and below the smallest to 0 where that is allowed."""
        smallest = 1e-6
        value = self.value()
        if self._zero and value < smallest:
            self.setValue(smallest if steps > 0 else 0.0)
            return
        stepped = next_in_series(value, steps)
        self.setValue(0.0 if self._zero and stepped < smallest else stepped)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the form."""
        event.ignore()


def next_in_series(value: float, steps: int) -> float:
    """The number that lies `steps` further in the series 1, 2, 5, 10, 20, 50 ... times a power of ten."""
    series = (1.0, 2.0, 5.0)
    decade = math.floor(math.log10(value) + 1e-9)
    mantissa = value / 10**decade
    at = 3 * decade + min(range(3), key=lambda index: abs(math.log(series[index] / mantissa)))
    decade, index = divmod(at + steps, 3)
    return float(f"{series[index]:.0f}e{decade}")


class TextField(QLineEdit):
    """A text; where the setting is optional, an empty line stands for no value."""

    edited = Signal()

    def __init__(self, declared: Declaration) -> None:
        super().__init__(placeholderText=declared.setting.none)
        self._optional = declared.optional
        self.textChanged.connect(self.edited)

    def read(self) -> str | None:
        """The text, or None."""
        text = self.text().strip()
        return None if self._optional and not text else text

    def put(self, value: str | None) -> None:
        """Show a text; one that reads the same is left as it is typed."""
        if value != self.read():
            self.setText(value or "")


class OptionalRealField(TextField):
    """A number, or an empty line for no value."""

    def read(self) -> Any:
        """The number, None, or the typed text while it is not a number: the check of the settings reports it."""
        text = super().read()
        try:
            return None if text is None else real_of(text)
        except ValueError:
            return text

    def put(self, value: Any) -> None:
        """Show a number."""
        if value != self.read():
            self.setText(
                "" if value is None else clear(f"{value:.6g}") if isinstance(value, float) else str(value)
            )


class ChoiceField(ElidedCombo):
    """One of several values, each with its label."""

    edited = Signal()

    def __init__(self, choices: Mapping[Any, str]) -> None:
        super().__init__()
        # Qt gives members of a text enumeration back as plain texts: their order finds them.
        self._values = tuple(choices)
        self.addItems(list(choices.values()))
        self.currentIndexChanged.connect(self.edited)
        self.setSizeAdjustPolicy(ElidedCombo.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(8)

    def read(self) -> Any:
        """The chosen value."""
        return self._values[self.currentIndex()]

    def put(self, value: Any) -> None:
        """Choose a value."""
        self.setCurrentIndex(self._values.index(value) if value in self._values else 0)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the form."""
        event.ignore()


class CheckField(QCheckBox):
    """Yes or no."""

    edited = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.toggled.connect(self._tell)

    def read(self) -> bool:
        """Whether it is checked."""
        return self.isChecked()

    def put(self, value: bool) -> None:
        """Check it or not."""
        self.setChecked(value)

    @Slot(bool)
    def _tell(self) -> None:
        self.edited.emit()


def put_quietly(field: QWidget, value: Any) -> None:
    """Show a value without telling anyone that it was edited."""
    with QSignalBlocker(field):
        field.put(value)  # type: ignore[attr-defined]
