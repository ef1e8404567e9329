"""What the header of a picture claims about its size, compared with what its bytes can hold."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import psutil
import tifffile

from wholefield.errors import SourceError

# PIL refuses pictures above this by default (179 million pixels of color); a picture that is decoded at once and is
# larger wants tiles anyhow.
LARGEST_UNQUESTIONED_BYTES = 512 * 2**20
# Photographs and scans are packed 2 to 50 times.
TIGHTEST_PACKING = 200
# A picture and what is made of it while it is decoded.
SHARE_OF_MEMORY = 0.4

Claim = tuple[int, int, int]
"""(width, height, bytes per pixel)."""


def refuse_too_large(path: Path, width: int, height: int, pixel_bytes: int, stored: int) -> None:
    """Raise SourceError before memory is taken for a picture that its bytes cannot hold, or the memory.

    Args:
        path: The file.
        width: Claimed columns.
        height: Claimed rows.
        pixel_bytes: Bytes per decoded pixel.
        stored: Bytes of the file.
    """
    claimed = width * height * pixel_bytes
    size = f"{width} x {height} px ({claimed / 2**30:.1f} GB)"
    if claimed > LARGEST_UNQUESTIONED_BYTES and claimed > stored * TIGHTEST_PACKING:
        raise SourceError(
            f"{path} claims {size} and has {stored} bytes, as decompression bombs do; "
            "if it is a real picture, save it as a tiled TIFF."
        )
    if claimed > psutil.virtual_memory().available * SHARE_OF_MEMORY:
        raise SourceError(
            f"{path} has {size}, which does not fit into memory at once; save it as a tiled TIFF, read in parts."
        )


def claim_of(data: bytes) -> Claim | None:
    """What the header of a picture claims, or None where it is cut off or unknown."""
    for signature, read in READERS:
        if data.startswith(signature):
            try:
                return read(data)
            except (struct.error, IndexError, ValueError):
                return None
    return None


def _png(data: bytes) -> Claim:
    width, height, bits, kind = struct.unpack(">IIBB", data[16:26])
    samples = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[kind] if kind in (0, 2, 3, 4, 6) else 4
    return width, height, samples * (2 if bits == 16 else 1)


def _jpeg(data: bytes) -> Claim:
    bits, height, width, samples = tifffile.tifffile.jpeg_shape(data)
    return width, height, samples * (2 if bits > 8 else 1)


def _gif(data: bytes) -> Claim:
    width, height = struct.unpack("<HH", data[6:10])
    return width, height, 1


def _bmp(data: bytes) -> Claim:
    header = struct.unpack("<I", data[14:18])[0]
    width, height = struct.unpack("<HH" if header == 12 else "<ii", data[18 : 22 if header == 12 else 26])
    bits = struct.unpack("<H", data[24:26] if header == 12 else data[28:30])[0]
    return abs(width), abs(height), 1 if bits <= 8 else 4


def _webp(data: bytes) -> Claim:
    kind = data[12:16]
    if kind == b"VP8X":
        width, height = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
    elif kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    else:
        width, height = (side & 0x3FFF for side in struct.unpack("<HH", data[26:30]))
    return width, height, 4


def _jpeg_2000(data: bytes) -> Claim:
    """By the codestream, which is what is decoded; the boxes before it may say something else."""
    start = data.index(b"\xff\x4f\xff\x51")
    right, lower, left, upper = struct.unpack(">4I", data[start + 8 : start + 24])
    samples = struct.unpack(">H", data[start + 40 : start + 42])[0]
    bits = (data[start + 42] & 0x7F) + 1
    return right - left, lower - upper, samples * (1 if bits <= 8 else 2 if bits <= 16 else 4)


READERS: tuple[tuple[bytes, Callable[[bytes], Claim]], ...] = (
    (b"\x89PNG", _png),
    (b"\xff\xd8", _jpeg),
    (b"GIF8", _gif),
    (b"BM", _bmp),
    (b"RIFF", _webp),
    (b"\0\0\0\x0cjP  ", _jpeg_2000),
    (b"\xff\x4f\xff\x51", _jpeg_2000),
)
