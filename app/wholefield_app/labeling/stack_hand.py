"""What drawing does to the labels of a stack: the voxels of a slice under an area are painted or erased."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Qt
from shapely.geometry.base import BaseGeometry

from wholefield.labels import Shape, rasterize
from wholefield.labels.fills import between_values, connected, wand
from wholefield.labels.voxels import Box
from wholefield.sources.rect import Rect
from wholefield_app.labeling.hand import DrawingHand
from wholefield_app.labeling.stack_labels import StackLabels
from wholefield_app.labeling.tools import Tool
from wholefield_app.problems import Problem
from wholefield_app.services import Services
from wholefield_app.viewer.stacks.plane_view import PlaneView
from wholefield_app.viewer.stacks.planes import PlaneShape, plane_axes
from wholefield_app.viewer.stacks.stack_view import StackView

Mask = npt.NDArray[np.bool_]

# The wand looks at that many voxels around the click.
WAND_SIDE = 768
WAND_SMOOTHING = 1.0
UNREAD = "This slice is still being read; try again in a moment."


class StackHand(DrawingHand):
    """Turns what is drawn over one plane of a stack into edits of its voxels.

    Positions are in px of the picture of the plane, where the smaller side of a voxel is 1.
    """

    def __init__(
        self, labels: StackLabels, services: Services, view: StackView, plane: PlaneView, parent: QObject
    ) -> None:
        super().__init__(labels, parent)
        self._labels = labels
        self._services = services
        self._view = view
        self._plane = plane
        # A polygon belongs to the slice on which it was begun.
        self._axis = self._index = 0

    def press(self, x: float, y: float, scale: float, modifiers: Qt.KeyboardModifier) -> bool:
        """The left button went down."""
        if not self.points:
            self._axis = self._view.axis_of(self._plane)
            self._index = self._view.position[self._axis]
        return super().press(x, y, scale, modifiers)

    def draw(self, area: BaseGeometry) -> None:
        """Paint or erase the voxels whose middles lie in an area; a round tip at least those under its middle."""
        plane = self._plane.plane
        if plane is None:
            return
        left, top, right, bottom = area.bounds
        rows = _cut(top / plane.row_size, bottom / plane.row_size, plane.rows)
        columns = _cut(left / plane.column_size, right / plane.column_size, plane.columns)
        if rows.stop <= rows.start or columns.stop <= columns.start:
            return
        mask = rasterize([Shape(area, 1)], _rect(plane, rows, columns), _size(rows, columns)) > 0
        if self.tool.round:
            self._add_way(mask, plane, rows, columns)
        self._paint(mask, rows, columns)

    def click(self, x: float, y: float) -> None:
        """Fill, or label what looks alike, from the voxel at a position."""
        voxel = self._plane.plane.voxel(x, y) if self._plane.plane is not None else None
        if voxel is None:
            return
        if self.tool is Tool.FILL:
            self._fill(*voxel)
        else:
            self._wave(*voxel)

    def _add_way(self, mask: Mask, plane: PlaneShape, rows: slice, columns: slice) -> None:
        for voxel in (plane.voxel(x, y) for x, y in self.points):
            if voxel is not None:
                mask[voxel[0] - rows.start, voxel[1] - columns.start] = True

    def _fill(self, row: int, column: int) -> None:
        shape = self._labels.voxels.shape
        down, right = plane_axes(self._axis)
        rows, columns = slice(0, shape[down]), slice(0, shape[right])
        values = self._labels.voxels.region(self._box(rows, columns)).squeeze(self._axis)
        self._paint(connected(values == values[row, column], row, column), rows, columns)

    def _wave(self, row: int, column: int) -> None:
        shape, half = self._labels.voxels.shape, WAND_SIDE // 2
        down, right = plane_axes(self._axis)
        rows = _cut(row - half, row + half, shape[down])
        columns = _cut(column - half, column + half, shape[right])
        pixels = self._pixels(rows, columns)
        if pixels is not None:
            finite = pixels[np.isfinite(pixels)]
            spread = float(finite.max()) - float(finite.min()) if finite.size else 0.0
            tolerance = self._labels.tolerance / 100 * spread
            start = row - rows.start, column - columns.start
            self._paint(wand(pixels, *start, tolerance, WAND_SMOOTHING), rows, columns)

    def _paint(self, mask: Mask, rows: slice, columns: slice) -> None:
        limits = self._labels.limits
        if limits is not None and self.tool is not Tool.ERASER:
            pixels = self._pixels(rows, columns)
            if pixels is None:
                return
            mask = mask & between_values(pixels, *limits)
        self._labels.paint(self._box(rows, columns), np.expand_dims(mask, self._axis))

    def _pixels(self, rows: slice, columns: slice) -> npt.NDArray[Any] | None:
        """The values of the shown channels (h, w, channels); None, and a sentence, while they are being read."""
        values = self._view.values_at(self._axis, self._index)
        if values is None:
            self._services.report(Problem(UNREAD))
            return None
        return values[rows, columns]

    def _box(self, rows: slice, columns: slice) -> Box:
        box = [rows, columns]
        box.insert(self._axis, slice(self._index, self._index + 1))
        return box[0], box[1], box[2]


def _cut(first: float, last: float, length: int) -> slice:
    """The voxels that a range along an axis meets, as far as there are any."""
    return slice(max(int(np.floor(first)), 0), min(int(np.floor(last)) + 1, length))


def _rect(plane: PlaneShape, rows: slice, columns: slice) -> Rect[float]:
    width, height = plane.column_size, plane.row_size
    return Rect(
        columns.start * width,
        rows.start * height,
        (columns.stop - columns.start) * width,
        (rows.stop - rows.start) * height,
    )


def _size(rows: slice, columns: slice) -> tuple[int, int]:
    return rows.stop - rows.start, columns.stop - columns.start
