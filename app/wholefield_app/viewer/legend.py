"""The legend in the lower right corner: what the colors over the picture mean."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QLinearGradient, QPainter, QPalette, QPen

from wholefield_app.viewer.hud import MARGIN, PADDING, line_height, paint_panel, small_font, text_width
from wholefield_app.viewer.layer import Frame, LegendRow

SWATCH = 12.0
GAP = 8.0
RAMP_WIDTH, RAMP_HEIGHT = 150.0, 10.0


def paint_legend(
    painter: QPainter, frame: Frame, rows: Sequence[LegendRow], beside: QRectF | None = None
) -> None:
    """Paint the rows one under the other; nothing if there are none.

    Args:
        painter: Paints the view.
        frame: What the view shows.
        rows: What to explain.
        beside: Another panel at the lower edge; where there is no room beside it, the legend stands above it.
    """
    rows = distinct(rows)
    if not rows:
        return
    painter.save()
    font = small_font(painter)
    painter.setFont(font)
    heights = [_row_height(font, row) for row in rows]
    width = max(_row_width(font, row) for row in rows) + 2 * PADDING
    height = sum(heights) + PADDING
    panel = QRectF(frame.area.right() - MARGIN - width, frame.area.bottom() - MARGIN - height, width, height)
    if beside is not None and panel.left() < beside.right() + GAP:
        panel.moveBottom(beside.top() - GAP)
    paint_panel(painter, panel, frame.palette)
    y = panel.top() + PADDING / 2
    for row, row_height in zip(rows, heights, strict=True):
        _paint_row(painter, frame, row, QRectF(panel.left() + PADDING, y, width - 2 * PADDING, row_height))
        y += row_height
    painter.restore()


def distinct(rows: Sequence[LegendRow]) -> list[LegendRow]:
    """Each row once: labels and a prediction often have the same classes in the same colors."""
    kept: dict[object, LegendRow] = {}
    for row in rows:
        colors = tuple(color.rgb() for color in (row.color, *row.ramp) if color is not None)
        kept.setdefault((row.text, colors, row.outlined), row)
    return list(kept.values())


def _row_width(font: QFont, row: LegendRow) -> float:
    text = text_width(font, row.text) + (SWATCH + GAP if row.color else 0.0)
    return max(text, RAMP_WIDTH) if row.ramp else text


def _row_height(font: QFont, row: LegendRow) -> float:
    line = line_height(font) + 4
    return 2 * line + RAMP_HEIGHT if row.ramp else line


def _paint_row(painter: QPainter, frame: Frame, row: LegendRow, place: QRectF) -> None:
    line = line_height(painter.font()) + 4
    text_left = place.left()
    if row.color:
        swatch = QRectF(place.left(), place.top() + (line - SWATCH) / 2, SWATCH, SWATCH)
        _paint_swatch(painter, frame, row, swatch)
        text_left += SWATCH + GAP
    painter.setPen(frame.palette.color(QPalette.ColorRole.WindowText))
    painter.drawText(QPointF(text_left, place.top() + line * 0.72), row.text)
    if row.ramp:
        _paint_ramp(painter, row.ramp, QRectF(place.left(), place.top() + line, place.width(), RAMP_HEIGHT))
        below = QRectF(place.left(), place.top() + line + RAMP_HEIGHT, place.width(), line)
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, "0")
        painter.drawText(below, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter, "0.5")
        painter.drawText(below, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, "1")


def _paint_swatch(painter: QPainter, frame: Frame, row: LegendRow, place: QRectF) -> None:
    if not row.outlined and row.color is not None:
        painter.fillRect(place, row.color)
        return
    # An outline is explained by its shape; in the color of the text it is seen on every theme.
    painter.setPen(QPen(frame.palette.color(QPalette.ColorRole.WindowText), 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    half = SWATCH / 2
    for dx in (0.0, half):
        for dy in (0.0, half):
            painter.drawRect(QRectF(place.left() + dx, place.top() + dy, half, half))


def _paint_ramp(painter: QPainter, ramp: Sequence[QColor], place: QRectF) -> None:
    gradient = QLinearGradient(place.topLeft(), place.topRight())
    for index, color in enumerate(ramp):
        gradient.setColorAt(index / (len(ramp) - 1), color)
    painter.fillRect(place, gradient)
