"""What is being drawn, over everything else."""

from __future__ import annotations

import shapely
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF, QTransform
from shapely.geometry.base import BaseGeometry

from wholefield_app.labeling.drawn_labels import DrawnLabels
from wholefield_app.labeling.hand import DrawingHand
from wholefield_app.labeling.tools import Tool
from wholefield_app.viewer.layer import Frame, Layer, LegendRow

PENDING_ALPHA = 110
MOST_LEGEND_ROWS = 12
ERASING = (255, 255, 255)


class PendingLayer(Layer):
    """Paints the stroke or shape that a hand is drawing, and the tip of its tool."""

    def __init__(self, labels: DrawnLabels, hand: DrawingHand) -> None:
        self._labels = labels
        self._hand = hand

    def paint(self, painter: QPainter, frame: Frame) -> None:
        """Paint what is being drawn."""
        labels, hand = self._labels, self._hand
        if not hand.active:
            return
        erasing = hand.tool is Tool.ERASER or labels.current not in labels.classes
        color = QColor(*(ERASING if erasing else labels.classes[labels.current].color))
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setTransform(transform_of(frame), True)
        if hand.tool.round and hand.points:
            self._paint_way(painter, color)
        elif hand.tool in (Tool.POLYGON, Tool.FREEHAND) and hand.points:
            corners = [*hand.points, *([hand.cursor] if hand.tool is Tool.POLYGON and hand.cursor else [])]
            painter.strokePath(_line(corners), cosmetic_pen(color, 2))
        elif (area := hand.pending()) is not None:
            painter.strokePath(path_of(area), cosmetic_pen(color, 2))
        if hand.tool.round and hand.cursor is not None:
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
            painter.setPen(cosmetic_pen(edge, width))
            painter.drawEllipse(QPointF(*at), radius, radius)


def legend_of(labels: DrawnLabels) -> list[LegendRow]:
    """The classes that occur and are shown."""
    used = labels.used
    shown = [each for each in labels.classes if each.visible and each.value in used]
    return [LegendRow(each.name, QColor(*each.color)) for each in shown[:MOST_LEGEND_ROWS]]


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


def cosmetic_pen(color: QColor, width: float) -> QPen:
    """A pen whose width is in px of the screen at any zoom."""
    pen = QPen(color, width)
    pen.setCosmetic(True)
    return pen
