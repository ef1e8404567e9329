"""The look of what floats over the picture: panels, small text, lines with a casing."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPalette, QPen

MARGIN = 12.0
PADDING = 8.0
RADIUS = 6.0
PANEL_ALPHA = 225


def small_font(painter: QPainter, factor: float = 0.9, bold: bool = False) -> QFont:
    """The painter's font, smaller and perhaps bold."""
    font = QFont(painter.font())
    if font.pointSizeF() > 0:
        font.setPointSizeF(font.pointSizeF() * factor)
    else:
        font.setPixelSize(max(round(font.pixelSize() * factor), 1))
    font.setBold(bold)
    return font


def text_width(font: QFont, text: str) -> float:
    """Width of a line of text in logical px."""
    return QFontMetricsF(font).horizontalAdvance(text)


def line_height(font: QFont) -> float:
    """Height of a line of text in logical px."""
    return QFontMetricsF(font).height()


def paint_panel(painter: QPainter, rect: QRectF, palette: QPalette) -> None:
    """A rounded panel in the colors of the theme, slightly transparent, with a fine outline."""
    fill = QColor(palette.color(QPalette.ColorRole.Window))
    fill.setAlpha(PANEL_ALPHA)
    outline = QColor(palette.color(QPalette.ColorRole.WindowText))
    outline.setAlpha(45)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(outline, 1))
    painter.setBrush(fill)
    painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)
    painter.restore()


def paint_cased_rect(
    painter: QPainter, rect: QRectF, color: QColor, width: float = 2.0, casing: QColor | None = None
) -> None:
    """A colored outline inside a rectangle, with a casing of 1 px on both sides: seen on light and on dark."""
    around = casing or contrast(color, 170)
    inner = rect.adjusted(1, 1, -1, -1)
    innermost = inner.adjusted(width, width, -width, -width)
    _paint_ring(painter, rect, 1.0, around)
    _paint_ring(painter, inner, width, color)
    _paint_ring(painter, innermost, 1.0, around)


def fill_rects(painter: QPainter, rects: Sequence[QRectF], color: QColor) -> None:
    """Fill many rectangles in one call: each call may have to wait for a thread that computes."""
    painter.save()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    painter.drawRects(list(rects))
    painter.restore()


def _paint_ring(painter: QPainter, rect: QRectF, width: float, color: QColor) -> None:
    if rect.width() <= 2 * width or rect.height() <= 2 * width:
        painter.fillRect(rect, color)
        return
    sides = rect.height() - 2 * width
    ring = (
        QRectF(rect.left(), rect.top(), rect.width(), width),
        QRectF(rect.left(), rect.bottom() - width, rect.width(), width),
        QRectF(rect.left(), rect.top() + width, width, sides),
        QRectF(rect.right() - width, rect.top() + width, width, sides),
    )
    fill_rects(painter, ring, color)


def contrast(color: QColor, alpha: int = 255) -> QColor:
    """Black or white, whichever is easier to tell from a color."""
    luma = 0.299 * color.red() + 0.587 * color.green() + 0.114 * color.blue()
    shade = 0 if luma > 140 else 255
    return QColor(shade, shade, shade, alpha)
