"""The whole image in a corner, with the part that is shown."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen

from wholefield_app.viewer.hud import MARGIN, paint_panel
from wholefield_app.viewer.layer import Frame, Layer

LONGEST_SIDE = 170.0
LARGEST_SHARE = 0.3
FRAME = 5.0
LEAST_MARK = 5.0
MARK = QColor(200, 30, 60)
CASING = QColor(255, 255, 255, 220)


class MinimapLayer(Layer):
    """Shows an overview in the upper right corner while not the whole image is in sight."""

    def __init__(self) -> None:
        self._overview = QImage()
        self._small = QImage()

    def set_overview(self, overview: QImage) -> None:
        """Show this picture of the whole image; nothing for a null image."""
        self._overview, self._small = overview, QImage()

    def paint(self, painter: QPainter, frame: Frame) -> None:
        """Paint the overview and an outline of what is in sight."""
        place = self.place(frame)
        if place is None:
            return
        painter.save()
        paint_panel(painter, place.adjusted(-FRAME, -FRAME, FRAME, FRAME), frame.palette)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(place, self._scaled(place, frame.view.ratio))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for color, width in ((CASING, 4.0), (MARK, 2.0)):
            pen = QPen(color, width)
            pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
            painter.setPen(pen)
            painter.drawRect(mark_in(place, frame))
        painter.restore()

    def place(self, frame: Frame) -> QRectF | None:
        """Where the overview is, in logical px, or None while there is none."""
        shown = frame.view.visible.intersected(frame.image)
        if self._overview.isNull() or shown == frame.image:
            return None
        longest = min(LONGEST_SIDE, LARGEST_SHARE * min(frame.area.width(), frame.area.height()))
        factor = longest / max(frame.image.width, frame.image.height)
        width, height = max(frame.image.width * factor, 8.0), max(frame.image.height * factor, 8.0)
        return QRectF(frame.area.right() - MARGIN - FRAME - width, MARGIN + FRAME, width, height)

    def image_position(self, frame: Frame, position: QPointF) -> tuple[float, float] | None:
        """The level-0 position under a position on the overview; None beside it."""
        place = self.place(frame)
        if place is None or not place.adjusted(-FRAME, -FRAME, FRAME, FRAME).contains(position):
            return None
        return (
            (position.x() - place.left()) / place.width() * frame.image.width,
            (position.y() - place.top()) / place.height() * frame.image.height,
        )

    def _scaled(self, place: QRectF, ratio: float) -> QImage:
        size = (place.size() * ratio).toSize()
        if self._small.size() != size:
            self._small = self._overview.scaled(
                size, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
            )
        return self._small


def mark_in(place: QRectF, frame: Frame) -> QRectF:
    """What is in sight as a rectangle on the overview, never too small to be seen."""
    shown = frame.view.visible.intersected(frame.image)
    scale_x, scale_y = place.width() / frame.image.width, place.height() / frame.image.height
    width, height = max(shown.width * scale_x, LEAST_MARK), max(shown.height * scale_y, LEAST_MARK)
    center_x, center_y = shown.x + shown.width / 2, shown.y + shown.height / 2
    return QRectF(
        place.left() + center_x * scale_x - width / 2,
        place.top() + center_y * scale_y - height / 2,
        width,
        height,
    )
