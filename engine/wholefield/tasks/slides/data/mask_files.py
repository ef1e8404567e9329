"""Opening masks: the stored numbers of an image, whatever colors they are shown in."""

import zlib
from collections.abc import Sequence
from pathlib import Path

import imagecodecs
import numpy as np

from wholefield.errors import SettingError, SourceError
from wholefield.sources import ImageSource, Kind, Reading, format_of, open_image, questions_of
from wholefield.sources.reading import head_of, readable
from wholefield.sources.slides.image import AnyArray, Description, Level, levels_from_sizes
from wholefield.sources.slides.picture import PictureSource, picture_bytes
from wholefield.sources.slides.tiff.source import open_tiff
from wholefield.tasks.slides.labels.shape_masks import ShapeMask, is_drawn

OPEN_TIFF = "wholefield.sources.slides.tiff.source:open_tiff"
PNG = b"\x89PNG\r\n\x1a\n"
# Bytes of the header of a PNG: its length and name, then width, height, depth, color type and three more, and a sum.
DEPTH, COLOR_TYPE, HEADER, HEADER_END = 24, 25, slice(12, 29), 33
PALETTE, GRAY = 3, 0


def open_mask(path: Path, slide: ImageSource, names: Sequence[str] = ()) -> ImageSource:
    """Open an image of labels, or shapes as one.

    A palette gives its indices, and colors that are all gray one channel; bits are 0 and 1.

    Args:
        path: The file.
        slide: The open slide that it belongs to.
        names: The classes of shapes, in the order of their values.

    Returns:
        The open image, with one channel; use it as a context manager, or close it.

    Raises:
        SourceError: It cannot be opened.
        SettingError: It holds colors, or opacities, instead of labels.
    """
    if is_drawn(path):
        return ShapeMask(path, slide, names)
    with readable(path):
        head = head_of(path, len(PNG)) if path.is_file() else b""
    if head == PNG:
        return _open_png(path)
    source = _open_numbers(path)
    return _GrayColors(source) if source.channels in (3, 4) else source


def _open_numbers(path: Path) -> ImageSource:
    """An image with the numbers that are stored, where its format can show them as something else."""
    found = format_of(path)
    if found is not None and found.opener == OPEN_TIFF:
        return open_tiff(path, as_stored=True)
    indexed = any(question.name == "palette" for question in questions_of(path, kind=Kind.IMAGE))
    return open_image(path, reading=Reading({"palette": "indices"}) if indexed else None)


class _GrayColors(ImageSource):
    """A picture that is stored in colors, all of them gray, as paint programs write masks; read as one channel."""

    def __init__(self, source: ImageSource) -> None:
        size = Description(
            source.format_name, source.levels, 1, source.dtype, source.spacing, source.metadata
        )
        super().__init__(source.path, size)
        self._source = source

    def close(self) -> None:
        """Close the file."""
        self._source.close()

    def _read_inside(self, level: int, x: int, y: int, width: int, height: int) -> AnyArray:
        return _gray(self._source.read_region(level, x, y, width, height), self.path)


def _open_png(path: Path) -> ImageSource:
    data = picture_bytes(path)
    depth, kind = (data[DEPTH], data[COLOR_TYPE]) if len(data) > HEADER_END else (0, GRAY)
    if kind == PALETTE:
        data = _as_gray(data)
    try:
        pixels: AnyArray = np.asarray(imagecodecs.png_decode(data))
    except Exception as error:  # codecs raise errors of their own kinds
        raise SourceError(f"{path} is a damaged PNG ({error}); copy it again from its source.") from error
    pixels = _gray(pixels if pixels.ndim == 3 else pixels[..., None], path)
    if depth in (1, 2, 4):
        # The decoder stretches few bits over a whole byte; the stored numbers are labels.
        pixels = pixels // (255 // (2**depth - 1))
    height, width = pixels.shape[:2]
    levels: tuple[Level, ...] = levels_from_sizes([(width, height)])
    return PictureSource(path, Description("PNG", levels, 1, pixels.dtype, None, {}), pixels)


def _as_gray(data: bytes) -> bytes:
    """The same PNG with the indices of its palette as gray values."""
    changed = bytearray(data)
    changed[COLOR_TYPE] = GRAY
    changed[HEADER_END - 4 : HEADER_END] = zlib.crc32(changed[HEADER]).to_bytes(4, "big")
    kept, at = changed[:HEADER_END], HEADER_END
    while at + 8 <= len(changed):
        length = int.from_bytes(changed[at : at + 4], "big")
        # A palette and its opacities have no place in a gray picture.
        if bytes(changed[at + 4 : at + 8]) not in (b"PLTE", b"tRNS", b"bKGD", b"hIST"):
            kept += changed[at : at + 12 + length]
        at += 12 + length
    return bytes(kept)


def _gray(pixels: AnyArray, path: Path) -> AnyArray:
    """One channel of pixels (h, w, channels) whose colors are all gray and opaque: (h, w, 1).

    Raises:
        SettingError: They are not.
    """
    channels = pixels.shape[2]
    if channels in (2, 4):
        if not (pixels[..., -1] == np.iinfo(pixels.dtype).max).all():
            raise SettingError(
                f"The mask {path} is transparent in places, which says nothing of labels; save it without opacity."
            )
        channels -= 1
    if channels == 3 and not (pixels[..., :1] == pixels[..., 1:3]).all():
        raise SettingError(
            f"The mask {path} holds colors, but labels are numbers; save it as a gray image, or with a palette whose "
            "indices are the labels."
        )
    return pixels[..., :1]
