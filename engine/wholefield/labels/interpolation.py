"""Shapes between two labeled slices: by the signed distances to their outlines."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.ndimage import distance_transform_edt

from wholefield.labels.voxels import Box, VoxelLabels

Mask = npt.NDArray[np.bool_]


def between(first: Mask, last: Mask, steps: int) -> list[Mask]:
    """The masks of the slices between two, as their outline moves from the one to the other.

    Shape-based interpolation (Raya and Udupa, IEEE TMI 1990): the signed distance to the outline is interpolated
    linearly, and what is positive is inside.

    Args:
        first: (h, w), the mask of the one slice; not empty.
        last: (h, w), that of the other; not empty.
        steps: How many slices lie between them.

    Returns:
        That many masks, in order.

    Raises:
        ValueError: A mask is empty, so that there is no outline.

    Example:
        >>> import numpy as np
        >>> from wholefield.labels import between
        >>> small, large = np.zeros((9, 9), bool), np.ones((9, 9), bool)
        >>> small[3:6, 3:6] = True
        >>> between(small, large, 1)[0].sum() > 9
        True
    """
    if not (first.any() and last.any()):
        raise ValueError("both slices need a label of the class")
    a, b = _distance(first), _distance(last)
    weights = np.arange(1, steps + 1) / (steps + 1)
    return [(1 - weight) * a + weight * b > 0 for weight in weights]


def fill_between(
    labels: VoxelLabels, value: int, axis: int, index: int, locked: frozenset[int] = frozenset()
) -> int:
    """Fill the slices between those that have a class, next to a slice; one step to undo.

    Args:
        labels: The labels.
        value: The class.
        axis: The axis across the slices.
        index: The slice at hand: where it has the class, the gaps on both sides of it are filled, otherwise the
            one that it lies in.
        locked: Classes whose voxels must stay.

    Returns:
        How many slices were filled; 0 where there is no gap next to the slice.

    Example:
        >>> import numpy as np
        >>> from wholefield.labels import VoxelLabels
        >>> from wholefield.labels.interpolation import fill_between
        >>> labels = VoxelLabels((9, 20, 20))
        >>> for z in (1, 5):
        ...     labels.paint((slice(z, z + 1), slice(4, 9), slice(4, 9)), np.ones((1, 5, 5), bool), 1)
        >>> fill_between(labels, value=1, axis=0, index=3), labels.slices_of(1, 0)
        (3, [1, 2, 3, 4, 5])
    """
    slices = labels.slices_of(value, axis)
    gaps = [(a, b) for a, b in pairwise(slices) if b - a > 1 and a <= index <= b]
    labels.begin()
    try:
        for first, last in gaps:
            _fill(labels, value, axis, first, last, locked)
    finally:
        labels.end()
    return sum(last - first - 1 for first, last in gaps)


def _fill(labels: VoxelLabels, value: int, axis: int, first: int, last: int, locked: frozenset[int]) -> None:
    """Fill the slices between two; nothing reaches beyond what the two have together."""
    box = _joined(*(labels.painted_box(axis, at) for at in (first, last)))
    ends = [(labels.region(_at(box, axis, at)) == value).squeeze(axis) for at in (first, last)]
    rows, columns = (np.flatnonzero((ends[0] | ends[1]).any(other)) for other in (1, 0))
    window = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    down, right = (each for each in range(3) if each != axis)
    part = list(box)
    part[down] = slice(box[down].start + window[0].start, box[down].start + window[0].stop)
    part[right] = slice(box[right].start + window[1].start, box[right].start + window[1].stop)
    for at, mask in enumerate(between(ends[0][window], ends[1][window], last - first - 1), first + 1):
        labels.paint(_at((part[0], part[1], part[2]), axis, at), np.expand_dims(mask, axis), value, locked)


def _joined(first: Box | None, last: Box | None) -> Box:
    assert first is not None
    assert last is not None
    z, y, x = (slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(first, last, strict=True))
    return z, y, x


def _at(box: Box, axis: int, index: int) -> Box:
    sides = list(box)
    sides[axis] = slice(index, index + 1)
    return sides[0], sides[1], sides[2]


def _distance(mask: Mask) -> npt.NDArray[np.float64]:
    """Distance to the outline, positive inside; the outside of the image counts as outside of the mask."""
    inside = distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    outside = distance_transform_edt(~mask)
    return np.asarray(np.where(mask, inside - 0.5, 0.5 - outside), np.float64)
