"""The tools of labeling: what each is called, its key, and its icon."""

from __future__ import annotations

from enum import StrEnum


class Tool(StrEnum):
    """What the left mouse button does in the view; the value names its icon."""

    MOVE = "tool-move"
    SELECT = "tool-select"
    BRUSH = "tool-brush"
    ERASER = "tool-eraser"
    POLYGON = "tool-polygon"
    FREEHAND = "tool-freehand"
    RECTANGLE = "tool-rectangle"
    ELLIPSE = "tool-ellipse"
    WAND = "tool-wand"
    FILL = "tool-fill"

    @property
    def label(self) -> str:
        """What it is called."""
        return self.value.removeprefix("tool-").capitalize()

    @property
    def key(self) -> str:
        """The key that chooses it, as in QuPath where that has the tool."""
        return KEYS[self]

    @property
    def about(self) -> str:
        """What it does, in a sentence."""
        return ABOUT[self]

    @property
    def round(self) -> bool:
        """Whether it draws with a round tip."""
        return self in (Tool.BRUSH, Tool.ERASER)

    @property
    def boxed(self) -> bool:
        """Whether a drag spans its shape."""
        return self in (Tool.RECTANGLE, Tool.ELLIPSE)

    @property
    def at_once(self) -> bool:
        """Whether a click is all that it needs."""
        return self in (Tool.WAND, Tool.FILL)


KEYS = {
    Tool.MOVE: "M",
    Tool.SELECT: "S",
    Tool.BRUSH: "B",
    Tool.ERASER: "E",
    Tool.POLYGON: "P",
    Tool.FREEHAND: "F",
    Tool.RECTANGLE: "R",
    Tool.ELLIPSE: "O",
    Tool.WAND: "W",
    Tool.FILL: "I",
}
SLIDE_TOOLS = tuple(tool for tool in Tool if tool is not Tool.FILL)
# Voxels are no shapes that could be selected.
STACK_TOOLS = tuple(tool for tool in Tool if tool is not Tool.SELECT)

ABOUT = {
    Tool.MOVE: "Drag the image.",
    Tool.SELECT: "Click a shape to select it; drag it to move it; Delete removes it; a digit gives it another class.",
    Tool.BRUSH: "Paint the chosen class; Ctrl and the wheel change the size of the brush.",
    Tool.ERASER: "Erase labels; Ctrl and the wheel change the size of the eraser.",
    Tool.POLYGON: "Click corner after corner; a double click or Enter ends the shape, Backspace takes a corner back.",
    Tool.FREEHAND: "Draw around an area with the button held down.",
    Tool.RECTANGLE: "Drag from corner to corner; with Shift a square.",
    Tool.ELLIPSE: "Drag from corner to corner; with Shift a circle.",
    Tool.WAND: "Click an area of one color to label it at the resolution of the view.",
    Tool.FILL: "Click an area that labels enclose to give all of it to the chosen class.",
}
