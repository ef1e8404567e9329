"""Size and type of a slice from the first bytes of its file, without decoding it: thousands are compared at opening."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

# Sizes of the types of TIFF fields that matter here: bytes, words, longs, and 64-bit numbers.
FIELD_CODES = {1: "B", 3: "H", 4: "I", 16: "Q"}
WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, SAMPLES, SAMPLE_FORMAT = 256, 257, 258, 259, 262, 277, 339
WANTED = (WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, SAMPLES, SAMPLE_FORMAT)
MOST_FIELDS = 4096
UNCOMPRESSED = 1
PNG_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
PNG_PALETTE, TIFF_PALETTE = 3, 3
# Markers of JPEG that give a size: SOF0 to SOF15 but for DHT, JPG and DAC.
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


@dataclass(frozen=True)
class SliceLook:
    """What slices of one stack have in common.

    Attributes:
        width, height: In pixels.
        samples: Stored for each pixel.
        kind: Bits of a sample and what they are, such as "u16" or "f32".
        palette: Whether the samples are indices of colors.
    """

    width: int
    height: int
    samples: int
    kind: str
    palette: bool = False

    def __str__(self) -> str:
        channels = f" with {self.samples} channels" if self.samples > 1 else ""
        return f"{self.width} x {self.height} px{channels} of {self.kind}"


def look_of(path: Path) -> SliceLook | None:
    """The look of a TIFF, PNG, BMP or JPEG; None where it is damaged, cut off or none of them.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(32)
        size = os.fstat(file.fileno()).st_size
        try:
            if head.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")):
                return _tiff(file, head, size)
            if head.startswith(b"\x89PNG\r\n\x1a\n"):
                return _png(head)
            if head.startswith(b"BM"):
                return _bmp(head)
            if head.startswith(b"\xff\xd8\xff"):
                return _jpeg(file)
        except (struct.error, ValueError, KeyError, IndexError):
            return None
    return None


def _tiff(file: IO[bytes], head: bytes, size: int) -> SliceLook:
    order = "<" if head[:2] == b"II" else ">"
    big = head[2:4] in (b"+\0", b"\0+")
    offset = struct.unpack_from(order + ("Q" if big else "I"), head, 8 if big else 4)[0]
    fields = dict(_fields(file, order, big, offset))
    width, height = fields[WIDTH], fields[HEIGHT]
    samples, bits = fields.get(SAMPLES, 1), fields.get(BITS, 1)
    if min(width, height, samples, bits) < 1:
        raise ValueError("a picture without pixels")
    if fields.get(COMPRESSION, UNCOMPRESSED) == UNCOMPRESSED and width * height * samples * bits > size * 8:
        raise ValueError("it is cut off")
    letter = {2: "i", 3: "f"}.get(fields.get(SAMPLE_FORMAT, 1), "u")
    return SliceLook(width, height, samples, f"{letter}{bits}", fields.get(PHOTOMETRIC) == TIFF_PALETTE)


def _fields(file: IO[bytes], order: str, big: bool, offset: int) -> Iterator[tuple[int, int]]:
    """Numbers and first values of the fields of the first page that matter."""
    file.seek(offset)
    count = struct.unpack(order + ("Q" if big else "H"), file.read(8 if big else 2))[0]
    length, inline = (20, 8) if big else (12, 4)
    table = file.read(min(count, MOST_FIELDS) * length)
    for place in range(0, len(table) - length + 1, length):
        number, kind = struct.unpack_from(order + "HH", table, place)
        if number not in WANTED or kind not in FIELD_CODES:
            continue
        entries = struct.unpack_from(order + ("Q" if big else "I"), table, place + 4)[0]
        code = FIELD_CODES[kind]
        at = place + (12 if big else 8)
        if entries * struct.calcsize(code) <= inline:
            yield number, struct.unpack_from(order + code, table, at)[0]
        else:
            file.seek(struct.unpack_from(order + ("Q" if big else "I"), table, at)[0])
            yield number, struct.unpack(order + code, file.read(struct.calcsize(order + code)))[0]


def _png(head: bytes) -> SliceLook:
    width, height, depth, color = struct.unpack_from(">IIBB", head, 16)
    return SliceLook(width, height, PNG_CHANNELS[color], f"u{max(depth, 8)}", color == PNG_PALETTE)


def _bmp(head: bytes) -> SliceLook:
    width, height, _, bits = struct.unpack_from("<iiHH", head, 18)
    # A height below zero says that the first row is at the top.
    return SliceLook(abs(width), abs(height), max(bits // 8, 1), "u8", bits <= 8)


def _jpeg(file: IO[bytes]) -> SliceLook:
    file.seek(2)
    while True:
        prefix, marker = file.read(2)
        if prefix != 0xFF:
            raise ValueError("no marker where one should be")
        if marker == 0xFF:
            file.seek(-1, os.SEEK_CUR)
            continue
        length = struct.unpack(">H", file.read(2))[0]
        if marker in FRAMES:
            depth, height, width, samples = struct.unpack(">BHHB", file.read(6))
            return SliceLook(width, height, samples, f"u{depth}")
        file.seek(length - 2, os.SEEK_CUR)
