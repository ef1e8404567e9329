"""How the voxels of a file are compressed, what a number of compressed bytes can hold at most, and their unpacking."""

from __future__ import annotations

import bz2
import gzip
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import IO

from wholefield.errors import SourceError
from wholefield.sources.stacks.file_bytes import Part

CHUNK_BYTES = 2**20
GZIP_SIGNATURE = b"\x1f\x8b"
# Deflate codes 258 bytes in two bits at best; bzip2 a gigabyte of zeros in 700 bytes.
MOST_PER_BYTE = {"raw": 1, "zlib": 1032, "deflate": 1032, "gzip": 1032, "bzip2": 2**21}


class Packing(StrEnum):
    """How the bytes are compressed."""

    RAW = "raw"
    ZLIB = "zlib"
    DEFLATE = "deflate"
    GZIP = "gzip"
    BZIP2 = "bzip2"


def most_bytes(packing: Packing, size: int) -> int:
    """The most that `size` compressed bytes can hold."""
    return max(size, 0) * MOST_PER_BYTE[packing]


def unpack(part: Part, packing: Packing, length: int, target: IO[bytes]) -> None:
    """Decompress the bytes of a part, and one piece more, so that the end is reached and its checksum compared.

    Raises:
        SourceError: The disk has no room for them.
        EOFError: There are fewer bytes than that.
        OSError, ValueError, zlib.error: They are damaged.
    """
    room = shutil.disk_usage(tempfile.gettempdir()).free
    if room < length:
        raise SourceError(
            f"{part.path} holds {length / 1e9:.1f} GB when it is unpacked, and the disk of {tempfile.gettempdir()} has "
            f"{room / 1e9:.1f} GB left; make room there."
        )
    skip, left = part.skip, length
    for piece in _pieces(part, packing):
        if not left:
            break
        kept = piece[skip : skip + left]
        skip = max(skip - len(piece), 0)
        left -= target.write(kept)
    if left:
        raise EOFError(f"{left} bytes of its voxels are missing")


def is_gzipped(path: Path) -> bool:
    """Whether a file begins like gzip, whatever its name says."""
    with path.open("rb") as file:
        return file.read(2) == GZIP_SIGNATURE


def _pieces(part: Part, packing: Packing) -> Iterator[bytes]:
    with part.path.open("rb") as file:
        file.seek(part.offset)
        if packing in (Packing.ZLIB, Packing.DEFLATE):
            yield from _inflated(file, -zlib.MAX_WBITS if packing is Packing.DEFLATE else zlib.MAX_WBITS)
            return
        stream: IO[bytes] = (
            bz2.BZ2File(file) if packing is Packing.BZIP2 else gzip.GzipFile(fileobj=file)  # type: ignore[assignment]
        )
        while piece := stream.read(CHUNK_BYTES):
            yield piece


def _inflated(file: IO[bytes], window: int) -> Iterator[bytes]:
    stream = zlib.decompressobj(window)
    while not stream.eof:
        data = stream.unconsumed_tail or file.read(CHUNK_BYTES)
        piece = stream.decompress(data, CHUNK_BYTES)
        if not data and not piece:
            raise EOFError("its compressed voxels end too early")
        yield piece
