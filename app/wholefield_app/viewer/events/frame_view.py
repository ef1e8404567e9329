"""The frame of a recording on the screen: zoom, pan, and what is under the mouse."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from wholefield.sources.rect import Rect
from wholefield_app.viewer.canvas import Canvas
from wholefield_app.viewer.events.frames import Frame
from wholefield_app.viewer.events.painter import paint_frame
from wholefield_app.viewer.events.region_hand import Points, RegionHand

REGION, DRAWING = QColor("#ffd166"), QColor("#ffffff")


@dataclass(frozen=True)
class PixelReadout:
    """What is known of a pixel of the sensor.

    Attributes:
        x: Its column.
        y: Its row.
        time_us: The moment of the frame.
        events: Events in it within the accumulation time.
        flow: The flow there (x, y) in px per s, or None.
    """

    x: int
    y: int
    time_us: int
    events: int
    flow: tuple[float, float] | None


class FrameView(Canvas):
    """Shows frames; which ones, and when, is decided by its owner.

    Signals:
        hovered: The PixelReadout under the mouse, or None.

    Attributes:
        region_hand: The tool that draws regions.
    """

    hovered = Signal(object)

    def __init__(self, canvas: str, parent: QWidget | None = None) -> None:
        """A view with this color around the frame."""
        super().__init__(parent)
        self.canvas = QColor(canvas)
        self._frame: Frame | None = None
        self._mouse: tuple[float, float] | None = None
        self._regions: tuple[Points, ...] = ()
        self.region_hand = RegionHand(self)
        self.region_hand.changed.connect(self._follow_hand)
        self.hand = self.region_hand
        self.cursor_moved.connect(self._hover)
        self.cursor_left.connect(self._forget_mouse)

    @property
    def frame(self) -> Frame | None:
        """The frame in sight."""
        return self._frame

    def show_frame(self, frame: Frame | None) -> None:
        """Show a frame, or none; the zoom stays as it is while frames keep their size."""
        size = frame.size if frame is not None else (0, 0)
        self._frame = frame
        if size != (self._image.width, self._image.height):
            self._set_image_size(*size)
        self.update()
        if self._mouse is not None:
            self._tell(*self._mouse)

    def show_regions(self, regions: tuple[Points, ...]) -> None:
        """Outline regions, each by its corners in px of the frame."""
        self._regions = regions
        self.update()

    @property
    def frame_rect(self) -> QRectF:
        """Where the whole frame lies, in logical px of the widget."""
        return QRectF(*self._view.box_to_screen(Rect(0, 0, self._image.width, self._image.height)))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the frame."""
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), self.canvas)
            if self._frame is not None:
                target = self.frame_rect
                paint_frame(painter, self._frame, target, target.intersected(QRectF(self.rect())))
                self._paint_regions(painter, target)

    def _paint_regions(self, painter: QPainter, target: QRectF) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        scale = target.width() / max(self._image.width, 1)
        for color, region in (
            *((REGION, region) for region in self._regions),
            (DRAWING, self.region_hand.outline),
        ):
            # A cosmetic dark line below keeps the outline visible on any scheme.
            for pen in (QPen(QColor(0, 0, 0, 160), 3.5), QPen(color, 1.5)):
                painter.setPen(pen)
                corners = [QPointF(target.x() + x * scale, target.y() + y * scale) for x, y in region]
                painter.drawPolygon(QPolygonF(corners))

    @Slot()
    def _follow_hand(self) -> None:
        self.show_hand()
        self.update()

    @Slot(float, float, object)
    def _hover(self, x: float, y: float, color: object) -> None:
        del color
        self._mouse = x, y
        self._tell(x, y)

    @Slot()
    def _forget_mouse(self) -> None:
        self._mouse = None
        self.hovered.emit(None)

    def _tell(self, x: float, y: float) -> None:
        self.hovered.emit(readout_at(self._frame, x, y) if self._frame is not None else None)


def readout_at(frame: Frame, x: float, y: float) -> PixelReadout | None:
    """What is known of the pixel at a place of a frame, in px of the sensor; None outside."""
    width, height = frame.sensor
    second = frame.size[0] - width
    if len(frame.panes) > 1 and x >= second:
        x -= second
    if not (0 <= x < width and 0 <= y < height):
        return None
    column, row = int(x), int(y)
    field = frame.request.field
    flow = (
        (float(field.flow[0, row, column]), float(field.flow[1, row, column])) if field is not None else None
    )
    return PixelReadout(column, row, frame.request.time_us, int(frame.total[row, column]), flow)
