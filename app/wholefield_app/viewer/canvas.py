"""A widget whose view of an image is moved by mouse, wheel, touch and keys; what it shows is the subclass's."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QMouseEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from wholefield.sources.rect import Rect
from wholefield_app.viewer.geometry import View, fitted, limited, limited_scale
from wholefield_app.viewer.gestures import Gestures
from wholefield_app.viewer.tool_hand import Hand

STEP = 1.5
WHEEL_NOTCH = 120
# Two notches of the wheel double the scale.
DOUBLING = 2 * WHEEL_NOTCH
CLICK_SLACK = 4
KEY_PAN = 0.125

PAN_KEYS = {
    Qt.Key.Key_Left: (1, 0),
    Qt.Key.Key_Right: (-1, 0),
    Qt.Key.Key_Up: (0, 1),
    Qt.Key.Key_Down: (0, -1),
}


class Canvas(QWidget):
    """Holds the view and changes it as the user asks.

    Attributes:
        hand: Takes what the mouse and the keys do before the view does, while a tool is in hand; None for no tools.

    Signals:
        view_changed: Another part of the image is shown, or at another zoom.
        cursor_moved: The mouse is over this level-0 position; the third argument is `color_at` it.
        cursor_left: The mouse is no longer over the widget.
        clicked: The mouse was clicked, not dragged, at this level-0 position.
    """

    view_changed = Signal()
    cursor_moved = Signal(float, float, object)
    cursor_left = Signal()
    clicked = Signal(float, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image: Rect[float] = Rect(0, 0, 0, 0)
        self._view = View(1, 1)
        self._at_fit = True
        self._pressed: QPointF | None = None
        self._drag: tuple[QPointF, View] | None = None
        self.hand: Hand | None = None
        self._in_hand = False
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        gestures = Gestures(self)
        gestures.pinched.connect(self._zoom_by)
        gestures.density_changed.connect(self._adapt_to_size)

    @property
    def scale(self) -> float:
        """Screen (device) px per level-0 px; 1 is 100 %."""
        return self._view.scale

    def visible_rect(self) -> QRectF:
        """What is in sight, in level-0 px; empty without an image."""
        return QRectF(*self._view.visible.intersected(self._image))

    def fit(self) -> None:
        """Show the whole image, now and whenever the widget changes its size, until the user moves it."""
        self._at_fit = True
        if not self._image.empty:
            self._show(fitted(self._view, self._image.width, self._image.height))

    def zoom_in(self) -> None:
        """Magnify what is in the middle."""
        self._zoom_by(STEP)

    def zoom_out(self) -> None:
        """Show more around what is in the middle."""
        self._zoom_by(1 / STEP)

    def zoom_to(self, scale: float) -> None:
        """Show the middle at that many screen px per level-0 px; 1 is 100 %."""
        self._zoom_by(scale / self._view.scale)

    def center_on(self, x: float, y: float) -> None:
        """Bring a level-0 position to the middle."""
        if not self._image.empty:
            self._at_fit = False
            self._show(
                limited(self._view.centered(float(x), float(y)), self._image.width, self._image.height)
            )

    def color_at(self, x: float, y: float) -> tuple[int, int, int] | None:
        """The color shown at a level-0 position, if it is known."""
        del x, y
        return None

    def _set_image_size(self, width: float, height: float) -> None:
        """Show an image of this size from now on, whole; (0, 0) for none."""
        self._image = Rect(0, 0, width, height)
        self._end_drag()
        self.fit()

    def _show(self, view: View) -> None:
        if view != self._view:
            self._view = view
            self.update()
            self.view_changed.emit()

    def _middle(self) -> QPointF:
        return QPointF(self.width() / 2, self.height() / 2)

    @Slot(float, QPointF)
    def _zoom_by(self, factor: float, position: QPointF | None = None) -> None:
        """Zoom with what is under a position of the widget staying there; by default its middle."""
        if self._image.empty or factor <= 0:
            return
        self._at_fit = False
        position = position or self._middle()
        width, height = self._image.width, self._image.height
        scale = limited_scale(self._view, self._view.scale * float(factor), width, height)
        zoomed = self._view.zoomed(scale, position.x(), position.y())
        self._show(limited(zoomed, width, height))

    def _pan_by(self, dx: float, dy: float) -> None:
        """Move the picture by that many logical px."""
        if not self._image.empty:
            self._at_fit = False
            panned = self._view.panned(dx * self._view.ratio, dy * self._view.ratio)
            self._show(limited(panned, self._image.width, self._image.height))

    def _drag_to(self, position: QPointF) -> None:
        if self._pressed is None or self._image.empty:
            return
        if self._drag is None and (position - self._pressed).manhattanLength() < CLICK_SLACK:
            return
        # Steps are taken from where the drag began: rounding each one would let the image slip from the cursor.
        if self._drag is None:
            self._drag = self._pressed, self._view
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        elif self._drag[1].scale != self._view.scale:
            self._drag = position, self._view
        start, view = self._drag
        moved = (position - start) * view.ratio
        self._at_fit = False
        self._show(limited(view.panned(moved.x(), moved.y()), self._image.width, self._image.height))

    def _end_drag(self) -> None:
        self._pressed = self._drag = None
        self.show_hand()

    def show_hand(self) -> None:
        """Show by the cursor whether a tool is in hand."""
        if self.hand is not None and self.hand.active:
            self.setCursor(Qt.CursorShape.CrossCursor)
        else:
            self.unsetCursor()

    def _give(self, event: QMouseEvent) -> bool:
        """Let the tool in hand take a press of the left button."""
        if self.hand is None or self._image.empty or event.button() != Qt.MouseButton.LeftButton:
            return False
        x, y = self._view.to_image(event.position().x(), event.position().y())
        self._in_hand = self.hand.press(x, y, self._view.scale / self._view.ratio, event.modifiers())
        return self._in_hand

    @Slot()
    def _adapt_to_size(self) -> None:
        ratio = self.devicePixelRatioF()
        width, height = max(round(self.width() * ratio), 1), max(round(self.height() * ratio), 1)
        if self._image.empty:
            self._view = replace(self._view, width=width, height=height, ratio=ratio)
            return
        resized = self._view.resized(width, height, ratio)
        if self._at_fit:
            resized = fitted(resized, self._image.width, self._image.height)
        self._show(resized)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the middle in the middle, or the whole image in sight."""
        super().resizeEvent(event)
        self._adapt_to_size()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom about the cursor, where the tool in hand does not take the wheel."""
        notches = event.angleDelta().y() / WHEEL_NOTCH
        if self.hand is not None and self.hand.wheel(notches, event.modifiers()):
            event.accept()
            return
        self._zoom_by(2 ** (event.angleDelta().y() / DOUBLING), event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a click or a drag."""
        if self._give(event):
            return
        if event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            self._pressed = event.position()
            self._drag = None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag the image, and tell where the cursor is."""
        position = event.position()
        self._drag_to(position)
        if not self._image.empty:
            x, y = self._view.to_image(position.x(), position.y())
            if self.hand is not None:
                self.hand.move(x, y, self._view.scale / self._view.ratio, pressed=self._in_hand)
            self.cursor_moved.emit(x, y, self.color_at(x, y))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End a drag, or tell of a click."""
        if self._in_hand and self.hand is not None and event.button() == Qt.MouseButton.LeftButton:
            self._in_hand = False
            self.hand.release()
            return
        clicked = self._pressed is not None and self._drag is None
        self._end_drag()
        if clicked and event.button() == Qt.MouseButton.LeftButton and not self._image.empty:
            self.clicked.emit(*self._view.to_image(event.position().x(), event.position().y()))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Zoom in about the cursor; with Shift, zoom out. A tool in hand takes it as its end, or as a press."""
        if (self.hand is not None and self.hand.double_click()) or self._give(event):
            return
        if event.button() == Qt.MouseButton.LeftButton:
            out = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            self._zoom_by(0.5 if out else 2.0, event.position())

    def leaveEvent(self, event: QEvent) -> None:
        """Tell that the cursor is gone."""
        super().leaveEvent(event)
        if self.hand is not None:
            self.hand.leave()
        self.cursor_left.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows pan, + and - zoom, 0 and Home show the whole image, 1 shows it at 100 %."""
        key = event.key()
        if self.hand is not None and self.hand.key(Qt.Key(key), event.text()):
            return
        if (pan := PAN_KEYS.get(Qt.Key(key))) is not None:
            dx, dy = pan
            self._pan_by(dx * self.width() * KEY_PAN, dy * self.height() * KEY_PAN)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom_in()
        elif key == Qt.Key.Key_Minus:
            self.zoom_out()
        elif key in (Qt.Key.Key_0, Qt.Key.Key_Home):
            self.fit()
        elif key == Qt.Key.Key_1:
            self.zoom_to(1.0)
        else:
            super().keyPressEvent(event)
