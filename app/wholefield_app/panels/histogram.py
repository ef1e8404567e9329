"""How often each value occurs, and between which values black and white lie."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QLinearGradient, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from wholefield.sources.slides.display import WHITE
from wholefield_app.theme.theme import Theme
from wholefield_app.viewer.levels import Levels, ValueFacts

HEIGHT = 76
RAMP = 8
REACH = 7


class Histogram(QWidget):
    """Bars on a scale of square roots, so that rare values are seen too, with two lines that can be dragged.

    Signals:
        dragged: The Levels that the lines stand for now.
    """

    dragged = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._facts: ValueFacts | None = None
        self._levels = Levels(0.0, 1.0)
        self._ends_of_ramp = QColor("black"), QColor("white")
        self._held: str | None = None
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Histogram of the values")
        self.setToolTip("Drag the lines to set the black and white points")

    def use_theme(self, theme: Theme) -> None:
        """Paint in the colors of `theme`."""
        self._theme = theme
        self.update()

    def show_values(
        self,
        facts: ValueFacts | None,
        levels: Levels,
        color: tuple[int, int, int] = WHITE,
        *,
        inverted: bool = False,
    ) -> None:
        """Show these values and levels, with a ramp to (or, if inverted, from) a color."""
        self._facts, self._levels = facts, levels
        self._ends_of_ramp = (
            (QColor(*color), QColor("black")) if inverted else (QColor("black"), QColor(*color))
        )
        self.update()

    def sizeHint(self) -> QSize:
        """A strip of fixed height."""
        return QSize(200, HEIGHT)

    def x_of(self, value: float) -> float:
        """Where a value lies, in logical px; values beyond the ends lie at the ends."""
        low, high = self._ends()
        return min(max((value - low) / (high - low), 0.0), 1.0) * (self.width() - 1)

    def value_at(self, x: float) -> float:
        """The value at a place."""
        low, high = self._ends()
        return low + min(max(x / max(self.width() - 1, 1), 0.0), 1.0) * (high - low)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the nearer line."""
        if self._facts is not None and event.button() == Qt.MouseButton.LeftButton:
            self._held = self._nearest(event.position())
            self._drag(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move the line that is held."""
        if self._held is not None:
            self._drag(event.position().x())
        elif self._facts is not None:
            lines = (self.x_of(self._levels.low), self.x_of(self._levels.high))
            near = min(abs(event.position().x() - line) for line in lines) <= REACH
            self.setCursor(Qt.CursorShape.SplitHCursor if near else Qt.CursorShape.ArrowCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Release the line."""
        self._held = None

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint bars, lines and the ramp from black to white."""
        if self._facts is None:
            return
        with QPainter(self) as painter:
            bars = QRectF(0, 0, self.width(), self.height() - RAMP - 4)
            self._paint_bars(painter, bars, self._facts)
            self._paint_ramp(painter, QRectF(0, self.height() - RAMP, self.width(), RAMP))
            painter.setPen(QPen(QColor(self._theme.accent), 2))
            for value in (self._levels.low, self._levels.high):
                x = min(max(self.x_of(value), 1.0), self.width() - 2.0)
                painter.drawLine(QPointF(x, 0), QPointF(x, self.height()))

    def _paint_bars(self, painter: QPainter, area: QRectF, facts: ValueFacts) -> None:
        heights = facts.counts**0.5
        tallest = max(float(heights.max()), 1.0)
        width = area.width() / len(heights)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._theme.muted))
        for index, height in enumerate(heights):
            if height:
                tall = max(area.height() * float(height) / tallest, 1.0)
                painter.drawRect(QRectF(index * width, area.bottom() - tall, width, tall))

    def _paint_ramp(self, painter: QPainter, area: QRectF) -> None:
        low, high = self.x_of(self._levels.low), self.x_of(self._levels.high)
        ramp = QLinearGradient(low, 0, max(high, low + 1), 0)
        ramp.setColorAt(0, self._ends_of_ramp[0])
        ramp.setColorAt(1, self._ends_of_ramp[1])
        painter.fillRect(area, ramp)

    def _ends(self) -> tuple[float, float]:
        full = self._facts.full if self._facts is not None else Levels(0.0, 1.0)
        return full.low, full.high

    def _nearest(self, at: QPointF) -> str:
        low, high = self.x_of(self._levels.low), self.x_of(self._levels.high)
        return "low" if abs(at.x() - low) <= abs(at.x() - high) else "high"

    def _drag(self, x: float) -> None:
        value, least = self.value_at(x), (self._ends()[1] - self._ends()[0]) * 1e-3
        if self._held == "low":
            levels = Levels(min(value, self._levels.high - least), self._levels.high)
        else:
            levels = Levels(self._levels.low, max(value, self._levels.low + least))
        self.dragged.emit(levels)
