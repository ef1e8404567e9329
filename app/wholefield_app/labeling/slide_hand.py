"""What drawing does to the labels of a slide: shapes are painted, erased, selected and moved."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from PySide6.QtCore import QObject, Qt
from shapely.geometry.base import BaseGeometry

from wholefield.export.geojson import outlines
from wholefield.labels import rectangle
from wholefield.labels.annotations import Number
from wholefield.labels.fills import wand
from wholefield.labels.shapes import areas_of
from wholefield_app.labeling.hand import DrawingHand, Point
from wholefield_app.labeling.slide_labels import SlideLabels
from wholefield_app.labeling.tools import Tool
from wholefield_app.services import Services

if TYPE_CHECKING:
    from wholefield.sources import ImageSource

# The wand looks at that many px of the screen around the click.
WAND_SIDE = 768
WAND_SMOOTHING = 1.0


class SlideHand(DrawingHand):
    """Turns what is drawn over the slide into edits of its shapes; positions are in px of level 0.

    Attributes:
        source: The slide.
        shift: How far the selected shape is being dragged.
    """

    def __init__(self, labels: SlideLabels, services: Services, parent: QObject | None = None) -> None:
        super().__init__(labels, parent)
        self._labels = labels
        self._services = services
        self.source: ImageSource | None = None
        self.shift: Point | None = None

    def press(self, x: float, y: float, scale: float, modifiers: Qt.KeyboardModifier) -> bool:
        """The left button went down."""
        if self.active and self.tool is Tool.SELECT:
            self._labels.select(self._labels.annotations.at(x, y))
        return super().press(x, y, scale, modifiers)

    def drag(self, x: float, y: float) -> None:
        """The mouse moved with the button held down."""
        if self.tool is Tool.SELECT:
            start = self.points[0]
            self.shift = (x - start[0], y - start[1])
        else:
            super().drag(x, y)

    def finish(self) -> None:
        """End what is being drawn, or moved."""
        shift, self.shift = self.shift, None
        if shift is not None and shift != (0, 0) and self._labels.selected is not None:
            self._shift(self._labels.selected, shift)
        super().finish()

    def drop(self) -> None:
        """Forget what is being drawn, or moved."""
        self.shift = None
        super().drop()

    def keys(self) -> dict[Qt.Key, Callable[[], None]]:
        """What keys do now."""
        keys = super().keys()
        if self._labels.selected is not None:
            keys |= dict.fromkeys((Qt.Key.Key_Delete, Qt.Key.Key_Backspace), self._labels.remove_selected)
        return keys

    def draw(self, area: BaseGeometry) -> None:
        """Paint or erase an area, as far as it lies on the slide."""
        labels, source = self._labels, self.source
        if source is None:
            return
        area = areas_of(shapely.intersection(area, rectangle(0, 0, source.width, source.height)))
        before = labels.annotations.revision
        if labels.tool is Tool.ERASER:
            labels.annotations.erase(area, labels.kept)
        elif labels.can_draw:
            labels.annotations.paint(area, labels.current, labels.kept)
        if labels.annotations.revision != before:
            labels.edited()

    def click(self, x: float, y: float) -> None:
        """Label the area of one color around a position; its pixels are read in a worker thread."""
        source = self.source
        if source is not None and 0 <= x < source.width and 0 <= y < source.height:
            self._services.background.run(
                wand_area, source, x, y, self._scale, self._labels.tolerance / 100,
                then=self._take_wand, failed=self._services.report,
            )  # fmt: skip

    def _shift(self, number: Number, shift: Point) -> None:
        if not self._labels.fixed(number):
            self._labels.annotations.move(number, *shift)
            self._labels.edited()

    def _take_wand(self, area: BaseGeometry) -> None:
        if self._labels.tool is Tool.WAND:
            self.draw(area)
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
