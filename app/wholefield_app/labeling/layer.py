"""Labels over the slide: shapes in the colors of their classes, and what is being drawn."""

from __future__ import annotations

import shapely
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF, QTransform
from shapely.geometry.base import BaseGeometry

from wholefield.labels import Shape
from wholefield_app.labeling.hand import SlideHand
from wholefield_app.labeling.slide_labels import SlideLabels
from wholefield_app.labeling.tools import Tool
from wholefield_app.viewer.layer import Frame, Layer, LegendRow

FILL_ALPHA = 80
PENDING_ALPHA = 110
# A shape smaller than that on the screen is a dot.
SMALLEST = 2.0
UNLABELED = (150, 150, 150)
MOST_LEGEND_ROWS = 12


class LabelLayer(Layer):
    """Paints the shapes of a slide.

    Attributes:
        visible: Whether labels are shown at all.
        filled: Whether shapes are filled, or outlines only.
    """

    def __init__(self, labels: SlideLabels, hand: SlideHand) -> None:
        self._labels = labels
        self._hand = hand
        self.visible = True
        self.filled = True
        self._paths: dict[str, tuple[Shape, QPainterPath]] = {}

    def paint(self, painter: QPainter, frame: Frame) -> None:
        """Paint the shapes in sight, then what is being drawn."""
        if self.visible:
            self._paint_shapes(painter, frame)
        if self._hand.active:
            self._paint_pending(painter, frame)

    def legend(self, frame: Frame) -> list[LegendRow]:
        """The classes that occur."""
        del frame
        counts = self._labels.annotations.counts() if self.visible else {}
        shown = [each for each in self._labels.classes if each.visible and counts.get(each.value)]
        return [LegendRow(each.name, QColor(*each.color)) for each in shown[:MOST_LEGEND_ROWS]]

    def _paint_shapes(self, painter: QPainter, frame: Frame) -> None:
        labels, hidden = self._labels, self._labels.hidden
        painter.save()
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
            painter.strokePath(path, _pen(QColor(255, 255, 255), 4))
        painter.strokePath(path, _pen(color, 2))

    def _paint_pending(self, painter: QPainter, frame: Frame) -> None:
        labels, hand = self._labels, self._hand
        erasing = labels.tool is Tool.ERASER
        color = (
            QColor(255, 255, 255)
            if erasing or labels.current not in labels.classes
            else QColor(*labels.classes[labels.current].color)
        )
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setTransform(transform_of(frame), True)
        if labels.tool.round and hand.points:
            self._paint_way(painter, color)
        elif labels.tool in (Tool.POLYGON, Tool.FREEHAND) and hand.points:
            corners = [*hand.points, *([hand.cursor] if labels.tool is Tool.POLYGON and hand.cursor else [])]
            painter.strokePath(_line(corners), _pen(color, 2))
        elif (area := hand.pending()) is not None:
            painter.strokePath(path_of(area), _pen(color, 2))
        if labels.tool.round and hand.cursor is not None:
            self._paint_tip(painter, hand.cursor, color)
        painter.restore()

    def _paint_way(self, painter: QPainter, color: QColor) -> None:
        """The stroke as a thick line: its outline is found once it ends."""
        soft = QColor(color)
        soft.setAlpha(PENDING_ALPHA)
        pen = QPen(soft, 2 * self._hand.radius)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        points = self._hand.points
        painter.strokePath(_line(points if len(points) > 1 else [points[0], points[0]]), pen)

    def _paint_tip(self, painter: QPainter, at: tuple[float, float], color: QColor) -> None:
        radius = self._hand.radius
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for edge, width in ((QColor(0, 0, 0), 3), (color, 1.5)):
            painter.setPen(_pen(edge, width))
            painter.drawEllipse(QPointF(*at), radius, radius)

    def _path(self, shape: Shape) -> QPainterPath:
        made = self._paths.get(shape.id)
        return made[1] if made is not None and made[0] is shape else path_of(shape.geometry)


def transform_of(frame: Frame) -> QTransform:
    """From px of level 0 to logical px of the widget."""
    scale = frame.view.scale / frame.view.ratio
    return QTransform(
        scale, 0, 0, scale, -frame.view.left / frame.view.ratio, -frame.view.top / frame.view.ratio
    )


def path_of(geometry: BaseGeometry) -> QPainterPath:
    """The rings of an area; what lies in an even number of them is outside."""
    path = QPainterPath()
    for ring in shapely.get_rings(shapely.get_parts(geometry)):
        path.addPolygon(QPolygonF([QPointF(x, y) for x, y in shapely.get_coordinates(ring).tolist()]))
    return path


def _line(points: list[tuple[float, float]]) -> QPainterPath:
    path = QPainterPath(QPointF(*points[0]))
    for point in points[1:]:
        path.lineTo(QPointF(*point))
    return path


def _pen(color: QColor, width: float) -> QPen:
    pen = QPen(color, width)
    pen.setCosmetic(True)
    return pen
