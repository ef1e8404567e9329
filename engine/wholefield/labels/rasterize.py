"""Shapes as pixels: a pixel belongs to a shape if its middle does."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from wholefield.labels.shapes import Shape
from wholefield.sources.rect import Rect

Values = npt.NDArray[np.uint8]


def rasterize(
    shapes: Iterable[Shape], rect: Rect[float], size: tuple[int, int], skipped: frozenset[int] = frozenset()
) -> Values:
    """The class of every pixel of a region, 0 where nothing is labeled.

    Every row is cut by the edges of the rings at the height of its pixels' middles; between an odd and an even cut is
    the inside, so holes need nothing of their own.

    Args:
        shapes: From bottom to top; a later one covers those before. Those without a class cover nothing.
        rect: The region in px of level 0.
        size: (height, width) of the result; pixels need not be those of level 0, nor be square.
        skipped: Classes that are left out.

    Returns:
        Class values (height, width).

    Example:
        >>> from wholefield.labels import Shape, rasterize, rectangle
        >>> from wholefield.sources import Rect
        >>> rasterize([Shape(rectangle(1, 0, 2, 1), 3)], Rect(0, 0, 4, 2), (2, 4)).tolist()
        [[0, 3, 3, 0], [0, 0, 0, 0]]
    """
    found = np.zeros(size, np.uint8)
    scale = np.array([size[1] / rect.width, size[0] / rect.height])
    origin = np.array([rect.x, rect.y])
    for shape in shapes:
        if shape.value and shape.value not in skipped:
            corners, rings = shapely.get_coordinates(shape.geometry), _ring_ends(shape)
            _fill(found, (corners - origin) * scale, rings, shape.value)
    return found


def _ring_ends(shape: Shape) -> npt.NDArray[np.signedinteger[Any]]:
    """Which of the corners, one ring after the other, are the last of their ring."""
    rings = shapely.get_rings(shapely.get_parts(shape.geometry))
    return np.cumsum(shapely.get_num_coordinates(rings)) - 1


def _fill(
    found: Values, corners: npt.NDArray[np.float64], ends: npt.NDArray[np.signedinteger[Any]], value: int
) -> None:
    """Put a value where the middles of pixels lie inside of rings, given in pixels of `found`."""
    left, top = np.maximum(np.floor(corners.min(0)).astype(int), 0)
    right, bottom = np.minimum(np.ceil(corners.max(0)).astype(int), found.shape[::-1])
    if right <= left or bottom <= top:
        return
    edges = np.ones(len(corners) - 1, bool)
    edges[ends[:-1]] = False
    (x0, y0), (x1, y1) = corners[:-1][edges].T, corners[1:][edges].T
    # An edge cuts the rows whose middles lie in [lower end, upper end).
    first = np.clip(np.ceil(np.minimum(y0, y1) - 0.5), top, bottom).astype(np.intp)
    last = np.clip(np.ceil(np.maximum(y0, y1) - 0.5), top, bottom).astype(np.intp)
    rows_per_edge = last - first
    edge = np.repeat(np.arange(len(first)), rows_per_edge)
    before = np.cumsum(rows_per_edge) - rows_per_edge
    row = first[edge] + np.arange(len(edge)) - before[edge]
    cut = x0[edge] + (row + 0.5 - y0[edge]) * (x1 - x0)[edge] / (y1 - y0)[edge]
    column = np.clip(np.ceil(cut - 0.5), left, right).astype(np.intp) - left
    width = right - left + 1
    toggles = np.bincount((row - top) * width + column, minlength=(bottom - top) * width)
    inside = (np.cumsum(toggles.reshape(bottom - top, width), axis=1)[:, :-1] & 1).astype(bool)
    found[top:bottom, left:right][inside] = value
