"""TIFFs written tag by tag, for what no library writes."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, ORIENTATION, SAMPLES, ROWS = (
    256,
    257,
    258,
    259,
    262,
    274,
    277,
    278,
)
STRIPS, STRIP_BYTES, COLORMAP, INK_SET, EXTRA, SUBSAMPLING, ICC = 273, 279, 320, 332, 338, 530, 34675
SHORT, LONG, RATIONAL, BYTES = "H", "I", "R", "B"
CODES = {SHORT: 3, LONG: 4, RATIONAL: 5, BYTES: 7}

Tags = Mapping[int, tuple[str, Sequence[Any]]]


class Tiff:
    """One page under construction; blocks of bytes lie before its table."""

    def __init__(self) -> None:
        self.content = bytearray(b"II*\0\0\0\0\0")
        self.tags: dict[int, tuple[int, int, bytes]] = {}

    def block(self, data: bytes) -> int:
        """Put bytes into the file; gives where."""
        self.content += bytes(len(self.content) % 2)
        at = len(self.content)
        self.content += data
        return at

    def tag(self, number: int, kind: str, values: Sequence[Any]) -> None:
        """Set a tag; rationals are pairs."""
        flat = [part for pair in values for part in pair] if kind == RATIONAL else list(values)
        packed = struct.pack(f"<{len(flat)}{'I' if kind == RATIONAL else kind}", *flat)
        self.tags[number] = (CODES[kind], len(values), packed)

    def strips(self, data: Sequence[bytes]) -> None:
        """The strips of the page; None of them leaves a table of zeros."""
        self.tag(STRIPS, LONG, [self.block(strip) if strip else 0 for strip in data])
        self.tag(STRIP_BYTES, LONG, [len(strip) for strip in data])

    def write(self, path: Path) -> Path:
        """Put the table of tags behind the blocks."""
        entries = b""
        for number in sorted(self.tags):
            kind, count, packed = self.tags[number]
            value = packed.ljust(4, b"\0") if len(packed) <= 4 else struct.pack("<I", self.block(packed))
            entries += struct.pack("<HHI", number, kind, count) + value
        at = self.block(struct.pack("<H", len(self.tags)) + entries + bytes(4))
        self.content[4:8] = struct.pack("<I", at)
        path.write_bytes(self.content)
        return path


def raw_tiff(
    path: Path,
    pixels: bytes,
    size: tuple[int, int],
    *,
    photometric: int,
    bits: Sequence[int] = (8,),
    more: Tags | None = None,
    compression: int | None = 1,
) -> Path:
    """A TIFF of one strip.

    Args:
        path: Where to.
        pixels: The bytes of the strip.
        size: (height, width).
        photometric: Value of that tag.
        bits: Per sample.
        more: Further tags: a type and values.
        compression: Value of that tag; None for none.
    """
    tiff = Tiff()
    height, width = size
    for number, value in ((WIDTH, width), (HEIGHT, height), (ROWS, height)):
        tiff.tag(number, LONG, [value])
    tiff.tag(BITS, SHORT, bits)
    tiff.tag(PHOTOMETRIC, SHORT, [photometric])
    tiff.tag(SAMPLES, SHORT, [len(bits)])
    if compression is not None:
        tiff.tag(COMPRESSION, SHORT, [compression])
    for number, (kind, values) in (more or {}).items():
        tiff.tag(number, kind, values)
    tiff.strips([pixels])
    return tiff.write(path)


def packed(values: np.ndarray[Any, np.dtype[np.uint8]], bits: int) -> bytes:
    """Rows of values of 1 to 8 bits, each row filled up to whole bytes."""
    rows = np.unpackbits(values[..., None], axis=2)[..., 8 - bits :].reshape(len(values), -1)
    return np.packbits(rows, axis=1).tobytes()
