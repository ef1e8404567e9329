"""The bar below the frames: play, step, the time, slow motion, loop, and the accumulation time."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal, Slot
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from wholefield_app.forms.layout import TEXT_MARGINS
from wholefield_app.theme.icons import icon
from wholefield_app.theme.theme import Theme
from wholefield_app.viewer.events.player import SPEEDS, Player
from wholefield_app.viewer.events.style import LONGEST_US, SHORTEST_US
from wholefield_app.viewer.events.timeline import SLIDER_STEPS, log_position, log_value, time_text
from wholefield_app.widgets.number_boxes import RealBox, WholeBox
from wholefield_app.widgets.properties import with_properties

# A slider counts in whole numbers that fit 32 bits: 4,000 are finer than its pixels.
TIME_STEPS = 4000
ICON = QSize(20, 20)
SLIDER_WIDTH, NARROWEST_SLIDER, NUMBER_WIDTH = 130, 40, 116


class Transport(QWidget):
    """Steers a player.

    Signals:
        accumulation_changed: Another accumulation time is wanted, in us.
        step_wanted: One frame on (1) or back (-1) is wanted.
    """

    accumulation_changed = Signal(int)
    step_wanted = Signal(int)

    def __init__(self, player: Player, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._player = player
        self._theme = theme
        self.back = _button("One frame back (Left)", "Step back")
        self.play = _button("Play (Space)", "Play")
        self.on = _button("One frame forward (Right)", "Step forward")
        self.loop = _button("Start again at the end", "Loop")
        self.loop.setCheckable(True)
        self.slider = with_properties(QSlider(Qt.Orientation.Horizontal), accessibleName="Time")
        self.slider.setRange(0, TIME_STEPS)
        self.time = with_properties(
            RealBox(decimals=0, suffix=" µs"), groupSeparatorShown=True, keyboardTracking=False
        )
        self.time.setAccessibleName("Time in microseconds")
        self.time.setToolTip("Displayed moment, in µs from the first event")
        self.clock = QLabel(alignment=Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.speed = with_properties(
            QComboBox(), accessibleName="Speed", toolTip="Speed: real time or slow motion"
        )
        self.speed.addItems([speed_text(speed) for speed in SPEEDS])
        self.accumulation = with_properties(
            WholeBox(suffix=" µs"), groupSeparatorShown=True, keyboardTracking=False
        )
        self.accumulation.setAccessibleName("Accumulation time")
        self.accumulation.setRange(SHORTEST_US, LONGEST_US)
        self.accumulation_slider = with_properties(
            QSlider(Qt.Orientation.Horizontal), accessibleName="Accumulation time"
        )
        self.accumulation_slider.setRange(0, SLIDER_STEPS)
        self.accumulation_slider.setMinimumWidth(NARROWEST_SLIDER)
        self.accumulation_slider.setMaximumWidth(SLIDER_WIDTH)
        for widget in (self.accumulation, self.accumulation_slider):
            widget.setToolTip("How far back in time the events of a frame reach")
        for field in (self.time, self.accumulation):
            field.lineEdit().setTextMargins(*TEXT_MARGINS)
            field.setMaximumWidth(NUMBER_WIDTH)
        self._lay_out()
        self._connect()
        self.use_theme(theme)
        self.follow()

    @Slot(object)
    def use_theme(self, theme: Theme) -> None:
        """Draw the icons in the colors of `theme`."""
        self._theme = theme
        self._icons = {name: icon(name, theme) for name in ("step-back", "start", "pause", "step-on", "loop")}
        self.back.setIcon(self._icons["step-back"])
        self.on.setIcon(self._icons["step-on"])
        self.loop.setIcon(self._icons["loop"])
        self.play.setIcon(self._play_icon())

    @Slot()
    def follow(self) -> None:
        """Show what the player does."""
        player = self._player
        self.play.setIcon(self._play_icon())
        with QSignalBlocker(self.loop), QSignalBlocker(self.speed), QSignalBlocker(self.time):
            self.loop.setChecked(player.loops)
            self.speed.setCurrentIndex(SPEEDS.index(player.speed))
            self.time.setRange(0, player.duration_us)
        self.show_time(player.time_us)

    @Slot(object)
    def show_time(self, time_us: int) -> None:
        """Show where the playhead is."""
        duration = self._player.duration_us
        with QSignalBlocker(self.slider), QSignalBlocker(self.time):
            self.slider.setValue(round(TIME_STEPS * time_us / max(duration, 1)))
            self.time.setValue(time_us)
        self.clock.setText(f"of {time_text(duration, duration)}")

    def show_accumulation(self, accumulation_us: int) -> None:
        """Show the accumulation time, without telling of it."""
        with QSignalBlocker(self.accumulation), QSignalBlocker(self.accumulation_slider):
            self.accumulation.setValue(accumulation_us)
            self.accumulation_slider.setValue(log_position(accumulation_us, SHORTEST_US, LONGEST_US))

    def _lay_out(self) -> None:
        upper, lower = QHBoxLayout(), QHBoxLayout()
        for button in (self.back, self.play, self.on, self.loop):
            upper.addWidget(button)
        upper.addWidget(self.slider, 1)
        upper.addWidget(self.time)
        upper.addWidget(self.clock)
        for name, widgets in (
            ("Speed", (self.speed,)),
            ("Accumulation", (self.accumulation, self.accumulation_slider)),
        ):
            label = QLabel(name)
            label.setBuddy(widgets[0])
            lower.addWidget(label)
            for widget in widgets:
                lower.addWidget(widget)
            lower.addSpacing(16)
        lower.addStretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 6)
        layout.setSpacing(4)
        for row in (upper, lower):
            row.setSpacing(8)
            layout.addLayout(row)

    def _connect(self) -> None:
        player = self._player
        player.moved.connect(self.show_time)
        player.changed.connect(self.follow)
        self.play.clicked.connect(self._toggle)
        self.back.clicked.connect(self._step_back)
        self.on.clicked.connect(self._step_on)
        self.loop.toggled.connect(player.set_loops)
        self.slider.valueChanged.connect(self._slide)
        self.time.valueChanged.connect(self._take_time)
        self.speed.currentIndexChanged.connect(self._choose_speed)
        self.accumulation.valueChanged.connect(self.accumulation_changed)
        self.accumulation_slider.valueChanged.connect(self._slide_accumulation)

    def _play_icon(self) -> QIcon:
        return self._icons["pause" if self._player.playing else "start"]

    @Slot()
    def _toggle(self) -> None:
        self._player.toggle()

    @Slot()
    def _step_back(self) -> None:
        self.step_wanted.emit(-1)

    @Slot()
    def _step_on(self) -> None:
        self.step_wanted.emit(1)

    @Slot(float)
    def _take_time(self, time_us: float) -> None:
        self._player.go_to(round(time_us))

    @Slot(int)
    def _slide(self, position: int) -> None:
        self._player.go_to(round(position / TIME_STEPS * self._player.duration_us))

    @Slot(int)
    def _choose_speed(self, row: int) -> None:
        self._player.set_speed(SPEEDS[row])

    @Slot(int)
    def _slide_accumulation(self, position: int) -> None:
        self.accumulation.setValue(log_value(position, SHORTEST_US, LONGEST_US))


def speed_text(speed: float) -> str:
    """A speed in words."""
    return "Real time" if speed == 1 else f"1/{round(1 / speed):,} ×"


def _button(tip: str, name: str) -> QToolButton:
    button = with_properties(QToolButton(autoRaise=True), toolTip=tip, accessibleName=name)
    button.setIconSize(ICON)
    return button
