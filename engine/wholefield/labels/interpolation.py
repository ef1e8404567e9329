"""Shapes between two labeled slices: by the signed distances to their outlines."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.ndimage import distance_transform_edt

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


def _distance(mask: Mask) -> npt.NDArray[np.float64]:
    """Distance to the outline, positive inside; the outside of the image counts as outside of the mask."""
    inside = distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    outside = distance_transform_edt(~mask)
    return np.asarray(np.where(mask, inside - 0.5, 0.5 - outside), np.float64)
