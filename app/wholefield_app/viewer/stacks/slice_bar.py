"""The slider below a plane: which slice is shown, and playing through all of them."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QSpinBox, QToolButton, QWidget

from wholefield_app.theme.icons import icon
from wholefield_app.theme.theme import Theme
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

    def __init__(self, theme: Theme, *, plays: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = QLabel()
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.number = QSpinBox()
        self.number.lineEdit().setTextMargins(*TEXT_MARGINS)
        self.number.setMaximumWidth(NUMBER_WIDTH)
        self.play = with_properties(
            QToolButton(), toolTip="Play through the slices", accessibleName="Play", checkable=True
        )
        self.play.setVisible(plays)
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
        """Whether the slices are being played."""
        return self._timer.isActive()

    def set_axis(self, name: str, length: int) -> None:
        """Walk along an axis of this name, with that many slices."""
        self.name.setText(name)
        for widget in (self.slider, self.number):
            widget.setAccessibleName(f"Slice along {name}")
            with QSignalBlocker(widget):
                widget.setRange(0, max(length - 1, 0))
        self.number.setSuffix(f" / {length - 1}")
        self.number.setToolTip(f"Slice along {name}, counted from 0")
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
