"""Measures of all objects of a region at once; each is computed from its own pixels alone, in their order."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from scipy import ndimage

Labels = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
Boxes = npt.NDArray[np.int64]

NAMES = ("area", "centroid_y", "centroid_x", "perimeter", "eccentricity", "solidity")
# Benkrid and Crookes (2000): how far the border goes on at a pixel, by the pixels of the border around it.
STRAIGHT, DIAGONAL, MIXED = (5, 7, 15, 17, 25, 27), (21, 33), (13, 23)
LENGTHS = (1.0, np.sqrt(2.0), (1.0 + np.sqrt(2.0)) / 2.0)
EDGES = ((0, 1), (0, -1), (1, 0), (-1, 0))
CORNERS = ((1, 1), (1, -1), (-1, 1), (-1, -1))


def boxes_of(labels: Labels) -> Boxes:
    """Top, left, bottom and right of the objects 1 to n, (n, 4)."""
    found = [(down.start, right.start, down.stop, right.stop) for down, right in ndimage.find_objects(labels)]
    return np.array(found, np.int64).reshape(-1, 4)


def measured(
    labels: Labels, boxes: Boxes, corner: tuple[int, int], intensities: npt.NDArray[Any] | None = None
) -> Floats:
    """Measures of the objects 1 to n of a region.

    Area in px; centroid in px from the middle of the first of the image; perimeter and eccentricity as scikit-image has
    them; solidity is the area by that of the convex hull of the pixels as squares; then the mean of every channel.

    Args:
        labels: (h, w), 0 where no object is; none is cut by the border of the region.
        boxes: Those of `boxes_of`.
        corner: Row and column of the region in the image.
        intensities: (h, w, channels).

    Returns:
        (n, 6 + channels).
    """
    rows, columns = np.nonzero(labels)
    of = labels[rows, columns] - 1
    count = len(boxes)
    area = np.bincount(of, minlength=count).astype(np.float64)
    # From the corner of the box: whole numbers, whatever region the object is measured in.
    down, right = rows - boxes[of, 0], columns - boxes[of, 1]
    y, x = (np.bincount(of, at, count) / area for at in (down, right))
    found = [area, y + (boxes[:, 0] + corner[0]), x + (boxes[:, 1] + corner[1]), _perimeters(labels, count)]
    found += [_eccentricities(of, down - y[of], right - x[of], area), area / _hulls(labels, boxes)]
    for channel in range(0 if intensities is None else intensities.shape[2]):
        assert intensities is not None
        values = intensities[rows, columns, channel].astype(np.float64)
        found.append(np.bincount(of, values, count) / area)
    return np.stack(found, 1)


def _eccentricities(of: npt.NDArray[Any], down: Floats, right: Floats, area: Floats) -> Floats:
    """Eccentricity of the ellipse with the second moments of each object."""
    yy, xx, xy = (np.bincount(of, part, len(area)) / area for part in (down**2, right**2, down * right))
    middle, apart = (yy + xx) / 2, np.hypot((yy - xx) / 2, xy)
    longest, shortest = middle + apart, np.maximum(middle - apart, 0)
    share = np.divide(shortest, longest, out=np.ones_like(longest), where=longest > 0)
    found: Floats = np.sqrt(1 - share)
    return found


def _perimeters(labels: Labels, count: int) -> Floats:
    """Length of the border of each object, from its pixels with an edge towards something else."""
    (height, width), padded = labels.shape, np.pad(labels, 1)
    inside = np.ones(labels.shape, bool)
    for down, right in EDGES:
        inside &= padded[1 + down : 1 + down + height, 1 + right : 1 + right + width] == labels
    border = np.where(inside, 0, labels)
    around = np.pad(border, 1)
    rows, columns = np.nonzero(border)
    own = border[rows, columns]
    code = np.ones(len(own), np.int64)
    for weight, steps in ((2, EDGES), (10, CORNERS)):
        for by in steps:
            code += weight * (around[rows + 1 + by[0], columns + 1 + by[1]] == own)
    total = np.zeros(count)
    for codes, length in zip((STRAIGHT, DIAGONAL, MIXED), LENGTHS, strict=True):
        total += np.bincount(own[np.isin(code, codes)] - 1, minlength=count) * length
    return total


def _hulls(labels: Labels, boxes: Boxes) -> Floats:
    """Area of the convex hull of the squares of the pixels of each object."""
    points, ends = [], []
    for number, (top, left, bottom, right) in enumerate(boxes.tolist(), 1):
        mask = labels[top:bottom, left:right] == number
        rows = np.flatnonzero(mask.any(1))
        first, last = mask.argmax(1)[rows], mask.shape[1] - mask[:, ::-1].argmax(1)[rows]
        corners = [np.stack([at, rows + edge], 1) for at in (first, last) for edge in (0, 1)]
        points.append(np.concatenate(corners))
        ends.append(len(rows) * 4)
    if not points:
        return np.zeros(0)
    of = np.repeat(np.arange(len(ends)), ends)
    # Lines are made from arrays at once, unlike points; their hull is that of their points.
    lines = shapely.linestrings(np.concatenate(points).astype(np.float64), indices=of)
    return np.asarray(shapely.area(shapely.convex_hull(lines)), np.float64)
