"""One plane of a stack, with a second stack beside it, over it or behind a swipe handle."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from PySide6.QtCore import QPointF, QRect, QRectF, QSizeF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPalette, QWheelEvent
from PySide6.QtWidgets import QWidget

from wholefield.sources.rect import Rect
from wholefield_app.viewer.canvas import Canvas
from wholefield_app.viewer.geometry import View
from wholefield_app.viewer.layer import Frame, Layer
from wholefield_app.viewer.legend import paint_legend
from wholefield_app.viewer.scalebar import ScaleBarLayer, zoom_text
from wholefield_app.viewer.stacks.plane_marks import paint_caption, paint_crosshair, paint_swipe
from wholefield_app.viewer.stacks.planes import PlaneShape

# Device px per voxel from which on its edges are drawn sharp.
SHARP_FROM = 2.0
WHEEL_NOTCH = 120
GRIP = 8


class Compare(StrEnum):
    """How the second stack is shown."""

    ALONE = "alone"
    BESIDE = "beside"
    OVER = "over"
    SWIPE = "swipe"


class PlaneView(Canvas):
    """Shows pictures of planes; what is read and when is decided by its owner.

    The wheel scrolls through the slices and, with Ctrl, zooms. A click chooses a voxel, dragging with the left button
    moves the picture, dragging with the right one changes window and level.

    Attributes:
        layers: What is painted over the picture, below the crosshair.

    Signals:
        scrolled: The wheel asks for that many slices further.
        picked: The voxel in this row and column was clicked.
        hovered: The mouse is over the voxel in this row and column.
        levels_dragged: The mouse was dragged with the right button by that many logical px right and down.
    """

    scrolled = Signal(int)
    picked = Signal(int, int)
    hovered = Signal(int, int)
    levels_dragged = Signal(float, float)

    def __init__(self, *, small: bool = False, parent: QWidget | None = None) -> None:
        """A view; a small one has no scale bar."""
        super().__init__(parent)
        self._small = small
        self._plane: PlaneShape | None = None
        self.layers: tuple[Layer, ...] = ()
        self._picture, self._over = QImage(), QImage()
        self._captions: tuple[str, str] = ("", "")
        self._cross: tuple[int, int] | None = None
        self._scale_bar = ScaleBarLayer(_percent)
        self._micrometers: float | None = None
        self._level_drag: QPointF | None = None
        self._swiping = False
        self._wheel = 0
        self.compare = Compare.ALONE
        self.opacity = 0.5
        self.swipe = 0.5
        self.canvas = QColor("black")
        self.clicked.connect(self._pick)
        self.cursor_moved.connect(self._hover)
        self.setMinimumSize(80, 80)

    @property
    def plane(self) -> PlaneShape | None:
        """The plane that is shown."""
        return self._plane

    def set_plane(self, plane: PlaneShape | None, micrometers: float | None) -> None:
        """Show planes of this shape from now on; the zoom stays where the shape does.

        Args:
            plane: The shape, or None for nothing.
            micrometers: Length of 1 on the picture, or None where it is not known.
        """
        self._micrometers = micrometers
        if plane == self._plane:
            return
        self._plane = plane
        self._picture = self._over = QImage()
        self._set_image_size(*((plane.width, plane.height) if plane is not None else (0, 0)))
        self.update()

    def show_images(self, picture: QImage, over: QImage | None, captions: tuple[str, str]) -> None:
        """Show a picture of the plane, and that of a second stack or None; the captions name both."""
        self._picture = picture
        self._over = over or QImage()
        self._captions = captions
        self.update()

    def set_crosshair(self, cross: tuple[int, int] | None) -> None:
        """Mark the voxel in this row and column, or none."""
        if cross != self._cross:
            self._cross = cross
            self.update()

    def set_compare(self, compare: Compare, opacity: float) -> None:
        """Show the second stack in another way."""
        self.compare, self.opacity = compare, opacity
        self.update()

    def set_swipe(self, fraction: float) -> None:
        """Put the swipe handle at this fraction of the width of the picture."""
        self.swipe = min(max(fraction, 0.0), 1.0)
        self.update()

    def follow(self, other: PlaneView) -> None:
        """Show the same part at the same zoom as another view."""
        view = other.current_view
        self._at_fit = other._at_fit
        self._show(replace(view, width=self._view.width, height=self._view.height))

    @property
    def current_view(self) -> View:
        """Which part is shown at which zoom."""
        return self._view

    @property
    def swipe_x(self) -> float:
        """Where the swipe handle stands, in logical px of the widget."""
        return self._view.to_screen(self.swipe * self._image.width, 0)[0]

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the plane and what marks it."""
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), self.canvas)
            if self._plane is None or self._picture.isNull():
                return
            frame = Frame(self._view, self._image, self._micrometers, self.palette())
            target = frame.rect(Rect(0, 0, self._plane.width, self._plane.height))
            self._paint_pictures(painter, target)
            for layer in self.layers:
                layer.paint(painter, frame)
            accent = self.palette().color(QPalette.ColorRole.Link)
            if self._cross is not None:
                x, y = self._view.to_screen(*self._plane.middle_of(*self._cross))
                paint_crosshair(painter, QPointF(x, y), frame.area, accent)
            if self._compares(Compare.SWIPE):
                paint_swipe(painter, self.swipe_x, frame.area, accent, grip=not self._small)
                paint_caption(painter, frame.area, self._captions[1], self.palette(), right=True)
            paint_caption(painter, frame.area, self._captions[0], self.palette())
            if not self._small:
                scale_bar = self._scale_bar.paint_panel(painter, frame)
                rows = [row for layer in self.layers for row in layer.legend(frame)]
                paint_legend(painter, frame, rows, scale_bar)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll through the slices; with Ctrl, zoom about the cursor."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            super().wheelEvent(event)
            return
        self._wheel += event.angleDelta().y()
        steps = int(self._wheel / WHEEL_NOTCH)
        self._wheel -= steps * WHEEL_NOTCH
        if steps:
            self.scrolled.emit(-steps)
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the swipe handle, begin to change the levels, or what every canvas does."""
        if event.button() == Qt.MouseButton.RightButton:
            self._level_drag = event.position()
        elif event.button() == Qt.MouseButton.LeftButton and self._on_handle(event.position()):
            self._swiping = True
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move the swipe handle or the levels, or what every canvas does."""
        position = event.position()
        if self._swiping:
            self.set_swipe(self._view.to_image(position.x(), 0)[0] / self._image.width)
        elif self._level_drag is not None:
            moved, self._level_drag = position - self._level_drag, position
            self.levels_dragged.emit(moved.x(), moved.y())
        else:
            super().mouseMoveEvent(event)
            if self._pressed is None:
                if self._on_handle(position):
                    self.setCursor(Qt.CursorShape.SplitHCursor)
                else:
                    self.show_hand()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End the drag."""
        if event.button() == Qt.MouseButton.RightButton:
            self._level_drag = None
        elif self._swiping:
            self._swiping = False
        else:
            super().mouseReleaseEvent(event)

    def _compares(self, compare: Compare) -> bool:
        return self.compare is compare and not self._over.isNull()

    def _on_handle(self, position: QPointF) -> bool:
        return self._compares(Compare.SWIPE) and abs(position.x() - self.swipe_x) <= GRIP

    def _paint_pictures(self, painter: QPainter, target: QRectF) -> None:
        painter.save()
        # A plane of a single row may be thinner than a pixel.
        target.setSize(target.size().expandedTo(QSizeF(1, 1)))
        smooth = self._view.scale < SHARP_FROM
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        paint_part(painter, target, self._picture, QRectF(self.rect()))
        if self._compares(Compare.OVER):
            painter.setOpacity(self.opacity)
            paint_part(painter, target, self._over, QRectF(self.rect()))
        elif self._compares(Compare.SWIPE):
            painter.setClipRect(QRectF(self.swipe_x, 0, self.width(), self.height()))
            if self._over.hasAlphaChannel():
                painter.setOpacity(self.opacity)
            paint_part(painter, target, self._over, QRectF(self.rect()))
        painter.restore()

    def _pick(self, x: float, y: float) -> None:
        voxel = self._plane.voxel(x, y) if self._plane is not None else None
        if voxel is not None:
            self.picked.emit(*voxel)

    def _hover(self, x: float, y: float, color: object) -> None:
        del color
        voxel = self._plane.voxel(x, y) if self._plane is not None else None
        if voxel is None:
            self.cursor_left.emit()
        else:
            self.hovered.emit(*voxel)


def _percent(scale: float, spacing: float | None) -> str:
    """The zoom of a plane: magnifications and um per px, as of a microscope, say nothing of a scan."""
    del spacing
    return zoom_text(scale, None)


def paint_part(painter: QPainter, target: QRectF, image: QImage, area: QRectF) -> None:
    """Draw what of an image lies in an area: drawing all of a large one at a high zoom is slow."""
    across, down = image.width() / target.width(), image.height() / target.height()
    seen = target.intersected(area)
    part = QRectF(
        (seen.x() - target.x()) * across, (seen.y() - target.y()) * down,
        seen.width() * across, seen.height() * down,
    )  # fmt: skip
    whole = QRect(part.toAlignedRect()).intersected(image.rect())
    place = QRectF(
        target.x() + whole.x() / across, target.y() + whole.y() / down,
        whole.width() / across, whole.height() / down,
    )  # fmt: skip
    painter.drawImage(place, image, QRectF(whole))
