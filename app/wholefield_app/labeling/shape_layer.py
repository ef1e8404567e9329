"""Labels over the slide: shapes in the colors of their classes, and what is being drawn."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPainter, QPainterPath

from wholefield.labels import Shape
from wholefield_app.labeling.pending_layer import PendingLayer, cosmetic_pen, legend_of, path_of, transform_of
from wholefield_app.labeling.slide_hand import SlideHand
from wholefield_app.labeling.slide_labels import SlideLabels
from wholefield_app.viewer.layer import Frame, Layer, LegendRow

FILL_ALPHA = 80
# A shape smaller than that on the screen is a dot.
SMALLEST = 2.0
UNLABELED = (150, 150, 150)


class ShapeLayer(Layer):
    """Paints the shapes of a slide."""

    title = "Labels"

    def __init__(self, labels: SlideLabels, hand: SlideHand) -> None:
        self._labels = labels
        self._hand = hand
        self._pending = PendingLayer(labels, hand)
        self.opacity: float = 1.0
        self.filled: bool = True
        self._paths: dict[str, tuple[Shape, QPainterPath]] = {}

    def paint(self, painter: QPainter, frame: Frame) -> None:
        """Paint the shapes in sight, then what is being drawn."""
        if self.visible:
            self._paint_shapes(painter, frame)
        self._pending.paint(painter, frame)

    def legend(self, frame: Frame) -> list[LegendRow]:
        """The classes that occur."""
        del frame
        return legend_of(self._labels) if self.visible else []

    def _paint_shapes(self, painter: QPainter, frame: Frame) -> None:
        labels, hidden = self._labels, self._labels.hidden
        painter.save()
        painter.setOpacity(self.opacity)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setTransform(transform_of(frame), True)
        seen: dict[str, tuple[Shape, QPainterPath]] = {}
        for number, shape in labels.annotations.within(frame.view.visible):
            if shape.value in hidden:
                continue
            color = QColor(
                *(labels.classes[shape.value].color if shape.value in labels.classes else UNLABELED)
            )
            chosen = number == labels.selected
            left, top, right, bottom = shape.geometry.bounds
            if max(right - left, bottom - top) * frame.view.scale < SMALLEST and not chosen:
                painter.fillRect(QRectF(left, top, right - left, bottom - top), color)
                continue
            path = self._path(shape)
            seen[shape.id] = shape, path
            if chosen and self._hand.shift is not None:
                path = path.translated(QPointF(*self._hand.shift))
            self._paint_path(painter, path, color, chosen)
        # Paths of shapes that are out of sight are made again when they are back.
        self._paths = seen
        painter.restore()

    def _paint_path(self, painter: QPainter, path: QPainterPath, color: QColor, chosen: bool) -> None:
        if self.filled:
            fill = QColor(color)
            fill.setAlpha(FILL_ALPHA)
            painter.fillPath(path, fill)
        if chosen:
            painter.strokePath(path, cosmetic_pen(QColor(255, 255, 255), 4))
        painter.strokePath(path, cosmetic_pen(color, 2))

    def _path(self, shape: Shape) -> QPainterPath:
        made = self._paths.get(shape.id)
        return made[1] if made is not None and made[0] is shape else path_of(shape.geometry)
