"""The contrast of one channel: histogram, typed numbers, gamma, presets."""

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from wholefield.numbers import clear
from wholefield.sources.slides.display import ChannelDisplay
from wholefield_app.channels.channels import GAMMAS
from wholefield_app.forms.layout import TEXT_MARGINS, form_layout
from wholefield_app.panels.histogram import Histogram
from wholefield_app.panels.wrapping import WrappingRow
from wholefield_app.theme.theme import Theme
from wholefield_app.viewer.levels import Levels, ValueFacts
from wholefield_app.widgets.heading import muted
from wholefield_app.widgets.number_boxes import RealBox
from wholefield_app.widgets.properties import with_properties

NOTHING = "Open an image to see the histogram of its values."
PRESETS = "Presets"
# Level and window in Hounsfield units, as radiology departments commonly set them.
HOUNSFIELD = {
    "Soft tissue": Levels.around(40, 400),
    "Bone": Levels.around(400, 1800),
    "Lung": Levels.around(-600, 1500),
    "Brain": Levels.around(40, 80),
}
LARGEST = 1e12
PLAIN = ChannelDisplay("", 0.0, 1.0)
NARROWEST_FIELD = 72


class NumberField(RealBox):
    """A field for any number, with as few digits as tell it."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.setDecimals(9)
        self.setRange(-LARGEST, LARGEST)
        self.setKeyboardTracking(False)
        self.setProperty("bare", True)
        self.lineEdit().setTextMargins(*TEXT_MARGINS)
        # Room for the longest number there may be would be far too much.
        self.setMinimumWidth(NARROWEST_FIELD)

    def textFromValue(self, value: float) -> str:
        """Five significant digits; four of small numbers, which are long enough with their zeros."""
        return clear(f"{value:.5g}" if abs(value) >= 1 else f"{value:.4g}")


class LevelsPanel(QWidget):
    """Shows levels and gamma and signals changes to them.

    Signals:
        changed: The Levels that the user wants.
        gamma_changed: The gamma that the user wants.
        inverted_changed: Whether the user wants low values bright.
        automatic_wanted: All but the rarest values are to be shown.
        full_wanted: Every value is to be shown.
    """

    changed = Signal(object)
    gamma_changed = Signal(float)
    inverted_changed = Signal(bool)
    automatic_wanted = Signal()
    full_wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._facts: ValueFacts | None = None
        self._levels = Levels(0.0, 1.0)
        self._choices: dict[str, Levels] = {}
        self.hint = muted(NOTHING)
        self.histogram = Histogram(theme)
        self.histogram.dragged.connect(self._tell)
        self.low, self.high = NumberField("Value shown black"), NumberField("Value shown white")
        self.level, self.window_width = (
            NumberField("Level: value in the middle"),
            NumberField("Window: values shown"),
        )
        for field in (self.low, self.high):
            field.valueChanged.connect(self._take_ends)
        for field in (self.level, self.window_width):
            field.valueChanged.connect(self._take_window)
        self.gamma = NumberField("Gamma: below 1 brightens what is dark, above 1 darkens it")
        self.gamma.setRange(*GAMMAS)
        self.gamma.setSingleStep(0.1)
        self.gamma.valueChanged.connect(self.gamma_changed)
        self.inverted = with_properties(
            QCheckBox("Invert"), toolTip="Show low values bright and high ones dark"
        )
        self.inverted.toggled.connect(self.inverted_changed)
        self.auto = with_properties(QPushButton("Auto"), toolTip="Show all but the rarest values")
        self.auto.clicked.connect(self.automatic_wanted)
        self.full = with_properties(QPushButton("Full range"), toolTip="Show the full range of values")
        self.full.clicked.connect(self.full_wanted)
        self.presets = with_properties(
            QComboBox(), toolTip="Levels for common tissues", accessibleName="Presets"
        )
        self.presets.activated.connect(self._take_preset)
        self._controls = self._lay_out_controls()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 12)
        layout.addWidget(self.hint)
        layout.addWidget(self._controls)
        layout.addStretch()
        self.show_levels(None, Levels(0.0, 1.0))

    def show_levels(
        self,
        facts: ValueFacts | None,
        levels: Levels,
        of_file: Levels | None = None,
        *,
        hounsfield: bool = False,
        look: ChannelDisplay = PLAIN,
    ) -> None:
        """Show the values of a channel and the levels in use.

        Args:
            facts: What is known of the values; None while nothing is open.
            levels: The levels in use.
            of_file: The levels that the file asks for, or None.
            hounsfield: Whether the values are Hounsfield units.
            look: Gamma, color and direction of the channel.
        """
        self._facts, self._levels = facts, levels
        self.hint.setVisible(facts is None)
        self._controls.setVisible(facts is not None)
        self.histogram.show_values(facts, levels, look.color, inverted=look.inverted)
        self._choices = ({"As in the file": of_file} if of_file else {}) | (HOUNSFIELD if hounsfield else {})
        with QSignalBlocker(self.presets):
            self.presets.clear()
            self.presets.addItems([PRESETS, *self._choices])
        self.presets.setVisible(bool(self._choices))
        numbers = (levels.low, levels.high, levels.level, levels.window)
        for field, value in zip((self.low, self.high, self.level, self.window_width), numbers, strict=True):
            with QSignalBlocker(field):
                field.setValue(value)
                field.setSingleStep(levels.window / 50)
        with QSignalBlocker(self.gamma), QSignalBlocker(self.inverted):
            self.gamma.setValue(look.gamma)
            self.inverted.setChecked(look.inverted)

    @Slot(object)
    def use_theme(self, theme: Theme) -> None:
        """Paint in the colors of `theme`."""
        self.histogram.use_theme(theme)

    def _lay_out_controls(self) -> QWidget:
        controls = QWidget()
        column = QVBoxLayout(controls)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.histogram)
        numbers = WrappingRow()
        for pairs in (
            (("Black", self.low), ("White", self.high)),
            (("Level", self.level), ("Window", self.window_width)),
            (("Gamma", self.gamma),),
        ):
            form = form_layout()
            form.setContentsMargins(0, 0, 0, 0)
            for name, field in pairs:
                form.addRow(name, field)
            pair = QWidget()
            pair.setLayout(form)
            numbers.addWidget(pair)
        column.addLayout(numbers)
        column.addLayout(WrappingRow((self.auto, self.full, self.inverted)))
        column.addWidget(self.presets)
        return controls

    def _tell(self, levels: Levels) -> None:
        self.changed.emit(levels)

    @Slot()
    def _take_ends(self) -> None:
        low, high = self.low.value(), self.high.value()
        if high > low:
            self._tell(Levels(low, high))
        else:
            self.show_levels_again()

    @Slot()
    def _take_window(self) -> None:
        if self.window_width.value() > 0:
            self._tell(Levels.around(self.level.value(), self.window_width.value()))
        else:
            self.show_levels_again()

    def show_levels_again(self) -> None:
        """Put the fields back: what was typed is not possible."""
        numbers = (self._levels.low, self._levels.high, self._levels.level, self._levels.window)
        for field, value in zip((self.low, self.high, self.level, self.window_width), numbers, strict=True):
            with QSignalBlocker(field):
                field.setValue(value)

    @Slot(int)
    def _take_preset(self, row: int) -> None:
        levels = self._choices.get(self.presets.itemText(row))
        if levels is not None:
            self._tell(levels)
