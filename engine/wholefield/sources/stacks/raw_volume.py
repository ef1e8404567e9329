"""Voxels that lie in files as plain numbers, possibly compressed: NIfTI, MetaImage, NRRD, NumPy and others."""

from __future__ import annotations

import errno
import math
import tempfile
import zlib
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from wholefield.errors import SourceError
from wholefield.sources.cache import SHARED_CACHE
from wholefield.sources.reading import closed, damaged
from wholefield.sources.stacks.axes import AxisOrder
from wholefield.sources.stacks.file_bytes import FileBytes, ManyFiles, OpenFile, Part, read_array
from wholefield.sources.stacks.packing import Packing, most_bytes, unpack
from wholefield.sources.stacks.stack import AnyArray, Box, StackDescription, StackSource

__all__ = ["Packing", "Part", "RawLayout", "RawVolume", "scaled_dtype"]

# Planes across x, which lie all over the file: as many as fill a line of the processor's cache, and some memory.
MOST_COLUMNS = 32
BLOCK_BYTES = 64 * 2**20
MANY_ROWS = 2**14


@dataclass(frozen=True)
class RawLayout:
    """How the voxels of a volume lie in files.

    Attributes:
        parts: Files with equally many voxels each, in order.
        order: The axes, the slowest first.
        dtype: Type of the stored numbers, with its byte order.
        packing: How the bytes are compressed.
        scale: Stored numbers are multiplied by the first and then added to the second; None where they count.
    """

    parts: tuple[Part, ...]
    order: AxisOrder
    dtype: np.dtype[Any]
    packing: Packing = Packing.RAW
    scale: tuple[float, float] | None = None

    @property
    def part_bytes(self) -> int:
        """Bytes of one part after decompressing."""
        return math.prod(self.order.lengths) * self.dtype.itemsize // len(self.parts)

    def refuse_impossible(self, header: Path) -> None:
        """Raise SourceError where the files that a header names cannot hold its voxels, as far as sizes tell."""
        lengths = self.order.lengths
        if min(lengths) < 1 or not self.parts or math.prod(lengths) % len(self.parts):
            size = " x ".join(map(str, lengths))
            raise SourceError(
                f"{header} describes {size} voxels in {len(self.parts)} files, which does not go together; check its "
                "header."
            )
        for part in self.parts:
            self._refuse_short(header, part)

    def _refuse_short(self, header: Path, part: Part) -> None:
        try:
            size = part.path.stat().st_size - part.offset
        except (FileNotFoundError, NotADirectoryError, ValueError):  # ValueError: a null byte in the name
            raise SourceError(
                f"{header} keeps its voxels in {str(part.path)!r}, which is missing; put it next to its header."
            ) from None
        except OSError as error:
            raise SourceError(
                f"{header} names {str(part.path)[:200]!r}, which cannot be read ({error})."
            ) from error
        missing = self.part_bytes + part.skip - most_bytes(self.packing, size)
        if missing <= 0:
            return
        if self.packing is Packing.RAW:
            raise SourceError(
                f"{part.path} is cut off: {missing} bytes are missing at its end; copy it again from its source."
            )
        raise SourceError(
            f"{header} describes {self.part_bytes} bytes of voxels, more than {size} compressed bytes can hold; its "
            "header is wrong, or the file is cut off: copy it again from its source."
        )


class RawVolume(StackSource):
    """A volume in plain numbers.

    Of raw files a box costs about what it covers. Compressed ones can only be read from their beginning: the first
    read decompresses all of it, once, into an unnamed temporary file that disappears with the last source of the
    file, and later reads are as cheap as raw ones.
    """

    def __init__(self, path: Path, description: StackDescription, layout: RawLayout) -> None:
        super().__init__(path, description)
        self._layout = layout
        self._bytes = _LayoutBytes(path, layout)
        self._cache = SHARED_CACHE
        self._owner = self._cache.new_owner()

    def _release(self) -> None:
        self._cache.drop(self._owner)
        self._bytes.close()

    def _read_box(self, box: Box) -> AnyArray:
        columns = self._columns_at_once(box)
        if columns < 2:
            return self._read_from_file(box)
        # A plane of columns takes nearly all of the file from memory to memory; its neighbors cost nothing more.
        block = box[2].start // columns
        side = slice(block * columns, min((block + 1) * columns, self.shape[2]))
        key = (self._owner, self.time, block, columns)
        held = self._cache.get(key, partial(self._read_from_file, (box[0], box[1], side)))
        place = box[2].start - side.start
        return held[:, :, place : place + 1]

    def _columns_at_once(self, box: Box) -> int:
        """How many planes of columns are read when one whole one is asked for; 1 for any other box."""
        whole = all(side == slice(0, length) for side, length in zip(box[:2], self.shape, strict=False))
        if not whole or box[2].stop - box[2].start != 1 or self.shape[0] * self.shape[1] < MANY_ROWS:
            return 1
        each = self.shape[0] * self.shape[1] * self.channels * self.dtype.itemsize
        return min(BLOCK_BYTES // each, MOST_COLUMNS)

    def _read_from_file(self, box: Box) -> AnyArray:
        layout = self._layout
        selection = layout.order.selection(self.time, box)
        stored = read_array(self._bytes.opened(), layout.order.lengths, layout.dtype, selection)
        values = layout.order.arranged(stored.astype(layout.dtype.newbyteorder("="), copy=False))
        return values if layout.scale is None else _scaled(values, layout.scale, self.dtype)


class _LayoutBytes:
    """The bytes of a layout, opened and unpacked when they are first needed, for all times of a file."""

    def __init__(self, path: Path, layout: RawLayout) -> None:
        self._path = path
        self._layout = layout
        self._lock = Lock()
        self._opened: FileBytes | None = None
        self._closed = False

    def opened(self) -> FileBytes:
        """The bytes, raw."""
        with self._lock:
            if self._closed:
                raise closed(self._path.name)
            if self._opened is None:
                self._opened = self._open()
            return self._opened

    def close(self) -> None:
        """Release the files; what was decompressed is deleted."""
        with self._lock:
            self._closed = True
            if self._opened is not None:
                self._opened.close()

    def _open(self) -> FileBytes:
        layout = self._layout
        try:
            if layout.packing is not Packing.RAW:
                return self._unpacked()
            if len(layout.parts) > 1:
                return ManyFiles(layout.parts, layout.part_bytes)
            part = layout.parts[0]
            return OpenFile(part.path, part.path.open("rb", 0), part.offset + part.skip)
        except SourceError:
            raise
        except (OSError, EOFError, ValueError, zlib.error) as error:
            if isinstance(error, OSError) and error.errno == errno.ENOSPC:
                raise SourceError(
                    f"{self._path} cannot be unpacked: the disk of {tempfile.gettempdir()} is full; make room there."
                ) from error
            raise damaged(self._path, error) from error

    def _unpacked(self) -> FileBytes:
        layout = self._layout
        # No name, so that it goes with the last reference to it, also after a crash.
        scratch = tempfile.TemporaryFile(prefix="wholefield-")  # noqa: SIM115  # closed with the source
        try:
            for part in layout.parts:
                unpack(part, layout.packing, layout.part_bytes, scratch)
            scratch.flush()
        except BaseException:
            scratch.close()
            raise
        return OpenFile(self._path, scratch)


def scaled_dtype(dtype: np.dtype[Any], scale: tuple[float, float] | None) -> np.dtype[Any]:
    """Type of the values after scaling: float32 holds all numbers of 16 bits exactly, others take float64."""
    if scale is None:
        return dtype.newbyteorder("=")
    return np.dtype(np.float32 if dtype.itemsize <= 2 or dtype == np.float32 else np.float64)


def _scaled(values: AnyArray, scale: tuple[float, float], dtype: np.dtype[Any]) -> AnyArray:
    return (values.astype(np.float64) * scale[0] + scale[1]).astype(dtype)
