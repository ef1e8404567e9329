"""Reads planes of stacks and turns them into pictures; runs in worker threads."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QImage

from wholefield.sources.cache import ByteCache
from wholefield_app.viewer.stacks.levels import Levels, to_gray, to_label_colors

if TYPE_CHECKING:
    from wholefield.sources.stacks.stack import StackSource

CACHE_BYTES = 256 * 2**20
# Numbers of channels that can be red, green, blue and perhaps opacity.
COLORS = (3, 4)


@dataclass(frozen=True)
class PlaneLook:
    """A stack and how it is shown.

    Attributes:
        source: The stack.
        levels: What is black and white; None shows labels.
        channel: Which channel is shown; None shows three or four as colors, and of others the first.
    """

    source: StackSource
    levels: Levels | None
    channel: int | None = None


@dataclass(frozen=True)
class PlaneRequest:
    """The planes at one place of several stacks of one shape."""

    looks: tuple[PlaneLook, ...]
    axis: int
    index: int


@dataclass(frozen=True)
class PlanePictures:
    """An answer.

    Attributes:
        request: What was asked for.
        values: The voxels of each stack, (rows, columns) or (rows, columns, channels).
        images: The picture of each, one pixel per voxel.
    """

    request: PlaneRequest
    values: tuple[npt.NDArray[Any], ...]
    images: tuple[QImage, ...]


class PlaneReader:
    """Makes pictures of planes, and keeps the voxels read last. May be called from several threads at once."""

    def __init__(self, capacity: int = CACHE_BYTES) -> None:
        self._cache: ByteCache[tuple[int, int, int], npt.NDArray[Any]] = ByteCache(capacity, _bytes_of)
        self._lock = threading.Lock()

    def read(self, request: PlaneRequest) -> PlanePictures:
        """The pictures asked for.

        Raises:
            SourceError: A file is damaged or has gone.
        """
        values = tuple(self._plane(look.source, request.axis, request.index) for look in request.looks)
        looks = zip(values, request.looks, strict=True)
        images = tuple(plane_image(plane, look.levels, look.channel) for plane, look in looks)
        return PlanePictures(request, values, images)

    def forget(self) -> None:
        """Keep no voxels of what was open before."""
        with self._lock:
            self._cache.clear()

    def _plane(self, source: StackSource, axis: int, index: int) -> npt.NDArray[Any]:
        key = id(source), axis, index
        with self._lock:
            known = self._cache.get(key)
        if known is not None:
            return known
        plane = source.plane(axis, index)
        with self._lock:
            self._cache.put(key, plane)
        return plane


def plane_image(plane: npt.NDArray[Any], levels: Levels | None, channel: int | None = None) -> QImage:
    """A plane as a picture.

    Args:
        plane: (rows, columns) or (rows, columns, channels).
        levels: What is black and white; None for labels, 0 being transparent.
        channel: The one to show; None shows three or four channels as colors, and of any other number the first.
    """
    if plane.ndim == 3 and (channel is not None or plane.shape[2] not in COLORS):
        plane = plane[..., channel or 0]
    if levels is None and plane.ndim == 2:
        return _to_image(to_label_colors(plane), QImage.Format.Format_ARGB32)
    gray = to_gray(plane, levels or Levels(0.0, 255.0))
    if gray.ndim == 2:
        return _to_image(gray, QImage.Format.Format_Grayscale8)
    return _to_image(np.ascontiguousarray(gray[..., :3]), QImage.Format.Format_RGB888)


def _to_image(pixels: npt.NDArray[np.uint8], kind: QImage.Format) -> QImage:
    height, width = pixels.shape[:2]
    image = QImage(pixels.data, width, height, pixels.strides[0], kind)
    # The conversion makes a picture that owns its pixels and that paints without being converted each time.
    if kind is QImage.Format.Format_ARGB32:
        return image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
    return image.convertToFormat(QImage.Format.Format_RGB32)


def _bytes_of(plane: npt.NDArray[Any]) -> int:
    return plane.nbytes
