"""Metrics as TensorBoard reads them: a file of events, written without TensorBoard.

A file is a row of TFRecords: the length (u64), its checksum, the data, its checksum; all little-endian. The checksum of
bytes is their CRC-32C, turned right by 15 bits, plus 0xA282EAD8. The data is an Event of protocol buffers:

    Event: 1 wall_time (double), 2 step (int64), 3 file_version (string), 5 summary (Summary)
        7 session_log (SessionLog)
    Summary: 1 value (Value); Value: 1 tag (string), 2 simple_value (float)
    SessionLog: 1 status (1 is START: what other files say of this step and later ones is void)
"""

import os
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

from google_crc32c import value as crc32c

from wholefield.files import replacing

PREFIX = "events.out.tfevents."
"""How the name must begin, that TensorBoard finds it."""
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
MASK = 0xA282EAD8


def record(data: bytes) -> bytes:
    """A TFRecord."""
    length = struct.pack("<Q", len(data))
    return length + _checksum(length) + data + _checksum(data)


def header(time: float) -> bytes:
    """The records with which a file begins that takes the place of those before.

    Args:
        time: In seconds since 1970.
    """
    at = _field(1, FIXED64, struct.pack("<d", time))
    start = at + _field(2, VARINT, _varint(0)) + _text(7, _field(1, VARINT, _varint(1)))
    return record(at + _text(3, b"brain.Event:2")) + record(start)


def scalars(time: float, step: int, values: Mapping[str, float]) -> bytes:
    """The record of some values of one step.

    Args:
        time: In seconds since 1970.
        step: The training steps done.
        values: By name; they are stored in float32.
    """
    summary = b"".join(
        _text(1, _text(1, name.encode()) + _field(2, FIXED32, _float(value)))
        for name, value in values.items()
    )
    return record(
        _field(1, FIXED64, struct.pack("<d", time)) + _field(2, VARINT, _varint(step)) + _text(5, summary)
    )


Row = tuple[float, int, Mapping[str, float]]
"""Time, step and values."""


class EventFiles:
    """The file of events of a run; the one with the highest number in its name counts.

    Args:
        folder: The run folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, row: Row) -> None:
        """Append to the file; make it where there is none."""
        time, step, values = row
        path = self._paths()[-1:] or [self._path(0)]
        with path[0].open("ab") as file:
            file.write((b"" if file.tell() else header(time)) + scalars(time, step, values))

    def replace(self, rows: Sequence[Row]) -> None:
        """Begin a file with these rows, which takes the place of those before, also in a TensorBoard that is open."""
        before = self._paths()
        time = rows[0][0] if rows else 0.0
        with replacing(self._path(len(before) and int(before[-1].suffix[1:]) + 1)) as temporary:
            temporary.write_bytes(header(time) + b"".join(scalars(*row) for row in rows))
        for path in before:
            # A TensorBoard that has it open would not go on to the next one if it was gone.
            os.truncate(path, 0)

    def _paths(self) -> list[Path]:
        return sorted(self._folder.glob(f"{PREFIX}*"))

    def _path(self, number: int) -> Path:
        return self._folder / f"{PREFIX}{number:06d}"


def _checksum(data: bytes) -> bytes:
    crc = int(crc32c(data))
    return struct.pack("<I", ((crc >> 15 | crc << 17) + MASK) & 0xFFFFFFFF)


def _field(number: int, kind: int, data: bytes) -> bytes:
    return _varint(number << 3 | kind) + data


def _text(number: int, data: bytes) -> bytes:
    return _field(number, BYTES, _varint(len(data)) + data)


def _float(value: float) -> bytes:
    try:
        return struct.pack("<f", value)
    except OverflowError:  # beyond float32
        return struct.pack("<f", float("inf") if value > 0 else float("-inf"))


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first; the highest bit says that more follow."""
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*found, value))
