"""Keeps the time of a recording: plays, steps, jumps, loops."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from wholefield_app.viewer.events.timeline import Span, advanced

TICK_MS = 15
SPEEDS = (1.0, 1 / 2, 1 / 5, 1 / 10, 1 / 20, 1 / 50, 1 / 100, 1 / 200, 1 / 500, 1 / 1000)


class Player(QObject):
    """The playhead.

    Attributes:
        speed: Seconds of the recording per second of real time.
        loops: Whether playing continues at the start when it has reached the end.
        backwards: Whether time runs backwards.

    Signals:
        moved: The playhead is at another time, in us.
        changed: It plays or has stopped, or the range or speed of playback has changed.
    """

    # A C int would end after 36 minutes.
    moved = Signal(object)
    changed = Signal()

    def __init__(self, clock: Callable[[], float] = time.monotonic, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._clock = clock
        self._whole = Span(0, 0)
        self._chosen: Span | None = None
        # A tick of slow motion is less than 1 us.
        self._exact_us = 0.0
        self._since = 0.0
        self.speed = 1.0
        self.loops = True
        self.backwards = False
        self._timer = QTimer(self, timerType=Qt.TimerType.PreciseTimer)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self.tick)

    @property
    def time_us(self) -> int:
        """Where the playhead is."""
        return int(self._exact_us)

    @property
    def duration_us(self) -> int:
        """Length of the recording."""
        return self._whole.end_us

    @property
    def chosen(self) -> Span | None:
        """The range that the user selected, or None."""
        return self._chosen

    @property
    def span(self) -> Span:
        """What is played: the selected range, or everything."""
        return self._chosen or self._whole

    @property
    def playing(self) -> bool:
        """Whether time passes."""
        return self._timer.isActive()

    def set_duration(self, duration_us: int) -> None:
        """Play a recording of this length; the playhead stays where it is unless it would be beyond the end."""
        self._whole = Span(0, duration_us)
        if self._chosen is not None and self._chosen.end_us > duration_us:
            self._chosen = None
        if self.time_us > duration_us:
            self.go_to(duration_us)
        self.changed.emit()

    def choose(self, span: Span | None) -> None:
        """Play only this range, or everything."""
        self._chosen = span if span is not None and span.length > 0 else None
        self.changed.emit()

    def set_speed(self, speed: float) -> None:
        """Play slower or faster."""
        self.speed = speed
        self._since = self._clock()
        self.changed.emit()

    def set_loops(self, loops: bool) -> None:
        """Start again when the end is reached."""
        self.loops = loops
        self.changed.emit()

    def toggle(self) -> None:
        """Play, or stop."""
        if self.playing:
            self.stop()
        else:
            self.play()

    def toggle_backwards(self) -> None:
        """Let time run the other way."""
        self.backwards = not self.backwards
        self._since = self._clock()
        self.changed.emit()

    def mark(self, *, end: bool) -> None:
        """Begin or end the range that is played at the playhead."""
        start_us, end_us = self.span.start_us, self.span.end_us
        if end:
            span = Span(start_us if start_us < self.time_us else 0, self.time_us)
        else:
            span = Span(self.time_us, end_us if end_us > self.time_us else self.duration_us)
        self.choose(span)

    def play(self) -> None:
        """Let time pass; from the start of what is played where the playhead is at its end or outside."""
        if self.span.length <= 0 or self.playing:
            return
        if self.backwards and not self.span.start_us < self.time_us <= self.span.end_us:
            self.go_to(self.span.end_us)
        elif not self.backwards and not self.span.start_us <= self.time_us < self.span.end_us:
            self.go_to(self.span.start_us)
        self._since = self._clock()
        self._timer.start()
        self.changed.emit()

    def stop(self) -> None:
        """Let no time pass."""
        if self.playing:
            self._timer.stop()
            self.changed.emit()

    def step(self, by_us: int) -> None:
        """Stop, and go so far on or, with a negative number, back."""
        self.stop()
        self.go_to(self.time_us + by_us)

    def go_to(self, time_us: int) -> None:
        """Put the playhead elsewhere."""
        self._since = self._clock()
        self._move(self._whole.clamped(time_us))

    @Slot()
    def tick(self) -> None:
        """Let the time pass that has passed on the clock."""
        now = self._clock()
        speed = -self.speed if self.backwards else self.speed
        there, on = advanced(self._exact_us, now - self._since, speed, self.span, self.loops)
        self._since = now
        self._move(there)
        if not on:
            self.stop()

    def _move(self, exact_us: float) -> None:
        before, self._exact_us = self.time_us, exact_us
        if self.time_us != before:
            self.moved.emit(self.time_us)
