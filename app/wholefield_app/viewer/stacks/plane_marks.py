"""What is painted over a plane of a stack: the crosshair, the swipe handle, captions."""

from __future__ import annotations

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPalette, QPen, QPolygonF

from wholefield_app.viewer.hud import (
    MARGIN,
    PADDING,
    contrast,
    line_height,
    paint_panel,
    small_font,
    text_width,
)

# Logical px that stay free about the voxel that the crosshair marks.
GAP = 9.0
LINE_ALPHA = 170
GRIP_RADIUS = 11.0


def paint_crosshair(painter: QPainter, at: QPointF, area: QRectF, color: QColor) -> None:
    """Two fine lines through the area that leave the marked place free."""
    line = QColor(color)
    line.setAlpha(LINE_ALPHA)
    painter.save()
    painter.setPen(QPen(line, 1))
    x, y = round(at.x()) + 0.5, round(at.y()) + 0.5
    painter.drawLines(
        [
            QLineF(area.left(), y, x - GAP, y),
            QLineF(x + GAP, y, area.right(), y),
            QLineF(x, area.top(), x, y - GAP),
            QLineF(x, y + GAP, x, area.bottom()),
        ]
    )
    painter.restore()


def paint_swipe(painter: QPainter, x: float, area: QRectF, color: QColor, *, grip: bool) -> None:
    """A line from top to bottom, with a round grip in its middle or without."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(color, 2))
    painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
    if grip:
        _paint_grip(painter, QPointF(x, area.center().y()), color)
    painter.restore()


def _paint_grip(painter: QPainter, middle: QPointF, color: QColor) -> None:
    painter.setBrush(color)
    painter.setPen(QPen(contrast(color), 1))
    painter.drawEllipse(middle, GRIP_RADIUS, GRIP_RADIUS)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(contrast(color))
    for side in (-1, 1):
        tip = middle + QPointF(side * 7.5, 0)
        base = middle + QPointF(side * 2.5, 0)
        painter.drawPolygon(QPolygonF([tip, base + QPointF(0, -4), base + QPointF(0, 4)]))


def paint_caption(
    painter: QPainter, area: QRectF, text: str, palette: QPalette, *, right: bool = False
) -> None:
    """A line of text in an upper corner."""
    if not text:
        return
    painter.save()
    font = small_font(painter)
    painter.setFont(font)
    width = min(text_width(font, text) + 2 * PADDING, area.width() - 2 * MARGIN)
    left = area.right() - MARGIN - width if right else area.left() + MARGIN
    panel = QRectF(left, area.top() + MARGIN, width, line_height(font) + PADDING)
    paint_panel(painter, panel, palette)
    painter.setPen(palette.color(QPalette.ColorRole.WindowText))
    painter.drawText(panel, Qt.AlignmentFlag.AlignCenter, text)
    painter.restore()
