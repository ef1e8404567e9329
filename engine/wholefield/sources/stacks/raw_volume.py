"""Voxels that lie in files as plain numbers, x fastest, possibly compressed: NIfTI, MetaImage and NRRD."""

from __future__ import annotations

import bz2
import errno
import gzip
import math
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from threading import Lock
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from wholefield.errors import SourceError
from wholefield.sources.reading import closed, damaged
from wholefield.sources.stacks.stack import AnyArray, Box, StackDescription, StackSource

CHUNK_BYTES = 2**20


class Packing(StrEnum):
    """How the bytes are compressed."""

    RAW = "raw"
    ZLIB = "zlib"
    GZIP = "gzip"
    BZIP2 = "bzip2"


@dataclass(frozen=True)
class Part:
    """One file with some of the planes, from its first byte on.

    Attributes:
        path: The file.
        offset: Where its bytes, raw or compressed, begin.
        skip: How many bytes to leave out after decompressing.
    """

    path: Path
    offset: int = 0
    skip: int = 0


@dataclass(frozen=True)
class RawLayout:
    """How the voxels of a volume lie in files.

    Attributes:
        parts: Files with equally many planes each, in order.
        shape: (z, y, x) or (z, y, x, channels); the last axis is the fastest.
        dtype: Type of the stored numbers, with its byte order.
        packing: How the bytes are compressed.
        scale: Stored numbers are multiplied by the first and then added to the second; None where they count.
    """

    parts: tuple[Part, ...]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    packing: Packing = Packing.RAW
    scale: tuple[float, float] | None = None

    @property
    def part_shape(self) -> tuple[int, ...]:
        """Shape of the voxels in one part."""
        return (self.shape[0] // len(self.parts), *self.shape[1:])

    @property
    def part_bytes(self) -> int:
        """Bytes of one part after decompressing."""
        return math.prod(self.part_shape) * self.dtype.itemsize

    def refuse_impossible(self, header: Path) -> None:
        """Raise SourceError where the files that a header names cannot hold its voxels, as far as sizes tell."""
        if min(self.shape) < 1 or self.shape[0] % len(self.parts):
            raise SourceError(f"{header} describes a volume of {self.shape} voxels; check its header.")
        for part in self.parts:
            try:
                size = part.path.stat().st_size - part.offset
            except (FileNotFoundError, NotADirectoryError, ValueError):  # ValueError: a null byte in the name
                raise SourceError(
                    f"{header} keeps its voxels in {str(part.path)!r}, which is missing; put it next to its header."
                ) from None
            missing = self.part_bytes + part.skip - size
            if self.packing is Packing.RAW and missing > 0:
                raise SourceError(
                    f"{part.path} is cut off: {missing} bytes are missing at its end; copy it again from its "
                    "source."
                )


class RawVolume(StackSource):
    """A volume in plain numbers.

    Raw files are mapped into memory, so that a box costs what it covers. Compressed ones can only be read from
    their beginning: the first read decompresses all of it, once, into an unnamed temporary file that
    disappears with this object, and later reads are as cheap as raw ones.
    """

    def __init__(self, path: Path, description: StackDescription, layout: RawLayout) -> None:
        super().__init__(path, description)
        self._layout = layout
        self._maps: list[AnyArray] | None = None
        self._lock = Lock()

    def _release(self) -> None:
        with self._lock:
            self._maps = None

    def _read_box(self, box: Box) -> AnyArray:
        maps = self._mapped()
        depth = self._layout.part_shape[0]
        z = box[0]
        pieces = [
            maps[part][max(z.start - part * depth, 0) : z.stop - part * depth, box[1], box[2]]
            for part in range(z.start // depth, (z.stop - 1) // depth + 1)
        ]
        values = np.concatenate(pieces).astype(self._layout.dtype.newbyteorder("="), copy=False)
        return values if self._layout.scale is None else _scaled(values, self._layout.scale, self.dtype)

    def _mapped(self) -> list[AnyArray]:
        with self._lock:
            if self._closed:
                raise closed(self.name)
            if self._maps is None:
                self._maps = self._map()
            return self._maps

    def _map(self) -> list[AnyArray]:
        layout = self._layout
        try:
            return [_map_part(part, layout) for part in layout.parts]
        except SourceError:
            raise
        except (OSError, EOFError, ValueError, zlib.error) as error:
            if isinstance(error, OSError) and error.errno == errno.ENOSPC:
                raise SourceError(
                    f"{self.path} cannot be unpacked: the disk of {tempfile.gettempdir()} is full; make room there."
                ) from error
            raise damaged(self.path, error) from error


def scaled_dtype(dtype: np.dtype[Any], scale: tuple[float, float] | None) -> np.dtype[Any]:
    """Type of the values after scaling: float32 holds all numbers of 16 bits exactly, others take float64."""
    if scale is None:
        return dtype.newbyteorder("=")
    return np.dtype(np.float32 if dtype.itemsize <= 2 or dtype == np.float32 else np.float64)


def _scaled(values: AnyArray, scale: tuple[float, float], dtype: np.dtype[Any]) -> AnyArray:
    return (values.astype(np.float64) * scale[0] + scale[1]).astype(dtype)


def _map_part(part: Part, layout: RawLayout) -> AnyArray:
    if layout.packing is Packing.RAW:
        return np.memmap(part.path, layout.dtype, "r", part.offset + part.skip, layout.part_shape)
    # No name, so that it goes with the last reference to it, also after a crash.
    with tempfile.TemporaryFile(prefix="wholefield-") as scratch:
        _unpack(part, layout, scratch)
        scratch.flush()
        mapped: npt.NDArray[Any] = np.memmap(scratch, layout.dtype, "r", 0, layout.part_shape)
        return mapped


def _unpack(part: Part, layout: RawLayout, target: IO[bytes]) -> None:
    """Decompress the bytes of a part, and one piece more, so that the end is reached and its checksum compared."""
    skip, left = part.skip, layout.part_bytes
    for piece in _pieces(part, layout.packing):
        if not left:
            break
        kept = piece[skip : skip + left]
        skip = max(skip - len(piece), 0)
        left -= target.write(kept)
    if left:
        raise EOFError(f"{left} bytes of its voxels are missing")


def _pieces(part: Part, packing: Packing) -> Iterator[bytes]:
    with part.path.open("rb") as file:
        file.seek(part.offset)
        if packing is Packing.ZLIB:
            yield from _inflated(file)
            return
        stream: IO[bytes] = (
            bz2.BZ2File(file) if packing is Packing.BZIP2 else gzip.GzipFile(fileobj=file)  # type: ignore[assignment]
        )
        while piece := stream.read(CHUNK_BYTES):
            yield piece


def _inflated(file: IO[bytes]) -> Iterator[bytes]:
    stream = zlib.decompressobj()
    while not stream.eof:
        data = stream.unconsumed_tail or file.read(CHUNK_BYTES)
        piece = stream.decompress(data, CHUNK_BYTES)
        if not data and not piece:
            raise EOFError("its compressed voxels end too early")
        yield piece
