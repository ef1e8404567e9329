"""What the viewer shows while no image is open: an invitation."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPalette, QPen

from wholefield_app.viewer.hud import line_height, small_font

HEADING = "Open a slide"
HINT = "or drop a file here"
FORMATS = "SVS, NDPI, MRXS, DICOM, OME-TIFF, OME-Zarr, PNG, JPEG …"
CARD_WIDTH, CARD_HEIGHT = 420.0, 250.0


def paint_empty(painter: QPainter, area: QRectF, palette: QPalette) -> None:
    """Paint the invitation in the middle of an area."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    text, accent = palette.color(QPalette.ColorRole.WindowText), palette.color(QPalette.ColorRole.Link)
    card = QRectF(0, 0, min(CARD_WIDTH, area.width() - 24), min(CARD_HEIGHT, area.height() - 24))
    card.moveCenter(area.center())
    if card.width() > 120 and card.height() > 120:
        painter.setPen(QPen(_faded(text, 80), 1.5, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(card, 14, 14)
        _paint_pyramid(painter, QPointF(card.center().x(), card.top() + card.height() * 0.30), accent)
        _paint_texts(painter, card, text)
    painter.restore()


def _paint_texts(painter: QPainter, card: QRectF, text: QColor) -> None:
    y = card.top() + card.height() * 0.55
    plain = painter.font()
    for words, factor, bold, alpha in (
        (HEADING, 1.5, True, 255),
        (HINT, 1.05, False, 220),
        (FORMATS, 0.85, False, 165),
    ):
        painter.setFont(plain)
        font = small_font(painter, factor, bold)
        painter.setFont(font)
        painter.setPen(_faded(text, alpha))
        height = line_height(font) * 1.25
        line = QRectF(card.left() + 8, y, card.width() - 16, height)
        painter.drawText(line, Qt.AlignmentFlag.AlignCenter, words)
        y += height + 2


def _paint_pyramid(painter: QPainter, center: QPointF, accent: QColor) -> None:
    """Three sheets of an image pyramid, each half as large as the one below, with the tiles of the lowest."""
    for index, (half_width, alpha) in enumerate(((52.0, 70), (32.0, 130), (17.0, 255))):
        height = half_width * 0.42
        middle = QPointF(center.x(), center.y() + 26 - index * 26)
        corners = [
            middle + QPointF(0, -height),
            middle + QPointF(half_width, 0),
            middle + QPointF(0, height),
            middle + QPointF(-half_width, 0),
        ]
        painter.setPen(QPen(accent, 1.5))
        painter.setBrush(_faded(accent, alpha // 2))
        painter.drawPolygon(corners)
        if index < 2:
            painter.setPen(QPen(_faded(accent, 150), 1))
            for first, second, third, fourth in ((0, 1, 3, 2), (1, 2, 0, 3)):
                painter.drawLine(
                    (corners[first] + corners[second]) / 2, (corners[third] + corners[fourth]) / 2
                )


def _faded(color: QColor, alpha: int) -> QColor:
    faded = QColor(color)
    faded.setAlpha(alpha)
    return faded
