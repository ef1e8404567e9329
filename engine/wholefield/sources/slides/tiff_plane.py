"""Tiles of one TIFF page, read through the page's own table of offsets and decoded one at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import RLock
from typing import Any

import numpy as np
import tifffile

from wholefield.errors import SourceError
from wholefield.sources.reading import closed
from wholefield.sources.slides.image import AnyArray
from wholefield.sources.slides.pixels import over_white

# Rows of an uncompressed page that lies in one piece are read in bands of about this size.
BAND_BYTES = 2**20

PALETTE = tifffile.PHOTOMETRIC.PALETTE
MINISWHITE = tifffile.PHOTOMETRIC.MINISWHITE


class ByteReader:
    """Reads byte ranges of one open TIFF, for several threads in turn.

    Attributes:
        path: The file.
        size: Its length in bytes.
        lock: Held by anyone who moves in the file, such as tifffile when it reads the table of a page.
    """

    def __init__(self, path: Path, tiff: tifffile.TiffFile) -> None:
        self.path = path
        self.size = int(tiff.filehandle.size)
        self.lock = RLock()
        self._tiff = tiff
        self._open = True

    def read(self, offset: int, count: int) -> bytes:
        """The bytes of a range.

        Raises:
            SourceError: The file is closed, shorter than the range, or cannot be read.
        """
        with self.lock:
            self.refuse_closed()
            try:
                self._tiff.filehandle.seek(offset)
                data = bytes(self._tiff.filehandle.read(count))
            except OSError as error:
                raise SourceError(
                    f"{self.path} cannot be read ({error}); check the disk it is on."
                ) from error
        if len(data) != count:
            raise SourceError(f"{self.path} ends too early; copy it again.")
        return data

    def holds(self, page: Any) -> bool:
        """Whether a page lies in this file; those of an OME-TIFF may lie in others."""
        return page.parent is self._tiff

    def refuse_closed(self) -> None:
        """Raise SourceError after `close`."""
        if not self._open:
            raise closed(self.path.name)

    def close(self) -> None:
        """Close the file once no thread reads from it any more."""
        with self.lock:
            if self._open:
                self._open = False
                self._tiff.close()


class TiffPlane:
    """One page of a TIFF as a grid of tiles. A page in strips is a grid with one column.

    Attributes:
        tile_size: (height, width) of a whole tile.
        channels: Samples of a decoded pixel.
        dtype: Type of decoded samples.
    """

    def __init__(self, page: Any, reader: ByteReader, *, offset: int | None = None) -> None:
        """Prepare a page.

        Args:
            page: A `tifffile.TiffPage` or `TiffFrame`.
            reader: Reads from the file of the page.
            offset: First byte of the uncompressed pixels, for the later planes of a page that holds several.
        """
        self._keyframe = page.keyframe
        self._reader = reader
        self._samples, _, self._height, self._width, contiguous = self._keyframe.shaped
        self._offsets: Sequence[int] = page.dataoffsets
        self._counts: Sequence[int] = page.databytecounts
        self._jpegtables = page.jpegtables
        self._alpha = _alpha_sample(self._keyframe)
        self._in_one_piece = offset is not None or self._lies_in_one_piece()
        if self._in_one_piece:
            self._first = int(self._offsets[0]) if offset is None else offset
            self._row_bytes = self._width * contiguous * self._keyframe.dtype.itemsize
            self.tile_size = min(max(BAND_BYTES // self._row_bytes, 1), self._height), self._width
        elif self._keyframe.is_tiled:
            self.tile_size = self._keyframe.tilelength, self._keyframe.tilewidth
        else:
            self.tile_size = min(self._keyframe.rowsperstrip, self._height), self._width
        self.dtype = _shown_dtype(self._keyframe)
        samples = self._samples * contiguous
        self.channels = 3 if self._keyframe.photometric == PALETTE or self._alpha is not None else samples

    def byte_end(self) -> int:
        """One past the last byte that the page refers to."""
        if self._in_one_piece:
            return self._first + self._samples * self._height * self._row_bytes
        ends = np.asarray(self._offsets, np.uint64) + np.asarray(self._counts, np.uint64)
        return int(ends.max(initial=0))

    def has_every_segment(self) -> bool:
        """Whether the table of offsets is as long as the grid of tiles needs."""
        if self._in_one_piece:
            return True
        rows = -(-self._height // self.tile_size[0])
        needed = rows * self._columns() * self._samples
        return len(self._offsets) >= needed and len(self._counts) >= needed

    def decode(self, row: int, column: int) -> AnyArray:
        """Pixels (height, width, channels) of one tile; one at the border may be cut or whole."""
        return self._shown(np.concatenate(list(self._segments(row, column)), axis=2))

    def _lies_in_one_piece(self) -> bool:
        page = self._keyframe
        plain = page.compression == 1 and not page.is_tiled and page.predictor == 1 and page.fillorder == 1
        whole_bytes = page.bitspersample == page.dtype.itemsize * 8
        return bool(plain and whole_bytes and _contiguous(self._offsets, self._counts))

    def _columns(self) -> int:
        return -(-self._width // self.tile_size[1])

    def _segments(self, row: int, column: int) -> Iterator[AnyArray]:
        for sample in range(self._samples):
            yield self._band(sample, row) if self._in_one_piece else self._segment(sample, row, column)

    def _band(self, sample: int, row: int) -> AnyArray:
        top = row * self.tile_size[0]
        rows = min(self.tile_size[0], self._height - top)
        first = self._first + (sample * self._height + top) * self._row_bytes
        stored = self._keyframe.dtype.newbyteorder(self._keyframe.parent.byteorder)
        values = np.frombuffer(self._reader.read(first, rows * self._row_bytes), stored)
        return values.reshape(rows, self._width, -1)

    def _segment(self, sample: int, row: int, column: int) -> AnyArray:
        columns = self._columns()
        rows = -(-self._height // self.tile_size[0])
        index = (sample * rows + row) * columns + column
        count = int(self._counts[index])
        data = self._reader.read(int(self._offsets[index]), count) if count else None
        try:
            pixels, _, shape = self._keyframe.decode(data, index, jpegtables=self._jpegtables)
        except Exception as error:  # codecs raise errors of their own kinds
            raise SourceError(
                f"{self._reader.path} is damaged: the tile in row {row}, column {column} cannot be decoded "
                f"({error}); copy the file again from its source."
            ) from error
        if pixels is None:
            return self._missing(shape[1:])
        return np.asarray(pixels).reshape(pixels.shape[-3:])

    def _missing(self, shape: tuple[int, int, int]) -> AnyArray:
        """What scanners leave out is background: white for color pictures, otherwise zero."""
        page = self._keyframe
        white = page.dtype == np.uint8 and self._samples * shape[2] >= 3 and page.photometric != MINISWHITE
        return np.full(shape, 255 if white else 0, page.dtype)

    def _shown(self, pixels: AnyArray) -> AnyArray:
        page = self._keyframe
        if page.photometric == PALETTE:
            return np.moveaxis(page.colormap[:, pixels[..., 0]] >> 8, 0, -1).astype(np.uint8)
        if page.dtype == np.bool_:
            pixels = pixels.astype(np.uint8) * 255
        if page.photometric == MINISWHITE and pixels.dtype.kind == "u":
            pixels = np.iinfo(pixels.dtype).max - pixels
        if self._alpha is not None:
            opacity = pixels[..., self._alpha]
            pixels = over_white(pixels[..., :3], opacity, premultiplied=self._premultiplied())
        return pixels.astype(self.dtype, copy=False)

    def _premultiplied(self) -> bool:
        return bool(self._keyframe.extrasamples[0] == tifffile.EXTRASAMPLE.ASSOCALPHA)


def _contiguous(offsets: Sequence[int], counts: Sequence[int]) -> bool:
    starts, lengths = np.asarray(offsets, np.uint64), np.asarray(counts, np.uint64)
    return bool(np.array_equal(starts[:-1] + lengths[:-1], starts[1:]) and np.all(lengths > 0))


def _alpha_sample(page: Any) -> int | None:
    """Index of the opacity of an RGB page with 8 bits a sample, if it has one."""
    kinds = (tifffile.EXTRASAMPLE.ASSOCALPHA, tifffile.EXTRASAMPLE.UNASSALPHA)
    is_color = page.photometric in (tifffile.PHOTOMETRIC.RGB, tifffile.PHOTOMETRIC.YCBCR)
    if is_color and page.samplesperpixel == 4 and page.dtype == np.uint8:
        return 3 if page.extrasamples and page.extrasamples[0] in kinds else None
    return None


def _shown_dtype(page: Any) -> np.dtype[Any]:
    if page.photometric == PALETTE or page.dtype == np.bool_:
        return np.dtype(np.uint8)
    return np.dtype(page.dtype).newbyteorder("=")
