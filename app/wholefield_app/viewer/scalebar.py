"""The scale bar with the zoom read-out."""

from __future__ import annotations

import math
from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPalette, QPen

from wholefield_app.viewer.hud import MARGIN, PADDING, line_height, paint_panel, small_font, text_width
from wholefield_app.viewer.layer import Frame, Layer

LONGEST = 160.0
# Objectives are named by the spacing they give: 10 um per px is 1x, 0.25 um is 40x.
UM_AT_1X = 10.0


def round_length(longest: float) -> float:
    """The largest of 1, 2, 5 times a power of ten that is not above `longest`."""
    power = 10.0 ** math.floor(math.log10(longest))
    # A length that is a hair under a round one by rounding error alone still counts as that one.
    factor = max(step for step in (1.0, 2.0, 5.0, 10.0) if step * power <= longest * (1 + 1e-9))
    return factor * power


def length_text(length: float, spacing: float | None) -> str:
    """A length in words: in nm, µm or mm for a length in um, in px where there is no spacing."""
    if spacing is None:
        return f"{plain_number(length, 1)} px"
    for unit, size in (("cm", 1e4), ("mm", 1e3), ("µm", 1.0)):
        if length >= size * (1 - 1e-9):
            return f"{plain_number(length / size, 1)} {unit}"
    return f"{plain_number(length * 1e3, 1)} nm"


def zoom_text(scale: float, spacing: float | None) -> str:
    """The zoom in words.

    Args:
        scale: Device px per level-0 px.
        spacing: Micrometers per level-0 px, or None.
    """
    percent = f"{plain_number(100 * scale, 3)} %"
    if spacing is None:
        return percent
    on_screen = spacing / scale
    return f"{percent}  ·  {plain_number(on_screen, 3)} µm/px  ·  {plain_number(UM_AT_1X / on_screen, 2)}×"


def plain_number(value: float, digits: int) -> str:
    """A positive number with that many significant digits at least, and never an exponent."""
    places = max(digits - 1 - math.floor(math.log10(value)), 0)
    text = f"{value:,.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


class ScaleBarLayer(Layer):
    """A bar of a round length, and the zoom in words."""

    def __init__(self, describe_zoom: Callable[[float, float | None], str] = zoom_text) -> None:
        """Take what puts the zoom and the spacing in words."""
        self._describe_zoom = describe_zoom

    def paint(self, painter: QPainter, frame: Frame) -> None:
        """Paint a panel in the lower left corner."""
        self.paint_panel(painter, frame)

    def paint_panel(self, painter: QPainter, frame: Frame) -> QRectF:
        """Paint the panel, and tell where it stands."""
        scale = frame.view.scale / frame.view.ratio
        unit = frame.spacing or 1.0
        length = round_length(LONGEST * unit / scale)
        bar = length / unit * scale
        texts = length_text(length, frame.spacing), self._describe_zoom(frame.view.scale, frame.spacing)
        painter.save()
        font = small_font(painter)
        painter.setFont(font)
        line = line_height(font)
        width = max(bar, *(text_width(font, text) for text in texts)) + 2 * PADDING
        height = 2 * line + 16 + PADDING
        panel = QRectF(MARGIN, frame.area.bottom() - MARGIN - height, width, height)
        paint_panel(painter, panel, frame.palette)
        left, top = panel.left() + PADDING, panel.top() + PADDING / 2
        painter.setPen(frame.palette.color(QPalette.ColorRole.WindowText))
        painter.drawText(QPointF(left, top + line * 0.8), texts[0])
        _paint_bar(painter, left, top + line + 5, bar, frame.palette)
        painter.drawText(QPointF(left, top + 2 * line + 10), texts[1])
        painter.restore()
        return panel


def _paint_bar(painter: QPainter, x: float, y: float, length: float, palette: QPalette) -> None:
    painter.save()
    painter.setPen(QPen(palette.color(QPalette.ColorRole.WindowText), 2, Qt.PenStyle.SolidLine))
    y = round(y)
    painter.drawLine(QPointF(x, y), QPointF(x + length, y))
    for end in (x, x + length):
        painter.drawLine(QPointF(end, y - 4), QPointF(end, y + 4))
    painter.restore()
