"""Reads planes of stacks and turns them into pictures; runs in worker threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QImage

from wholefield.sources.cache import ByteCache
from wholefield.sources.slides.display import RGB_CHANNELS, ChannelDisplay, to_display
from wholefield_app.viewer.levels import Levels, to_label_colors
from wholefield_app.viewer.stacks.slabs import slabs

if TYPE_CHECKING:
    from wholefield.sources.stacks.stack import StackSource

CACHE_BYTES = 256 * 2**20
# Numbers of channels that can be red, green, blue and perhaps opacity.
COLORS = (3, 4)
# Seconds between what is told of a plane that is being read.
TELL_S = 0.08

_Key = tuple["StackSource", int, int]
"""A source, the axis and the index of a plane. The source itself: the id of a closed one soon belongs to another."""


@dataclass(frozen=True)
class PlaneLook:
    """A stack and how it is shown.

    Attributes:
        source: The stack.
        channels: How each channel is shown; None shows the values of the first one as labels.
    """

    source: StackSource
    channels: tuple[ChannelDisplay, ...] | None


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
        values: The voxels of each stack, (rows, columns) or (rows, columns, channels); 0 where not read yet.
        images: The picture of each, one pixel per voxel; transparent where not read yet.
        ready: How many of the rows have been read, from the top.
    """

    request: PlaneRequest
    values: tuple[npt.NDArray[Any], ...]
    images: tuple[QImage, ...]
    ready: int

    @property
    def complete(self) -> bool:
        """Whether all rows have been read."""
        return self.ready == self.images[0].height()


Tell = Callable[[PlanePictures], None]
"""Takes the pictures of what has been read so far."""


def _tell_nobody(pictures: PlanePictures) -> None:
    """Nobody looks at what is not complete."""


def _never() -> bool:
    return False


class PlaneReader:
    """Makes pictures of planes, and keeps the voxels read last. May be called from several threads at once."""

    def __init__(self, capacity: int = CACHE_BYTES) -> None:
        self._cache: ByteCache[_Key, _ReadPlane] = ByteCache(capacity, _bytes_of)
        self._lock = threading.Lock()

    def read(
        self, request: PlaneRequest, tell: Tell = _tell_nobody, stopped: Callable[[], bool] = _never
    ) -> PlanePictures:
        """The pictures asked for.

        A plane across y or x takes a part of every slice, and where slices are compressed all of each: it is read a
        few slices at a time, and what is there is told in between.

        Args:
            request: What to read.
            tell: Takes what has been read so far, from time to time.
            stopped: Asked in between; where it says yes, what has been read until then is returned.

        Raises:
            SourceError: A file is damaged or has gone.
        """
        planes = [self._begun(look.source, request) for look in request.looks]
        depth = len(planes[0].values)
        begin, told = min(plane.ready for plane in planes), time.monotonic()
        for start, stop in slabs(begin, depth) if request.axis else _at_once(begin, depth):
            if start > begin and stopped():
                return self._pictures(request, planes)
            if start > begin and time.monotonic() - told > TELL_S:
                tell(self._pictures(request, planes))
                told = time.monotonic()
            for plane, look in zip(planes, request.looks, strict=True):
                plane.values[start:stop] = _rows(look.source, request, start, stop)
                plane.ready = max(plane.ready, stop)
        return self._pictures(request, planes)

    def forget(self) -> None:
        """Keep no voxels of what was open before."""
        with self._lock:
            self._cache.clear()

    def _begun(self, source: StackSource, request: PlaneRequest) -> _ReadPlane:
        """What is known of a plane: all of it, its first rows, or nothing. The caller may read on."""
        key = source, request.axis, request.index
        with self._lock:
            known = self._cache.get(key)
        return _ReadPlane(key, known.values, known.ready) if known is not None else _unread(key)

    def _pictures(self, request: PlaneRequest, planes: list[_ReadPlane]) -> PlanePictures:
        """Pictures of what has been read, which is kept."""
        ready, whole = min(plane.ready for plane in planes), len(planes[0].values)
        # Reading goes on in the array itself.
        kept = [_ReadPlane(p.key, p.values if p.ready == whole else p.values.copy(), p.ready) for p in planes]
        with self._lock:
            for plane in kept:
                self._cache.put(plane.key, plane)
        values = tuple(plane.values for plane in kept)
        looks = zip(values, request.looks, strict=True)
        images = tuple(plane_image(plane[:ready], look.channels) for plane, look in looks)
        if ready < whole:
            images = tuple(_extended(image, whole) for image in images)
        return PlanePictures(request, values, images, ready)


@dataclass
class _ReadPlane:
    """The voxels of a plane, and how many of its rows have been read, from the top."""

    key: _Key
    values: npt.NDArray[Any]
    ready: int


def _unread(key: _Key) -> _ReadPlane:
    source = key[0]
    lengths = [length for axis, length in enumerate(source.shape) if axis != key[1]]
    shape = (*lengths, source.channels) if source.channels > 1 else tuple(lengths)
    return _ReadPlane(key, np.zeros(shape, source.dtype), 0)


def _at_once(first: int, depth: int) -> list[tuple[int, int]]:
    return [(first, depth)] if first < depth else []


def _rows(source: StackSource, request: PlaneRequest, start: int, stop: int) -> npt.NDArray[Any]:
    """The rows from `start` to `stop` of a plane; of one across z always all."""
    if request.axis == 0:
        return source.plane(0, request.index)
    box = [slice(start, stop), slice(None), slice(None)]
    box[request.axis] = slice(request.index, request.index + 1)
    return source.read(*box).squeeze(request.axis)


def _extended(image: QImage, height: int) -> QImage:
    """An image with transparent rows below it."""
    return image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied).copy(0, 0, image.width(), height)


def plane_image(plane: npt.NDArray[Any], channels: Sequence[ChannelDisplay] | None) -> QImage:
    """A plane as a picture.

    Args:
        plane: (rows, columns) or (rows, columns, channels).
        channels: How each channel is shown; None shows the values of the first one as labels, 0 being transparent.
    """
    plane = plane if plane.ndim == 3 else plane[..., None]
    if channels is None:
        return _to_image(to_label_colors(plane[..., 0]), QImage.Format.Format_ARGB32)
    return _to_image(np.ascontiguousarray(to_display(plane, channels)), QImage.Format.Format_RGB888)


def gray(levels: Levels, count: int = 1, *, inverted: bool = False) -> tuple[ChannelDisplay, ...]:
    """The first of `count` channels in shades of gray, and nothing of the others."""
    return tuple(
        ChannelDisplay("", levels.low, levels.high, visible=not index, inverted=inverted)
        for index in range(count)
    )


def as_colors(count: int) -> tuple[ChannelDisplay, ...]:
    """Three channels as red, green and blue; a fourth one, the opacity, is not shown."""
    return (*RGB_CHANNELS, ChannelDisplay("Opacity", 0.0, 255.0, visible=False))[:count]


def _to_image(pixels: npt.NDArray[np.uint8], kind: QImage.Format) -> QImage:
    height, width = pixels.shape[:2]
    image = QImage(pixels.data, width, height, pixels.strides[0], kind)
    # The conversion makes a picture that owns its pixels and that paints without being converted each time.
    if kind is QImage.Format.Format_ARGB32:
        return image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
    return image.convertToFormat(QImage.Format.Format_RGB32)


def _bytes_of(plane: _ReadPlane) -> int:
    return plane.values.nbytes
