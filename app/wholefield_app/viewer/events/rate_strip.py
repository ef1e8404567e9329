"""The strip below the frames: how many events there are when, the playhead, and the range that is played."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from wholefield_app.theme.theme import Theme
from wholefield_app.viewer.events.timeline import SECOND, Line, Span
from wholefield_app.viewer.events.trigger_marks import NO_TRIGGERS, TriggerMarks, Triggers

HEIGHT = 72
REACH = 6
# Room for the text above the highest rate, and for the line below.
TOP, FOOT = 20, 2
HEAD = 5.0
# Height of the mark of a trigger.
MARK = 14
SHADE = 110

Rate = npt.NDArray[np.int64]


class RateStrip(QWidget):
    """Click or drag to move the playhead; drag with Shift or the right button to choose what is played.

    Signals:
        scrubbed: The playhead is wanted at this time, in us.
        span_chosen: The Span that is to be played, or None for everything.
    """

    scrubbed = Signal(object)
    span_chosen = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._rate: Rate = np.zeros(0, np.int64)
        self._before: Rate = self._rate
        self._note = ""
        self._marks = TriggerMarks(NO_TRIGGERS)
        self._duration_us = 0
        self._time_us = 0
        self._span: Span | None = None
        self._anchor: int | None = None
        self._scrubbing = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Event rate")
        self.setToolTip(
            "Events over time. Drag to move the playhead; Shift-drag or right-drag to select the range to "
            "play; double-click to play everything."
        )

    @property
    def line(self) -> Line:
        """Where times lie on the strip."""
        return Line(self._duration_us, self.width())

    def show_recording(
        self, duration_us: int, rate: Rate, note: str = "", before: Rate | None = None
    ) -> None:
        """Show a recording: events in equal parts of it, also before filters, or a note while they are not known."""
        self._duration_us, self._rate, self._note = duration_us, rate, note
        self._before = rate if before is None or before.size != rate.size else before
        self._marks = TriggerMarks(NO_TRIGGERS)
        self.update()

    def show_triggers(self, triggers: Triggers) -> None:
        """Mark external triggers (`TRIGGER_DTYPE`, times in us from the first event)."""
        self._marks = TriggerMarks(triggers)
        self.update()

    def show_time(self, time_us: int) -> None:
        """Put the playhead at a time."""
        if time_us != self._time_us:
            self._time_us = time_us
            self.update()

    def show_span(self, span: Span | None) -> None:
        """Mark what is played; None for everything."""
        self._span = span
        self.update()

    @Slot(object)
    def use_theme(self, theme: Theme) -> None:
        """Paint in the colors of `theme`."""
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        """A strip of fixed height."""
        return QSize(240, HEIGHT)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin to move the playhead or to select a range."""
        shift = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        if event.button() == Qt.MouseButton.RightButton or (
            event.button() == Qt.MouseButton.LeftButton and shift
        ):
            self._anchor = self._held_end(event.position().x())
        elif event.button() == Qt.MouseButton.LeftButton:
            self._scrubbing = True
            self.scrubbed.emit(self.line.time_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move the playhead, or an end of the range."""
        there = self.line.time_at(event.position().x())
        if self._anchor is not None:
            self.span_chosen.emit(Span(min(self._anchor, there), max(self._anchor, there)))
        elif self._scrubbing:
            self.scrubbed.emit(there)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End the drag."""
        self._anchor, self._scrubbing = None, False

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Play everything."""
        self.span_chosen.emit(None)

    def event(self, event: QEvent) -> bool:
        """Tell of the trigger under the mouse."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            text = self._marks.text_at(event.pos().x(), self.line)
            QToolTip.showText(event.globalPos(), text or self.toolTip(), self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the rate, the range and the playhead."""
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), QColor(self._theme.surface))
            if self._before.size and self._before.max() > 0:
                self._paint_rate(painter)
            if self._note:
                painter.setPen(QColor(self._theme.muted))
                painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._note)
            if self._duration_us:
                self._paint_triggers(painter)
                self._paint_span(painter)
                self._paint_playhead(painter)

    def _held_end(self, x: float) -> int:
        """The end of the stretch that stays while the other one is dragged; where the drag begins otherwise."""
        if self._span is not None:
            if abs(self.line.x_of(self._span.start_us) - x) <= REACH:
                return self._span.end_us
            if abs(self.line.x_of(self._span.end_us) - x) <= REACH:
                return self._span.start_us
        return self.line.time_at(x)

    def _paint_rate(self, painter: QPainter) -> None:
        most_events = self._before.max()
        foot = [QPointF(self.width(), HEIGHT - FOOT), QPointF(0, HEIGHT - FOOT)]
        painter.setPen(Qt.PenStyle.NoPen)
        filtered = self._before is not self._rate
        for rate, color in ((self._before, self._theme.muted if filtered else self._theme.accent),) + (
            ((self._rate, self._theme.accent),) if filtered else ()
        ):
            heights = columns_of(rate, self.width()) * ((HEIGHT - TOP - FOOT) / most_events)
            top = [QPointF(x + 0.5, HEIGHT - FOOT - height) for x, height in enumerate(heights)]
            painter.setBrush(QColor(color))
            painter.drawPolygon(QPolygonF([*top, *foot]))
        most = self._rate.max() * self._rate.size / max(self._duration_us, 1) * SECOND
        painter.setPen(QColor(self._theme.muted))
        area = QRectF(self.rect()).adjusted(8, 2, -8, 0)
        painter.drawText(
            area, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignRight, f"up to {rate_text(most)}"
        )

    def _paint_triggers(self, painter: QPainter) -> None:
        painter.setPen(QPen(QColor(self._theme.warning), 1))
        for x in self._marks.columns(self.line):
            painter.drawLine(QPointF(x + 0.5, HEIGHT - MARK), QPointF(x + 0.5, HEIGHT))

    def _paint_span(self, painter: QPainter) -> None:
        if self._span is None:
            return
        shade = QColor(self._theme.window)
        shade.setAlpha(255 - SHADE // 2)
        left, right = (self.line.x_of(time) for time in (self._span.start_us, self._span.end_us))
        painter.fillRect(QRectF(0, 0, left, HEIGHT), shade)
        painter.fillRect(QRectF(right, 0, self.width() - right, HEIGHT), shade)
        painter.setPen(QPen(QColor(self._theme.reverse), 2))
        for x in (left, right):
            painter.drawLine(QPointF(x, 0), QPointF(x, HEIGHT))

    def _paint_playhead(self, painter: QPainter) -> None:
        x = self.line.x_of(self._time_us)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(self._theme.text), 1.5))
        painter.drawLine(QPointF(x, 0), QPointF(x, HEIGHT))
        painter.setBrush(QColor(self._theme.text))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawPolygon(QPolygonF([QPointF(x - HEAD, 0), QPointF(x + HEAD, 0), QPointF(x, 1.5 * HEAD)]))


def columns_of(rate: Rate, width: int) -> Rate:
    """The largest number of events in the parts of a recording that fall on each column of px, (width,)."""
    starts = np.arange(width) * rate.size // max(width, 1)
    if width >= rate.size:
        return rate[starts]
    return np.maximum.reduceat(rate, starts)


def rate_text(rate: float) -> str:
    """An event rate in words."""
    for unit, size in (("million events/s", 1e6), ("thousand events/s", 1e3)):
        if rate >= size:
            return f"{rate / size:.3g} {unit}"
    return f"{rate:.3g} events/s"
