"""What is written over a frame: captions, the time, the color wheel of the flow."""

from __future__ import annotations

from functools import cache

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPen

from wholefield.flow.viz.colors import color_wheel
from wholefield_app.viewer.events.frames import FrameRequest
from wholefield_app.viewer.events.timeline import span_text, time_text

WHEEL = 5.0
WHEEL_PX = 160
PLATE_ALPHA = 190
ROUND_DIGITS = 2


def paint_caption(painter: QPainter, area: QRectF, text: str, dark: bool) -> None:
    """A line in the upper left corner of a pane."""
    margin = _margin(painter.font())
    _paint_plate(painter, area.topLeft() + QPointF(margin, margin), text, dark)


def paint_time(painter: QPainter, area: QRectF, request: FrameRequest, dark: bool) -> None:
    """The moment and the accumulation time in the lower left corner."""
    moment = time_text(request.time_us, request.recording.duration_us)
    text = f"{moment}   ({span_text(request.style.accumulation_us)})"
    margin, height = _margin(painter.font()), _plate_height(painter.font())
    _paint_plate(painter, area.bottomLeft() + QPointF(margin, -margin - height), text, dark)


def paint_legend(painter: QPainter, area: QRectF, top: float, dark: bool) -> None:
    """The color wheel in the lower right corner, and below it the speed at its rim."""
    font = painter.font()
    text = f"{speed_text(top)}"
    line, margin = QFontMetricsF(font).height(), _margin(font)
    side = WHEEL * line
    width = max(side, QFontMetricsF(font).horizontalAdvance(text)) + margin
    height = side + line + 1.5 * margin
    if width > area.width() / 2 or height > area.height() / 2:
        return
    plate = QRectF(area.right() - margin - width, area.bottom() - margin - height, width, height)
    _fill_plate(painter, plate, dark)
    wheel = QRectF(plate.center().x() - side / 2, plate.top() + margin / 2, side, side)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(wheel, wheel_image())
    painter.setPen(_ink(dark))
    below = QRectF(plate.left(), wheel.bottom(), width, line + margin)
    painter.drawText(below, Qt.AlignmentFlag.AlignCenter, text)


def speed_text(speed: float) -> str:
    """A speed in px per s with a few digits."""
    return f"{float(f'{speed:.{ROUND_DIGITS}g}'):,.{0 if speed >= 10 else 2}f} px/s"


@cache
def wheel_image() -> QImage:
    """The colors of all directions, the more opaque the faster."""
    colors = color_wheel(WHEEL_PX)
    # Colors on black are colors with premultiplied alpha, their largest channel being the alpha.
    pixels = np.dstack([colors[..., ::-1], colors.max(axis=2)])
    kind = QImage.Format.Format_ARGB32_Premultiplied
    return QImage(np.ascontiguousarray(pixels).data, WHEEL_PX, WHEEL_PX, 4 * WHEEL_PX, kind).copy()


def _ink(dark: bool) -> QColor:
    return QColor("#f4f6fa" if dark else "#14181f")


def _margin(font: QFont) -> float:
    return round(0.6 * QFontMetricsF(font).height())


def _plate_height(font: QFont) -> float:
    return round(1.5 * QFontMetricsF(font).height())


def _paint_plate(painter: QPainter, corner: QPointF, text: str, dark: bool) -> None:
    font = painter.font()
    width = QFontMetricsF(font).horizontalAdvance(text) + 2 * _margin(font)
    plate = QRectF(corner.x(), corner.y(), width, _plate_height(font))
    _fill_plate(painter, plate, dark)
    painter.setPen(_ink(dark))
    painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, text)


def _fill_plate(painter: QPainter, plate: QRectF, dark: bool) -> None:
    fill = QColor("#14181f" if dark else "#ffffff")
    fill.setAlpha(PLATE_ALPHA)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(Qt.PenStyle.NoPen))
    painter.setBrush(fill)
    painter.drawRoundedRect(plate, 5, 5)
    painter.restore()
