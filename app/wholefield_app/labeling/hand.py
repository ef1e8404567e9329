"""What the mouse and the keys draw, tool by tool, whatever becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Qt, Signal
from shapely.geometry.base import BaseGeometry

from wholefield.labels import ellipse, freehand, rectangle, stroke
from wholefield_app.labeling.drawn_labels import DrawnLabels
from wholefield_app.labeling.tools import Tool

Point = tuple[float, float]

WHEEL_FACTOR = 1.15
# Points of a drag closer than that many px of the screen are one.
STEP = 1.0


class DrawingHand(QObject):
    """Turns presses, drags and keys over an image into areas; a subclass says what becomes of them.

    Positions are in px of the image. Where a method returns whether it took the event, the view does what it does
    without tools otherwise.

    Attributes:
        points: The way of the drag that is going on, or the corners of the polygon that is being drawn.
        cursor: Where the mouse is; None while it is outside.

    Signals:
        changed: What is being drawn has changed.
    """

    changed = Signal()

    def __init__(self, labels: DrawnLabels, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._drawn = labels
        self.points: list[Point] = []
        self.cursor: Point | None = None
        self._square = False
        self._scale = 1.0

    # What a subclass does.

    def draw(self, area: BaseGeometry) -> None:
        """An area has been drawn with the tool in hand."""
        raise NotImplementedError

    def click(self, x: float, y: float) -> None:
        """A tool that needs no more than a click was used at a position."""
        raise NotImplementedError

    # What is the same.

    @property
    def tool(self) -> Tool:
        """The tool in hand."""
        return self._drawn.tool

    @property
    def active(self) -> bool:
        """Whether a tool is in hand that takes the left button."""
        return self._drawn.ready and self.tool is not Tool.MOVE

    @property
    def radius(self) -> float:
        """Radius of brush and eraser in px of the image."""
        return self._drawn.radius / self._scale

    def press(self, x: float, y: float, scale: float, modifiers: Qt.KeyboardModifier) -> bool:
        """The left button went down, at that many screen px per px of the image."""
        if not self.active:
            return False
        self._scale, self._square = scale, bool(modifiers & Qt.KeyboardModifier.ShiftModifier)
        if self.tool.at_once:
            self.click(x, y)
        elif self.tool is Tool.POLYGON:
            self.points.append((x, y))
        else:
            self.points = [(x, y)]
        self.changed.emit()
        return True

    def move(self, x: float, y: float, scale: float, *, pressed: bool) -> None:
        """The mouse moved."""
        self.cursor, self._scale = (x, y), scale
        if not self.active:
            return
        if pressed and self.points and self.tool is not Tool.POLYGON:
            self.drag(x, y)
        self.changed.emit()

    def drag(self, x: float, y: float) -> None:
        """The mouse moved with the button held down."""
        if self.tool.boxed:
            self.points = [self.points[0], self._corner(x, y)]
        elif abs(x - self.points[-1][0]) + abs(y - self.points[-1][1]) >= STEP / self._scale:
            self.points.append((x, y))

    def release(self) -> None:
        """The left button went up: what was drawn becomes a label."""
        if self.active and not (self.tool.at_once or self.tool is Tool.POLYGON):
            self.finish()

    def leave(self) -> None:
        """The mouse left the view."""
        self.cursor = None
        self.changed.emit()

    def double_click(self) -> bool:
        """A polygon ends with a double click; its first click has set the last corner."""
        ends = self.active and self.tool is Tool.POLYGON
        if ends:
            self.finish()
        return ends

    def wheel(self, notches: float, modifiers: Qt.KeyboardModifier) -> bool:
        """With Ctrl the wheel changes the size of a round tool."""
        if not (self.active and self.tool.round and modifiers & Qt.KeyboardModifier.ControlModifier):
            return False
        self._drawn.set_radius(self._drawn.radius * WHEEL_FACTOR**notches)
        self.changed.emit()
        return True

    def key(self, key: Qt.Key, text: str) -> bool:
        """A key went down."""
        if not self.active:
            return False
        if text.isdigit() and text != "0":
            return self._drawn.choose_by_key(text)
        act = self.keys().get(key)
        if act is not None:
            act()
            self.changed.emit()
        return act is not None

    def finish(self) -> None:
        """End what is being drawn."""
        area = self.pending()
        if area is not None:
            self.draw(area)
        self.drop()

    def drop(self) -> None:
        """Forget what is being drawn."""
        self.points = []
        self.changed.emit()

    def pending(self) -> BaseGeometry | None:
        """What the drag or the polygon covers; None where that has no area."""
        tool, points = self.tool, self.points
        if not points:
            return None
        if tool.round:
            return stroke(points, self.radius)
        if tool in (Tool.POLYGON, Tool.FREEHAND):
            area = freehand(points)
            return None if area.is_empty else area
        if not tool.boxed or len(points) < 2:
            return None
        (x0, y0), (x1, y1) = points
        box = (min(x0, x1), min(y0, y1), abs(x1 - x0), abs(y1 - y0))
        if not (box[2] and box[3]):
            return None
        return rectangle(*box) if tool is Tool.RECTANGLE else ellipse(*box)

    def keys(self) -> dict[Qt.Key, Callable[[], None]]:
        """What keys do now."""
        keys: dict[Qt.Key, Callable[[], None]] = {
            Qt.Key.Key_BracketLeft: partial(self._drawn.set_radius, self._drawn.radius / WHEEL_FACTOR),
            Qt.Key.Key_BracketRight: partial(self._drawn.set_radius, self._drawn.radius * WHEEL_FACTOR),
            Qt.Key.Key_Escape: self.drop,
        }
        if self.tool is Tool.POLYGON and self.points:
            keys |= {
                Qt.Key.Key_Return: self.finish,
                Qt.Key.Key_Enter: self.finish,
                Qt.Key.Key_Backspace: self._take_back,
            }
        return keys

    def _take_back(self) -> None:
        self.points = self.points[:-1]

    def _corner(self, x: float, y: float) -> Point:
        """The corner that is dragged; with Shift as far from the first one down as across."""
        x0, y0 = self.points[0]
        if not self._square:
            return x, y
        side = max(abs(x - x0), abs(y - y0))
        return x0 + (side if x >= x0 else -side), y0 + (side if y >= y0 else -side)
