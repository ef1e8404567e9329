"""Regions of the sensor as masks: boxes, polygons, pictures, and the pixels that fire far more than those around."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from wholefield.errors import SettingError, SourceError
from wholefield.sources.events.codec import Integers
from wholefield.sources.events.filters.kernels import Mask

BOX = 4
AROUND = 5


def region_mask(points: Sequence[float], width: int, height: int) -> Mask:
    """The pixels of a box or a polygon, (height, width), 1 inside.

    Args:
        points: Left, top, right and bottom, of which right and bottom are no longer inside; or x, y of the corners of
            a polygon, which holds the pixels whose centers lie in it by the even-odd rule. Pixel i reaches from i to
            i + 1.
        width: Columns of the sensor.
        height: Rows of the sensor.

    Raises:
        SettingError: There is no pixel in it.
    """
    if len(points) == BOX:
        left, top, right, bottom = points
        corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    else:
        corners = list(zip(points[::2], points[1::2], strict=True))
    mask = _inside(corners, width, height)
    if not mask.any():
        raise SettingError(f"holds no pixel of the {width} x {height} px of the sensor")
    return mask


def _inside(corners: Sequence[tuple[float, float]], width: int, height: int) -> Mask:
    """Even-odd rule at the centers of pixels, row by row: an edge counts from its upper end on, not at its lower."""
    x, inside = np.arange(width) + 0.5, np.zeros((height, width), np.uint8)
    for row in range(height):
        y = row + 0.5
        for (x0, y0), (x1, y1) in zip(corners, [*corners[1:], corners[0]], strict=True):
            if (y0 <= y) != (y1 <= y):
                inside[row] ^= x >= x0 + (y - y0) * (x1 - x0) / (y1 - y0)
    return inside


def picture_mask(path: str, width: int, height: int) -> Mask:
    """The pixels of a picture of the size of the sensor that are not 0.

    Raises:
        SourceError: It cannot be read.
        SettingError: It has another size, or no such pixel.
    """
    import cv2

    content = np.frombuffer(_bytes_of(Path(path)), np.uint8)
    picture = cv2.imdecode(content, cv2.IMREAD_UNCHANGED) if content.size else None
    if picture is None:
        raise SourceError(f"{path} is not a picture that can be read as a mask; choose a PNG or TIFF.")
    found = picture[..., :3].any(2) if picture.ndim == 3 else picture != 0
    if found.shape != (height, width):
        raise SettingError(
            f"is {path} with {found.shape[1]} x {found.shape[0]} px, but the sensor has {width} x {height} px here"
        )
    if not found.any():
        raise SettingError(f"is {path}, which is 0 everywhere")
    return found.astype(np.uint8)


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SourceError(f"{path} cannot be read as a mask: {error.strerror or error}.") from error


def hot_pixels(counts: Integers, factor: float) -> npt.NDArray[np.bool_]:
    """Where pixels fire far more than the sensor as a whole and than those around them.

    Args:
        counts: Events of every pixel, (H, W).
        factor: A pixel is hot if it has more than this times the mean of all pixels with events, and more than this
            times the median of the 5 x 5 pixels around it.

    Returns:
        (H, W).
    """
    import cv2

    values = counts.astype(np.float32)
    local = (
        cv2.medianBlur(values, AROUND)
        if min(counts.shape) >= AROUND
        else np.full_like(values, np.median(values))
    )
    return (counts > factor * local.astype(np.float64)) & (
        counts > factor * counts.sum() / max(np.count_nonzero(counts), 1)
    )


def rectify_table(path: str, width: int, height: int) -> Integers:
    """Where each pixel is put by the map of a calibration, as x | y << 16, (height, width); -1 outside.

    Raises:
        SourceError: It cannot be read, or holds no map.
        SettingError: It is that of another sensor.
    """
    import h5py

    try:
        with h5py.File(path, "r") as file:
            places = np.asarray(file["rectify_map"][:], np.float64)
    except (OSError, KeyError) as error:
        raise SourceError(f"{path} holds no rectify_map: {error}.") from error
    if places.shape != (height, width, 2):
        raise SettingError(f"is {path} of shape {places.shape}, but must be ({height}, {width}, 2) here")
    x, y = (np.rint(np.nan_to_num(places[..., axis], nan=-1.0)) for axis in (0, 1))
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    return np.where(inside, x.clip(0) + y.clip(0) * (1 << 16), -1).astype(np.int64)
