"""The tool that draws a region of interest on the frames: a box by dragging, a polygon corner after corner."""

from __future__ import annotations

from enum import StrEnum

from PySide6.QtCore import QObject, Qt, Signal

CORNERS = 3
# Clicks nearer than this to the first corner, in logical px, end a polygon.
CLOSE = 8.0
Points = tuple[tuple[float, float], ...]


class RegionTool(StrEnum):
    """What is drawn."""

    BOX = "box"
    POLYGON = "polygon"


class RegionHand(QObject):
    """Implements `wholefield_app.viewer.tool_hand.Hand`.

    Attributes:
        tool: What is drawn; None while the mouse moves the picture.
        points: Corners of the region that is being drawn, in px of the frame.

    Signals:
        changed: The tool or the region that is being drawn is another one.
        drawn: The corners of a region that is complete: those of a box are its left top and right bottom.
    """

    changed = Signal()
    drawn = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.tool: RegionTool | None = None
        self.points: Points = ()
        self._mouse: tuple[float, float] | None = None

    @property
    def active(self) -> bool:
        """See `Hand.active`."""
        return self.tool is not None

    @property
    def outline(self) -> Points:
        """The corners of what is being drawn, with the place of the mouse as the last of a polygon."""
        if self.tool is RegionTool.BOX and len(self.points) == 2:
            (left, top), (right, bottom) = self.points
            return (left, top), (right, top), (right, bottom), (left, bottom)
        return (*self.points, self._mouse) if self.points and self._mouse is not None else self.points

    def take(self, tool: RegionTool | None) -> None:
        """Take a tool in hand, or none; what was begun is forgotten."""
        self.tool, self.points = tool, ()
        self.changed.emit()

    def press(self, x: float, y: float, scale: float, modifiers: Qt.KeyboardModifier) -> bool:
        """Begin a box, or add a corner of a polygon."""
        if self.tool is None:
            return False
        if self.tool is RegionTool.BOX:
            self.points = ((x, y), (x, y))
        elif len(self.points) >= CORNERS and _near(self.points[0], (x, y), scale):
            self._finish()
        else:
            self.points = (*self.points, (x, y))
        self.changed.emit()
        return True

    def move(self, x: float, y: float, scale: float, *, pressed: bool) -> None:
        """Drag the corner of a box, or let the last edge of a polygon follow the mouse."""
        self._mouse = x, y
        if self.tool is RegionTool.BOX and pressed and self.points:
            self.points = (self.points[0], (x, y))
        if self.points:
            self.changed.emit()

    def release(self) -> None:
        """End a box."""
        if self.tool is RegionTool.BOX and len(self.points) == 2:
            self._finish()

    def leave(self) -> None:
        """Forget where the mouse was."""
        self._mouse = None

    def double_click(self) -> bool:
        """End a polygon; the first click of the two has set its last corner."""
        if self.tool is not RegionTool.POLYGON or not self.points:
            return False
        self._finish()
        return True

    def wheel(self, notches: float, modifiers: Qt.KeyboardModifier) -> bool:
        """The wheel zooms."""
        return False

    def key(self, key: Qt.Key, text: str) -> bool:
        """Enter ends a polygon, Backspace takes a corner back, Escape puts the tool down."""
        if self.tool is None:
            return False
        if key == Qt.Key.Key_Escape:
            self.take(None)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._finish()
        elif key == Qt.Key.Key_Backspace:
            self.points = self.points[:-1]
            self.changed.emit()
        else:
            return False
        return True

    def _finish(self) -> None:
        points = self.points
        if self.tool is RegionTool.BOX and points:
            (x0, y0), (x1, y1) = points
            left, top, right, bottom = (
                round(value) for value in (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
            )
            points = ((left, top), (right, bottom)) if left < right and top < bottom else ()
        elif len(points) < CORNERS:
            points = ()
        self.take(None if points else self.tool)
        if points:
            self.drawn.emit(points)


def _near(a: tuple[float, float], b: tuple[float, float], scale: float) -> bool:
    return max(abs(a[0] - b[0]), abs(a[1] - b[1])) * scale <= CLOSE
