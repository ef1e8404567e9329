"""JPEG in TIFF as it was until 1995 (compression 6): the header lies in tags or in a stream of its own."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator
from typing import Any

import imagecodecs
import numpy as np

from wholefield.sources.slides.image import AnyArray

STREAM_AT, STREAM_BYTES, RESTART = 513, 514, 515
QUANTIZATION, DC_CODES, AC_CODES, PROCESS = 519, 520, 521, 512
LOSSLESS = 14
START, END, SCAN = b"\xff\xd8", b"\xff\xd9", 0xDA
FRAMES = (0xC0, 0xC1)
CODES_PER_TABLE = 16
LONGEST_TABLE = 256


class OldJpeg:
    """Makes a whole JPEG stream of every segment of a page and decodes it."""

    def __init__(self, page: Any, read: Callable[[int, int], bytes]) -> None:
        """Look at the tags.

        Args:
            page: A `tifffile.TiffPage`.
            read: Reads a number of bytes at an offset of the file.

        Raises:
            ValueError: The page keeps its JPEG tables in no way that is known.
        """
        if page.planarconfig != 1 or page.tags.valueof(PROCESS, 1) == LOSSLESS:
            raise ValueError("its old-style JPEG is lossless or planar, which is not supported")
        self._page = page
        self._read = read
        self._segments = len(page.dataoffsets)

    def decode(self, data: bytes, index: int) -> AnyArray:
        """Samples (height, width, samples) of a segment.

        Args:
            data: Its bytes.
            index: Its number.

        Raises:
            ValueError: It does not make a JPEG stream.
        """
        height, width = self._size(index)
        color = self._page.samplesperpixel == 3
        pixels = np.asarray(
            imagecodecs.jpeg8_decode(
                self._stream(data, height, width),
                colorspace="YCBCR" if color else "GRAYSCALE",
                outcolorspace="RGB" if color else "GRAYSCALE",
            )
        )
        pixels = pixels if pixels.ndim == 3 else pixels[..., None]
        if pixels.shape[0] < height or pixels.shape[1] < width:
            raise ValueError(f"its JPEG stream is {pixels.shape[1]} x {pixels.shape[0]} px")
        return pixels[:height, :width]

    def _size(self, index: int) -> tuple[int, int]:
        page = self._page
        if page.is_tiled:
            return page.tilelength, page.tilewidth
        rows = min(page.rowsperstrip, page.imagelength)
        return min(
            rows, page.imagelength - index % math.ceil(page.imagelength / rows) * rows
        ), page.imagewidth

    def _stream(self, data: bytes, height: int, width: int) -> bytes:
        if data.startswith(START) and _has_scan(data):
            return data
        whole = self._own_stream()
        if whole is not None and self._segments == 1 and _has_scan(whole):
            return whole if _ends(whole) else whole + END
        head = _head_of(whole, height, width) if whole is not None else self._head_from_tags(height, width)
        return head + data + (b"" if data.endswith(END) else END)

    def _own_stream(self) -> bytes | None:
        """The JPEG stream that tag 513 points to; where its length is absent it ends with the last strip."""
        page = self._page
        places, lengths = _numbers(page, STREAM_AT), _numbers(page, STREAM_BYTES)
        if not places:
            return None
        ends = [int(a) + int(b) for a, b in zip(page.dataoffsets, page.databytecounts, strict=False)]
        at = places[0]
        end = max([at + (lengths[0] if lengths else 0), *(ends if self._segments == 1 else [])])
        stream = self._read(at, end - at)
        return stream if stream.startswith(START) else None

    def _head_from_tags(self, height: int, width: int) -> bytes:
        page = self._page
        quantization, dc, ac = (_numbers(page, tag) for tag in (QUANTIZATION, DC_CODES, AC_CODES))
        if not (quantization and dc and ac):
            raise ValueError("its old-style JPEG has no tables")
        samples = page.samplesperpixel
        parts = [START]
        for number, at in enumerate(quantization[:samples]):
            parts.append(_segment(0xDB, bytes([number]) + self._read(at, 64)))
        for group, offsets in ((0, dc), (1, ac)):
            for number, at in enumerate(offsets[:samples]):
                parts.append(_segment(0xC4, bytes([group << 4 | number]) + self._codes(at)))
        across, down = (page.subsampling or (2, 2)) if samples == 3 else (1, 1)
        numbers = range(samples)
        table = [min(i, len(quantization) - 1) for i in numbers]
        frame = b"".join(bytes([i + 1, across << 4 | down if i == 0 else 0x11, table[i]]) for i in numbers)
        parts.append(_segment(0xC0, struct.pack(">BHHB", 8, height, width, samples) + frame))
        for interval in _numbers(page, RESTART)[:1]:
            parts.append(_segment(0xDD, struct.pack(">H", interval)))
        scan = b"".join(bytes([i + 1, min(i, len(dc) - 1) << 4 | min(i, len(ac) - 1)]) for i in numbers)
        parts.append(_segment(SCAN, bytes([samples]) + scan + b"\0\x3f\0"))
        return b"".join(parts)

    def _codes(self, at: int) -> bytes:
        counts = self._read(at, CODES_PER_TABLE)
        if sum(counts) > LONGEST_TABLE:
            raise ValueError("a table of its old-style JPEG is damaged")
        return counts + self._read(at + CODES_PER_TABLE, sum(counts))


def _numbers(page: Any, tag: int) -> list[int]:
    value = page.tags.valueof(tag)
    return [] if value is None else [int(number) for number in np.atleast_1d(value)]


def _segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def _parts(stream: bytes) -> Iterator[tuple[int, int, int]]:
    """(marker, start, end) of the segments before the entropy-coded data."""
    position = 2
    while position + 4 <= len(stream) and stream[position] == 0xFF:
        marker = stream[position + 1]
        end = position + 2 + int.from_bytes(stream[position + 2 : position + 4], "big")
        yield marker, position, end
        if marker == SCAN:
            return
        position = end


def _has_scan(stream: bytes) -> bool:
    return any(marker == SCAN and end < len(stream) for marker, _, end in _parts(stream))


def _ends(stream: bytes) -> bool:
    return stream.rstrip(b"\0").endswith(END)


def _head_of(stream: bytes, height: int, width: int) -> bytes:
    """The header of a stream up to its scan, for a segment of another height."""
    head, scan = [START], False
    for marker, start, end in _parts(stream):
        part = stream[start:end]
        if marker in FRAMES:
            part = part[:5] + struct.pack(">HH", height, width) + part[9:]
        head.append(part)
        scan = scan or marker == SCAN
    if not scan:
        raise ValueError("the stream of its old-style JPEG has no scan")
    return b"".join(head)
