"""What the mouse and the keys do to the labels of a slide, tool by tool."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from PySide6.QtCore import QObject, Qt, Signal
from shapely.geometry.base import BaseGeometry

from wholefield.export.geojson import outlines
from wholefield.labels import ellipse, freehand, rectangle, stroke
from wholefield.labels.annotations import Number
from wholefield.labels.fills import wand
from wholefield.labels.shapes import areas_of
from wholefield_app.labeling.slide_labels import SlideLabels
from wholefield_app.labeling.tools import Tool
from wholefield_app.services import Services

if TYPE_CHECKING:
    from wholefield.sources import ImageSource

Point = tuple[float, float]

# The wand looks at that many px of the screen around the click.
WAND_SIDE = 768
WAND_SMOOTHING = 1.0
WHEEL_FACTOR = 1.15
# Points of a drag closer than that many px of the screen are one.
STEP = 1.0


class SlideHand(QObject):
    """Turns presses, drags and keys over the slide into edits of its labels.

    Positions are in px of level 0. Where a method returns whether it took the event, the view does what it does
    without tools otherwise.

    Attributes:
        points: The way of the drag that is going on, or the corners of the polygon that is being drawn.
        cursor: Where the mouse is; None while it is outside.
        shift: How far the selected shape is being dragged.

    Signals:
        changed: What is being drawn has changed.
    """

    changed = Signal()

    def __init__(self, labels: SlideLabels, services: Services, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._labels = labels
        self._services = services
        self.source: ImageSource | None = None
        self.points: list[Point] = []
        self.cursor: Point | None = None
        self.shift: Point | None = None
        self._square = False
        self._scale = 1.0

    @property
    def active(self) -> bool:
        """Whether a tool is in hand that takes the left button."""
        return self._labels.ready and self._labels.tool is not Tool.MOVE

    @property
    def radius(self) -> float:
        """Radius of brush and eraser in px of level 0."""
        return self._labels.radius / self._scale

    def press(self, x: float, y: float, scale: float, modifiers: Qt.KeyboardModifier) -> bool:
        """The left button went down, at that many screen px per px of level 0."""
        if not self.active:
            return False
        self._scale, self._square = scale, bool(modifiers & Qt.KeyboardModifier.ShiftModifier)
        tool = self._labels.tool
        if tool is Tool.SELECT:
            self._labels.select(self._labels.annotations.at(x, y))
            self.points = [(x, y)]
        elif tool is Tool.WAND:
            self._wave(x, y)
        elif tool is Tool.POLYGON:
            self.points.append((x, y))
        else:
            self.points = [(x, y)]
        self.changed.emit()
        return True

    def move(self, x: float, y: float, scale: float, *, pressed: bool) -> None:
        """The mouse moved."""
        self.cursor, self._scale = (x, y), scale
        tool = self._labels.tool
        if not self.active:
            return
        if pressed and self.points and tool is not Tool.POLYGON:
            if tool is Tool.SELECT:
                start = self.points[0]
                self.shift = (x - start[0], y - start[1])
            elif tool.boxed:
                self.points = [self.points[0], self._corner(x, y)]
            elif abs(x - self.points[-1][0]) + abs(y - self.points[-1][1]) >= STEP / scale:
                self.points.append((x, y))
        self.changed.emit()

    def release(self) -> None:
        """The left button went up: what was drawn becomes a label."""
        tool = self._labels.tool
        if not self.active or tool in (Tool.POLYGON, Tool.WAND):
            return
        area, shift = self.pending(), self.shift
        self.points, self.shift = [], None
        if tool is Tool.SELECT:
            if shift is not None and shift != (0, 0) and self._labels.selected is not None:
                self._shift(self._labels.selected, shift)
        elif area is not None:
            self._draw(area)
        self.changed.emit()

    def leave(self) -> None:
        """The mouse left the view."""
        self.cursor = None
        self.changed.emit()

    def double_click(self) -> bool:
        """A polygon ends with a double click; its first click has set the last corner."""
        ends = self.active and self._labels.tool is Tool.POLYGON
        if ends:
            self.finish()
        return ends

    def wheel(self, notches: float, modifiers: Qt.KeyboardModifier) -> bool:
        """With Ctrl the wheel changes the size of a round tool."""
        if not (self.active and self._labels.tool.round and modifiers & Qt.KeyboardModifier.ControlModifier):
            return False
        self._labels.set_radius(self._labels.radius * WHEEL_FACTOR**notches)
        self.changed.emit()
        return True

    def key(self, key: Qt.Key, text: str) -> bool:
        """A key went down."""
        if not self.active:
            return False
        if text.isdigit() and text != "0":
            return self._labels.choose_by_key(text)
        act = self._keys().get(key)
        if act is not None:
            act()
            self.changed.emit()
        return act is not None

    def finish(self) -> None:
        """End the polygon."""
        area = self.pending()
        self.points = []
        if area is not None:
            self._draw(area)
        self.changed.emit()

    def drop(self) -> None:
        """Forget what is being drawn."""
        self.points, self.shift = [], None
        self.changed.emit()

    def pending(self) -> BaseGeometry | None:
        """What the drag or the polygon covers; None where that has no area."""
        tool, points = self._labels.tool, self.points
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

    def _keys(self) -> dict[Qt.Key, Callable[[], None]]:
        polygon = self._labels.tool is Tool.POLYGON and bool(self.points)
        keys: dict[Qt.Key, Callable[[], None]] = {
            Qt.Key.Key_BracketLeft: partial(self._labels.set_radius, self._labels.radius / WHEEL_FACTOR),
            Qt.Key.Key_BracketRight: partial(self._labels.set_radius, self._labels.radius * WHEEL_FACTOR),
            Qt.Key.Key_Escape: self.drop,
        }
        if polygon:
            keys |= {
                Qt.Key.Key_Return: self.finish,
                Qt.Key.Key_Enter: self.finish,
                Qt.Key.Key_Backspace: self._take_back,
            }
        elif self._labels.selected is not None:
            keys |= dict.fromkeys((Qt.Key.Key_Delete, Qt.Key.Key_Backspace), self._labels.remove_selected)
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

    def _draw(self, area: BaseGeometry) -> None:
        """Paint or erase an area, as far as it lies on the slide."""
        labels, source = self._labels, self.source
        if source is None:
            return
        area = areas_of(shapely.intersection(area, rectangle(0, 0, source.width, source.height)))
        before = labels.annotations.revision
        if labels.tool is Tool.ERASER:
            labels.annotations.erase(area, labels.locked | labels.hidden)
        elif labels.current in labels.classes and labels.current not in labels.locked:
            # What is not seen is neither painted over nor erased.
            labels.annotations.paint(area, labels.current, labels.locked | labels.hidden)
        if labels.annotations.revision != before:
            labels.edited()

    def _shift(self, number: Number, shift: Point) -> None:
        if not self._labels.fixed(number):
            self._labels.annotations.move(number, *shift)
            self._labels.edited()

    def _wave(self, x: float, y: float) -> None:
        """Label the area of one color around a position; its pixels are read in a worker thread."""
        source = self.source
        if source is not None and 0 <= x < source.width and 0 <= y < source.height:
            self._services.background.run(
                wand_area, source, x, y, self._scale, self._labels.tolerance / 100,
                then=self._take_wand, failed=self._services.report,
            )  # fmt: skip

    def _take_wand(self, area: BaseGeometry) -> None:
        if self._labels.tool is Tool.WAND:
            self._draw(area)
            self.changed.emit()


def wand_area(source: Any, x: float, y: float, scale: float, tolerance: float) -> BaseGeometry:
    """The area of one color around a position, at the resolution of the view.

    Args:
        source: The slide.
        x: Column in px of level 0.
        y: Row.
        scale: Px of the screen per px of level 0.
        tolerance: How far colors may lie apart, as a share of the range of the region's values.

    Returns:
        The area in px of level 0, at most 768 px of the screen wide.

    Raises:
        SourceError: The region cannot be read.
    """
    fitting = [k for k, level in enumerate(source.levels) if level.downsample * scale <= 1]
    level = fitting[-1] if fitting else 0
    size = source.levels[level]
    across, down = source.width / size.width, source.height / size.height
    column, row = min(int(x / across), size.width - 1), min(int(y / down), size.height - 1)
    half = int(max(WAND_SIDE / 2 / (scale * across), 1))
    left, top = max(column - half, 0), max(row - half, 0)
    width, height = min(column + half + 1, size.width) - left, min(row + half + 1, size.height) - top
    pixels = source.read_region(level, left, top, width, height)
    finite = pixels[np.isfinite(pixels)] if pixels.dtype.kind == "f" else pixels
    spread = float(np.ptp(finite)) if finite.size else 0.0
    mask = wand(pixels, row - top, column - left, tolerance * spread, WAND_SMOOTHING)
    parts = [shapely.Polygon(each.outer, each.holes) for each in outlines(mask)]
    area = areas_of(shapely.union_all([areas_of(part) for part in parts]))
    found: BaseGeometry = shapely.transform(
        area, lambda at: (at + np.array([left, top])) * np.array([across, down])
    )
    return found
