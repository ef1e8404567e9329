"""Marked rectangles with a label, such as receptive fields."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPainter

from wholefield.sources.rect import Rect
from wholefield_app.viewer.hud import contrast, line_height, paint_cased_rect, small_font, text_width
from wholefield_app.viewer.layer import Frame, Layer


@dataclass(frozen=True)
class MarkedBox:
    """A rectangle in level-0 px with its label and color."""

    box: Rect[float]
    label: str
    color: QColor


class BoxLayer(Layer):
    """Paints marked rectangles, the later ones on top."""

    def __init__(self) -> None:
        self.boxes: Sequence[MarkedBox] = ()

    def paint(self, painter: QPainter, frame: Frame) -> None:
        """Outlines and labels; a label stays in sight while its box is."""
        for marked in self.boxes:
            rect = frame.rect(marked.box)
            if rect.intersects(frame.area):
                # Far outlines would be lines of millions of px at a high zoom.
                near = rect.intersected(frame.area.adjusted(-20, -20, 20, 20))
                paint_cased_rect(painter, near, marked.color)
                self._paint_label(painter, frame, near, marked)

    def _paint_label(self, painter: QPainter, frame: Frame, rect: QRectF, marked: MarkedBox) -> None:
        if not marked.label:
            return
        painter.save()
        font = small_font(painter)
        painter.setFont(font)
        height = line_height(font) + 4
        x = max(rect.left(), 0.0)
        y = rect.top() - height if rect.top() - height >= 0 else max(rect.top(), 0.0)
        y = min(y, frame.area.bottom() - height)
        plate = QRectF(x, y, text_width(font, marked.label) + 10, height)
        painter.fillRect(plate, marked.color)
        painter.setPen(contrast(marked.color))
        painter.drawText(QPointF(x + 5, plate.bottom() - height * 0.28), marked.label)
        painter.restore()
