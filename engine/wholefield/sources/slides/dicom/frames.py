"""The frames of one DICOM file, each read by itself: where they lie, and their bytes."""

from __future__ import annotations

import struct
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO

import numpy as np
import pydicom
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from wholefield.errors import SourceError
from wholefield.sources.reading import closed, reason_of, unreadable

ITEM, SEQUENCE_END = (0xFFFE, 0xE000), (0xFFFE, 0xE0DD)
PIXEL_DATA = (0x7FE0, 0x0010)
UNDEFINED = 0xFFFFFFFF
# The meta information, with the encoding in it, takes some hundred bytes behind the preamble.
META_BYTES = 1024
DEFLATED = "1.2.840.10008.1.2.1.99"
# A stream of JPEG, JPEG-LS or JPEG XL, or of JPEG 2000 begins so; used where a file has no table of its frames.
STREAM_STARTS = (b"\xff\xd8", b"\xff\x4f\xff\x51", b"\xff\x0a", b"\0\0\0\x0c")


class FrameFile:
    """One open DICOM file. Frames may be read from several threads.

    Attributes:
        path: The file.
        header: Everything but the pixels.
        syntax: How the frames are encoded.
        frames: Number of them.
    """

    def __init__(self, path: Path) -> None:
        """Read the header and find the frames.

        Raises:
            SourceError: The file is damaged or cut off, or encoded in a way that is not read.
        """
        self.path = path
        self._lock = Lock()
        self._file: BinaryIO | None = path.open("rb")
        try:
            self._read_header()
        except SourceError:
            self.close()
            raise
        except Exception as error:  # damaged headers raise errors of many kinds
            self.close()
            raise unreadable(path, "a DICOM slide", error) from error

    def close(self) -> None:
        """Close the file once no thread reads from it."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None

    def frame(self, number: int) -> bytes:
        """The bytes of a frame; those of one with single bits begin at the byte of its first bit.

        Raises:
            SourceError: The file is closed or cut off.
        """
        offset, length = int(self._offsets[number]), int(self._lengths[number])
        if not self._packed:
            return self._read(offset, length)
        data, position, end = b"", offset, offset + length
        while position < end:
            _, size = self._item(position)
            data += self._read(position + 8, size)
            position += 8 + size
        return data

    @property
    def single_bits(self) -> bool:
        """Whether frames are rows of bits, which need not begin at a byte."""
        return not self._packed and int(self.header.get("BitsAllocated", 8)) == 1

    def bit_of(self, number: int) -> int:
        """Which bit of its first byte a frame of single bits begins at, counted from the lowest."""
        return number * self._pixels_per_frame() % 8

    def _read_header(self) -> None:
        file = self._file
        assert file is not None
        self._refuse_deflated(file)
        # By force: some have no preamble.
        self.header: Any = pydicom.dcmread(file, stop_before_pixels=True, force=True)
        meta = getattr(self.header, "file_meta", {})
        plain = ImplicitVRLittleEndian if self.header.original_encoding[0] else ExplicitVRLittleEndian
        self.syntax = UID(str(meta.get("TransferSyntaxUID", plain)))
        if not self.syntax.is_little_endian:
            raise SourceError(
                f"{self.path} is encoded as {self.syntax.name}, which is not read; convert it first."
            )
        self.frames = int(self.header.get("NumberOfFrames", 1) or 1)
        self.size = self.path.stat().st_size
        # Each frame takes a byte or a bit: a header cannot claim more of them than the file has.
        if not 1 <= self.frames <= self.size * 8:
            raise SourceError(
                f"{self.path} claims {self.frames} frames, which it cannot hold; copy it again."
            )
        start, length = self._pixel_data(file.tell())
        self._packed = length == UNDEFINED
        if self._packed:
            self._offsets, self._lengths = self._packed_frames(start)
        else:
            self._offsets, self._lengths = self._plain_frames(start, length)
        if int((self._offsets + self._lengths).max()) > self.size:
            raise SourceError(f"{self.path} is cut off: its last frame is not complete; copy it again.")

    def _refuse_deflated(self, file: BinaryIO) -> None:
        """Before anything is inflated: a small file can hold gigabytes."""
        is_deflated = DEFLATED.encode() in file.read(META_BYTES)
        file.seek(0)
        if is_deflated:
            raise SourceError(f"{self.path} is deflated as a whole, which is not read; convert it first.")

    def _pixel_data(self, position: int) -> tuple[int, int]:
        """Where the value of the pixels begins, and its length."""
        head = self._read(position, 12)
        if struct.unpack("<HH", head[:4]) != PIXEL_DATA:
            raise SourceError(f"{self.path} is DICOM without pixels; it may be cut off: copy it again.")
        if self.syntax.is_implicit_VR:
            return position + 8, struct.unpack("<I", head[4:8])[0]
        return position + 12, struct.unpack("<I", head[8:])[0]

    def _pixels_per_frame(self) -> int:
        header = self.header
        return int(header.Rows) * int(header.Columns) * int(header.get("SamplesPerPixel", 1))

    def _plain_frames(self, start: int, length: int) -> tuple[Any, Any]:
        bits = self._pixels_per_frame() * int(self.header.BitsAllocated)
        if self.frames * bits > length * 8:
            raise SourceError(
                f"{self.path} is damaged: its {self.frames} frames do not fit in; copy it again."
            )
        numbers = np.arange(self.frames + 1, dtype=np.int64) * bits
        first, last = numbers[:-1] // 8, -(-numbers[1:] // 8)
        return start + first, last - first

    def _packed_frames(self, start: int) -> tuple[Any, Any]:
        """Offsets and lengths of encapsulated frames, from a table if there is one, else by walking over them."""
        _, table_bytes = self._item(start)
        first = start + 8 + table_bytes
        extended = self.header.get("ExtendedOffsetTable")
        if extended:
            offsets = np.frombuffer(extended, "<u8").astype(np.int64) + first
            lengths = np.frombuffer(self.header.ExtendedOffsetTableLengths, "<u8").astype(np.int64)
            # The table gives the length of the stream; a frame is one item, padded to an even length.
            return self._checked(offsets), self._checked(lengths + lengths % 2 + 8)
        if table_bytes:
            offsets = np.frombuffer(self._read(start + 8, table_bytes), "<u4").astype(np.int64) + first
            ends = np.append(offsets[1:], self._end_of_items(int(offsets[-1])))
            return self._checked(offsets), self._checked(ends - offsets)
        return self._walked(first)

    def _checked(self, table: Any) -> Any:
        if len(table) < self.frames or int(table.min(initial=0)) < 0:
            raise SourceError(f"{self.path} is damaged: its table of frames is incomplete; copy it again.")
        return table[: self.frames]

    def _end_of_items(self, position: int) -> int:
        while position + 8 <= self.size:
            tag, length = self._item(position)
            if tag != ITEM:
                return position
            position += 8 + length
        return position

    def _walked(self, position: int) -> tuple[Any, Any]:
        places = []
        while position + 8 <= self.size:
            tag, length = self._item(position)
            if tag != ITEM:
                break
            places.append((position, 8 + length))
            position += 8 + length
        if len(places) > self.frames > 1:
            begins = [
                i for i, (at, _) in enumerate(places) if self._read(at + 8, 4).startswith(STREAM_STARTS)
            ]
        else:
            begins = list(range(len(places))) if self.frames > 1 else [0]
        if len(begins) != self.frames or not places:
            raise SourceError(
                f"{self.path} is damaged: it has {len(places)} parts for {self.frames} frames; copy it again."
            )
        offsets = np.array([places[i][0] for i in begins], np.int64)
        return offsets, np.append(offsets[1:], position) - offsets

    def _item(self, position: int) -> tuple[tuple[int, int], int]:
        group, element, length = struct.unpack("<HHI", self._read(position, 8))
        return (group, element), length

    def _read(self, position: int, count: int) -> bytes:
        with self._lock:
            if self._file is None:
                raise closed(self.path.name)
            try:
                self._file.seek(position)
                data = self._file.read(count)
            except OSError as error:
                raise SourceError(
                    f"{self.path} cannot be read ({reason_of(error)}); check its disk."
                ) from error
        if len(data) != count:
            raise SourceError(f"{self.path} ends too early; copy it again.")
        return data
