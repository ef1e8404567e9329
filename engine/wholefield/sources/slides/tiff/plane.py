"""Tiles of one TIFF page, read through the page's own table of offsets and decoded one at a time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import RLock
from typing import Any

import numpy as np
import tifffile

from wholefield.errors import SourceError
from wholefield.sources.reading import closed, damaged, reason_of
from wholefield.sources.slides.image import AnyArray
from wholefield.sources.slides.tiff.pixels import shown_pixels, stored_pixels
from wholefield.sources.slides.tiff.segments import YCBCR, refuse_trap, segment_decoder, segment_shape

# Rows of an uncompressed page that lies in one piece are read in bands of about this size.
BAND_BYTES = 2**20

UNCOMPRESSED = 1
NO_DATA = 42113
COLORS = (tifffile.PHOTOMETRIC.RGB, YCBCR)


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
        warnings: Sentences on what is converted or left out.
    """

    def __init__(
        self, page: Any, reader: ByteReader, *, offset: int | None = None, as_stored: bool = False
    ) -> None:
        """Prepare a page.

        Args:
            page: A `tifffile.TiffPage` or `TiffFrame`.
            reader: Reads from the file of the page.
            offset: First byte of the uncompressed pixels, for the later planes of a page that holds several.
            as_stored: Whether the stored numbers are wanted and not what they are shown as: the indices of a
                palette, the values of a page whose zero is white, bits as 0 and 1.

        Raises:
            SourceError: Its colors or its compression cannot be read.
        """
        keyframe = page.keyframe
        self._keyframe = keyframe
        self._reader = reader
        self._samples, _, self._height, self._width, contiguous = keyframe.shaped
        self._offsets: Sequence[int] = page.dataoffsets
        self._counts: Sequence[int] = page.databytecounts
        self._in_one_piece = offset is not None or self._lies_in_one_piece()
        if self._in_one_piece:
            self._first = int(self._offsets[0]) if offset is None else offset
            self._row_bytes = self._width * contiguous * keyframe.dtype.itemsize
            self.tile_size = min(max(BAND_BYTES // self._row_bytes, 1), self._height), self._width
        elif keyframe.is_tiled:
            self.tile_size = keyframe.tilelength, keyframe.tilewidth
        else:
            self.tile_size = min(keyframe.rowsperstrip, self._height), self._width
        try:
            self._decode = segment_decoder(keyframe, reader.read)
        except ValueError as error:
            raise SourceError(f"{reader.path} cannot be read: {error}; save it in another way.") from error
        self._pixels = stored_pixels(keyframe) if as_stored else shown_pixels(keyframe)
        self.dtype = self._pixels.dtype
        self.channels = self._pixels.channels
        self.warnings = self._pixels.warnings

    @property
    def tiles(self) -> int:
        """Number of stored tiles or strips."""
        return len(self._offsets)

    @property
    def tiles_left_out(self) -> int:
        """Tiles of which the file stores nothing, because they are background."""
        if self._in_one_piece:
            return 0
        return int(np.count_nonzero((np.asarray(self._offsets) == 0) | (np.asarray(self._counts) == 0)))

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

    def refuse_trap(self) -> None:
        """Raise SourceError if whole tiles claim more bytes than the largest that is stored can hold."""
        if self._in_one_piece:
            return
        height, width, samples = segment_shape(self._keyframe, 0)
        try:
            claimed = height * width * samples * self._keyframe.dtype.itemsize
            refuse_trap(claimed, int(np.max(np.asarray(self._counts), initial=0)))
        except ValueError as error:
            raise damaged(self._reader.path, error) from error

    def decode(self, row: int, column: int) -> AnyArray:
        """Pixels (height, width, channels) of one tile; one at the border may be cut or whole.

        Raises:
            SourceError: It is damaged, or the file is closed.
        """
        if self._in_one_piece:
            parts = [self._band(sample, row) for sample in range(self._samples)]
        else:
            stored = [self._segment(sample, row, column) for sample in range(self._samples)]
            present = next((part for part in stored if part is not None), None)
            if present is None:
                return self._background(row, column)
            parts = [np.zeros_like(present) if part is None else part for part in stored]
        try:
            return self._pixels.convert(parts[0] if len(parts) == 1 else np.concatenate(parts, axis=2))
        except Exception as error:  # samples that the tags do not allow
            raise damaged(self._reader.path, error) from error

    def background(self) -> int | float:
        """What the tiles that a file leaves out are filled with, before they are shown.

        Scanners leave out glass, and compress; programs for maps and rasters leave out zeros, or what their own tag
        says.
        """
        page = self._keyframe
        if page.tags.valueof(NO_DATA) is not None:
            return page.nodata
        is_glass = self.shown_white and int(page.compression) != UNCOMPRESSED
        return 255 if is_glass else 0

    @property
    def shown_white(self) -> bool:
        """Whether the page is a color picture of 8 bits, in which background is white."""
        return self._keyframe.photometric in COLORS and self.channels == 3 and self.dtype == np.uint8

    def _background(self, row: int, column: int) -> AnyArray:
        height, width, samples = segment_shape(self._keyframe, row * self._columns() + column)
        value = self.background()
        if self.shown_white:
            return np.full((height, width, 3), value, np.uint8)
        stored = np.full((height, width, samples * self._samples), value, self._keyframe.dtype)
        return self._pixels.convert(stored)

    def _lies_in_one_piece(self) -> bool:
        page = self._keyframe
        plain = page.compression == UNCOMPRESSED and not page.is_tiled and page.predictor == 1
        whole_bytes = page.fillorder == 1 and page.bitspersample == page.dtype.itemsize * 8
        subsampled = page.photometric == YCBCR and page.is_subsampled
        in_order = plain and whole_bytes and not subsampled
        return bool(in_order and _contiguous(self._offsets, self._counts))

    def _columns(self) -> int:
        return -(-self._width // self.tile_size[1])

    def _band(self, sample: int, row: int) -> AnyArray:
        top = row * self.tile_size[0]
        rows = min(self.tile_size[0], self._height - top)
        first = self._first + (sample * self._height + top) * self._row_bytes
        stored = self._keyframe.dtype.newbyteorder(self._keyframe.parent.byteorder)
        values = np.frombuffer(self._reader.read(first, rows * self._row_bytes), stored)
        return values.reshape(rows, self._width, -1).astype(self._keyframe.dtype, copy=False)

    def _segment(self, sample: int, row: int, column: int) -> AnyArray | None:
        """The stored samples of a segment, or None where the file leaves it out."""
        rows = -(-self._height // self.tile_size[0])
        index = (sample * rows + row) * self._columns() + column
        offset, count = int(self._offsets[index]), int(self._counts[index])
        if not offset or not count:
            return None
        data = self._reader.read(offset, count)
        try:
            return self._decode(data, index)
        except Exception as error:  # codecs raise errors of their own kinds
            raise SourceError(
                f"{self._reader.path} is damaged: the tile in row {row}, column {column} cannot be decoded "
                f"({reason_of(error)}); copy the file again from its source."
            ) from error


def _contiguous(offsets: Sequence[int], counts: Sequence[int]) -> bool:
    starts, lengths = np.asarray(offsets, np.uint64), np.asarray(counts, np.uint64)
    return bool(np.array_equal(starts[:-1] + lengths[:-1], starts[1:]) and np.all(lengths > 0))
