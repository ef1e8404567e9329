"""Areas found in pixels: filling, thresholds and the magic wand, in any two-dimensional region."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from wholefield.labels.shapes import Points

Mask = npt.NDArray[np.bool_]
Pixels = npt.NDArray[Any]


def connected(same: Mask, row: int, column: int) -> Mask:
    """The part of a mask (h, w) that a pixel lies in, by pixels that share an edge; empty where it lies in none."""
    parts, _ = ndimage.label(same)
    found: Mask = (parts == parts[row, column]) & same if same[row, column] else np.zeros_like(same)
    return found


def filled(mask: Mask) -> Mask:
    """A mask (h, w) with its holes."""
    found: Mask = ndimage.binary_fill_holes(mask)
    return found


def between_values(pixels: Pixels, low: float, high: float) -> Mask:
    """Where all channels of pixels (h, w, channels) lie between two values, both included."""
    found: Mask = np.all((pixels >= low) & (pixels <= high), axis=2)
    return found


def wand(pixels: Pixels, row: int, column: int, tolerance: float, smoothing: float = 0.0) -> Mask:
    """The area around a pixel whose colors are like its own.

    Args:
        pixels: (h, w, channels).
        row: Row of the pixel.
        column: Column of the pixel.
        tolerance: Largest distance of a color from the pixel's own, in the values of the pixels, Euclidean over
            the channels.
        smoothing: Standard deviation in pixels of a Gaussian by which the colors are smoothed before.

    Returns:
        The mask (h, w), without holes; never empty.

    Example:
        >>> import numpy as np
        >>> from wholefield.labels.fills import wand
        >>> pixels = np.array([[10, 12, 90], [11, 90, 10]])[..., None]
        >>> wand(pixels, 0, 0, tolerance=5).astype(int).tolist()
        [[1, 1, 0], [1, 0, 0]]
    """
    colors = pixels.astype(np.float32)
    if smoothing:
        colors = ndimage.gaussian_filter(colors, (smoothing, smoothing, 0))
    distance = np.sqrt(((colors - colors[row, column]) ** 2).sum(2))
    alike: Mask = distance <= tolerance
    alike[row, column] = True
    return filled(connected(alike, row, column))


def brushed(points: Points, radius: float) -> tuple[tuple[int, int], Mask]:
    """The pixels whose middles a round brush covers on its way along points; the pixel under the first always.

    Args:
        points: (n, 2) of (row, column), where the middle of pixel i is at i + 0.5.
        radius: Radius of the brush in pixels.

    Returns:
        Row and column of the mask's first pixel, which may lie outside of the image, and the mask.
    """
    way = np.asarray(points, np.float64)
    low = np.floor(way.min(0) - radius).astype(int)
    high = np.ceil(way.max(0) + radius).astype(int) + 1
    rows, columns = np.ogrid[low[0] : high[0], low[1] : high[1]]
    found = np.zeros((high[0] - low[0], high[1] - low[1]), bool)
    for (r0, c0), (r1, c1) in zip(way, way[1:] if len(way) > 1 else way, strict=False):
        # The distance of a middle to a segment is that to the nearest of its points.
        length = (r1 - r0) ** 2 + (c1 - c0) ** 2
        along = ((rows + 0.5 - r0) * (r1 - r0) + (columns + 0.5 - c0) * (c1 - c0)) / (length or 1.0)
        part = np.clip(along, 0.0, 1.0)
        distance = (rows + 0.5 - r0 - part * (r1 - r0)) ** 2 + (columns + 0.5 - c0 - part * (c1 - c0)) ** 2
        found |= distance <= radius**2
    first = np.floor(way[0]).astype(int) - low
    found[first[0], first[1]] = True
    return (int(low[0]), int(low[1])), found
