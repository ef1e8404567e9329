"""Arithmetic on pixels of any type: averaging an image down, bringing it to the scale 0..1."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

AnyArray = npt.NDArray[Any]

# Pixel types that OpenCV averages itself; the others take the way over float64.
NATIVE = (np.dtype(np.uint8), np.dtype(np.uint16), np.dtype(np.float32), np.dtype(np.float64))
# OpenCV resizes this many channels at once.
MOST_CHANNELS = 4


def shrink_factor(side: int, wanted: int) -> int:
    """Largest whole number by which `side` can be divided and still be at least `wanted`."""
    return max(side // max(wanted, 1), 1)


def shrink(image: AnyArray, factor: int = 1, *, size: tuple[int, int] | None = None) -> AnyArray:
    """Area average of an image.

    Args:
        image: (height, width, channels), any real dtype.
        factor: Whole number of pixels to average along each axis; edge pixels are repeated to fill up.
        size: (height, width) of the result, at most that of the image; replaces `factor`.

    Returns:
        The smaller image with the same dtype and number of channels.
    """
    if size is None:
        if factor == 1:
            return image
        height, width = image.shape[:2]
        missing = (-height % factor, -width % factor)
        image = np.pad(image, ((0, missing[0]), (0, missing[1]), (0, 0)), mode="edge")
        size = image.shape[0] // factor, image.shape[1] // factor
    if image.shape[:2] == size:
        return image
    smaller = _resize(image if image.dtype in NATIVE else image.astype(np.float64), size)
    if smaller.dtype == image.dtype:
        return smaller
    return np.rint(smaller).astype(image.dtype) if image.dtype.kind in "biu" else smaller.astype(image.dtype)


def picked(image: AnyArray, factor: int = 1, *, size: tuple[int, int] | None = None) -> AnyArray:
    """Every n-th pixel of an image whose values are numbers of classes or colors, of which no average makes sense.

    Args:
        image: (height, width, channels).
        factor: Whole number of pixels along each axis, of which the middle one is taken.
        size: (height, width) of the result, at most that of the image; replaces `factor`.

    Returns:
        The smaller image.
    """
    height, width = image.shape[:2]
    if size is None:
        size = -(-height // factor), -(-width // factor)
        step_y = step_x = float(factor)
    else:
        step_y, step_x = height / size[0], width / size[1]
    rows, columns = (
        np.minimum(((np.arange(count) + 0.5) * step).astype(np.intp), side - 1)
        for count, step, side in ((size[0], step_y, height), (size[1], step_x, width))
    )
    return image[rows[:, None], columns[None, :]]


def _resize(image: AnyArray, size: tuple[int, int]) -> AnyArray:
    # Imported here: OpenCV alone would take a tenth of a second of the window's start.
    import cv2

    channels = image.shape[2]
    parts = [image[..., first : first + MOST_CHANNELS] for first in range(0, channels, MOST_CHANNELS)]
    smaller = [
        cv2.resize(np.ascontiguousarray(part), size[::-1], interpolation=cv2.INTER_AREA) for part in parts
    ]
    return np.concatenate([part.reshape(*size, -1) for part in smaller], axis=2)


def unit_floats(region: AnyArray) -> npt.NDArray[np.float32]:
    """Pixels on the scale 0..1 of their type as float32; floats stay as they are."""
    if region.dtype.kind not in "ui":
        return region.astype(np.float32)
    return region.astype(np.float32) / np.float32(np.iinfo(region.dtype).max)
