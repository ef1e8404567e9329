"""Label, macro image and thumbnail of a TIFF: the series beside its main one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from wholefield.errors import SourceError
from wholefield.sources.slides.associated import AssociatedImages
from wholefield.sources.slides.image import AnyArray
from wholefield.sources.slides.tiff.plane import ByteReader, TiffPlane

NAMES = ("label", "macro", "thumbnail", "overview")
# An associated picture that is larger than this is a slide of its own.
MOST_PIXELS = 64 * 2**20


def associated_images(tiff: Any, main: Any, reader: ByteReader) -> AssociatedImages:
    """The pictures that a TIFF calls label, macro, thumbnail or overview.

    Args:
        tiff: The open file.
        main: The series of the slide itself.
        reader: Reads from the file.
    """
    readers: dict[str, Callable[[], AnyArray]] = {}
    for series in tiff.series:
        page = series.keyframe
        name = _name(series)
        is_small = page.imagewidth * page.imagelength <= MOST_PIXELS
        if series is not main and name and name not in readers and is_small and reader.holds(page):
            readers[name] = partial(_read, page, reader)
    return AssociatedImages(readers)


def _name(series: Any) -> str:
    """Which of the usual names a series has, in its own name or in the description of its page."""
    described = str(series.keyframe.description or "")[:1000]
    for text in (str(series.name or "").lower(), described.lower()):
        for name in NAMES:
            if name in text:
                return name
    return ""


def _read(page: Any, reader: ByteReader) -> AnyArray:
    plane = TiffPlane(page, reader)
    if plane.dtype != np.uint8:
        raise SourceError(
            f"{reader.path} has a label or macro image of {plane.dtype}, which cannot be shown."
        )
    height, width = page.imagelength, page.imagewidth
    tall, wide = plane.tile_size
    picture = np.zeros((height, width, plane.channels), np.uint8)
    for row in range(-(-height // tall)):
        for column in range(-(-width // wide)):
            place = picture[row * tall :, column * wide :][:tall, :wide]
            place[...] = plane.decode(row, column)[: place.shape[0], : place.shape[1]]
    return picture if plane.channels in (1, 3) else picture[..., :1]
