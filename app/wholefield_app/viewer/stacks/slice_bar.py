"""The slider below a plane: which slice or time is shown, and playing through all of them."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QToolButton, QWidget

from wholefield_app.theme.icons import icon
from wholefield_app.theme.theme import Theme
from wholefield_app.widgets.number_boxes import WholeBox
from wholefield_app.widgets.properties import with_properties

FRAMES_PER_SECOND = 15
TEXT_MARGINS = (5, 0, 0, 0)
NUMBER_WIDTH = 104


class SliceBar(QWidget):
    """A slider and a number, which agree, and a button that plays.

    Signals:
        chosen: Another slice was chosen.
        due: It is time for the next slice of playing.
    """

    chosen = Signal(int)
    due = Signal()

    def __init__(self, theme: Theme, *, plays: str = "", parent: QWidget | None = None) -> None:
        """A bar whose button, if there is one, plays through what `plays` calls it, such as "slices"."""
        super().__init__(parent)
        self.name = QLabel()
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.number = WholeBox()
        self.number.lineEdit().setTextMargins(*TEXT_MARGINS)
        self.number.setMaximumWidth(NUMBER_WIDTH)
        self.play = with_properties(
            QToolButton(),
            toolTip=f"Play through the {plays}",
            accessibleName=f"Play the {plays}",
            checkable=True,
        )
        self.play.setVisible(bool(plays))
        self._timer = QTimer(self)
        self._timer.setInterval(1000 // FRAMES_PER_SECOND)
        self._timer.timeout.connect(self.due)
        self.slider.valueChanged.connect(self._choose)
        self.number.valueChanged.connect(self._choose)
        self.play.toggled.connect(self._run)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        layout.setSpacing(8)
        layout.addWidget(self.play)
        layout.addWidget(self.name)
        layout.addWidget(self.slider, 1)
        layout.addWidget(self.number)
        self.use_theme(theme)

    @property
    def playing(self) -> bool:
        """Whether it is being played."""
        return self._timer.isActive()

    def set_axis(self, name: str, length: int, what: str = "Slice along {}") -> None:
        """Walk along an axis of this name, with that many slices, each called `what`."""
        self.name.setText(name)
        for widget in (self.slider, self.number):
            widget.setAccessibleName(what.format(name))
            with QSignalBlocker(widget):
                widget.setRange(0, max(length - 1, 0))
        self.number.setSuffix(f" / {length - 1}")
        self.number.setToolTip(f"{what.format(name)}, counted from 0")
        self.setEnabled(length > 1)

    def show_index(self, index: int) -> None:
        """Show the slice, without telling of it."""
        for widget in (self.slider, self.number):
            with QSignalBlocker(widget):
                widget.setValue(index)

    def stop(self) -> None:
        """Play no more."""
        self.play.setChecked(False)

    @Slot(object)
    def use_theme(self, theme: Theme) -> None:
        """Draw the icons in the colors of `theme`."""
        self._theme = theme
        self.play.setIcon(icon("pause" if self.playing else "start", theme))

    @Slot(int)
    def _choose(self, index: int) -> None:
        self.show_index(index)
        self.chosen.emit(index)

    @Slot(bool)
    def _run(self, on: bool) -> None:
        if on:
            self._timer.start()
        else:
            self._timer.stop()
        self.use_theme(self._theme)
