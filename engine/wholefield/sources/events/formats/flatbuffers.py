"""Reading FlatBuffers whose every offset is checked against the bytes there are.

A buffer begins with the place of its root table. A table begins with the (signed, backward) distance to its list of
fields, which holds sizes and then, for each field, its place in the table or 0. Strings, vectors and tables are
reached by a distance ahead from where it stands. All is little-endian.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass


class BadBuffer(ValueError):
    """A place lies outside the buffer."""


@dataclass(frozen=True)
class Table:
    """One table of a buffer: `start` and `fields` are the places of the table and of its list of fields."""

    buffer: bytes | memoryview
    start: int
    fields: int
    count: int

    def place(self, index: int) -> int | None:
        """Place of a field, or None where it is not stored."""
        if index >= self.count:
            return None
        offset = _number(self.buffer, self.fields + 4 + 2 * index, "<H")
        return self.start + offset if offset else None

    def number(self, index: int, form: str, default: int = 0) -> int:
        """A field that is a number of a `struct` format."""
        place = self.place(index)
        return default if place is None else _number(self.buffer, place, form)

    def vector(self, index: int, size: int) -> tuple[int, int]:
        """Place of the first item and number of the items of `size` bytes; (0, 0) where the field is not stored."""
        place = self.place(index)
        if place is None:
            return 0, 0
        place += _number(self.buffer, place, "<I")
        length = _number(self.buffer, place, "<I")
        if place + 4 + length * size > len(self.buffer):
            raise BadBuffer(f"{length} items of {size} bytes do not fit into {len(self.buffer)} bytes")
        return place + 4, length

    def bytes_of(self, index: int) -> bytes:
        """A field that is a string or a vector of bytes."""
        begin, length = self.vector(index, 1)
        return bytes(self.buffer[begin : begin + length])

    def tables(self, index: int) -> list[Table]:
        """A field that is a vector of tables."""
        begin, length = self.vector(index, 4)
        places = range(begin, begin + 4 * length, 4)
        return [_table(self.buffer, place + _number(self.buffer, place, "<I")) for place in places]


def root_table(buffer: bytes | memoryview) -> Table:
    """The root table of a buffer.

    Raises:
        BadBuffer: Its places lie outside the buffer.
    """
    return _table(buffer, _number(buffer, 0, "<I"))


def identifier(buffer: bytes | memoryview) -> bytes:
    """The four letters that name the type of a buffer."""
    return bytes(buffer[4:8])


def _table(buffer: bytes | memoryview, start: int) -> Table:
    fields = start - _number(buffer, start, "<i")
    size = _number(buffer, fields, "<H")
    if size < 4 or size % 2 or fields + size > len(buffer):
        raise BadBuffer(f"a list of fields of {size} bytes at {fields}")
    return Table(buffer, start, fields, (size - 4) // 2)


def _number(buffer: bytes | memoryview, place: int, form: str) -> int:
    if not 0 <= place <= len(buffer) - struct.calcsize(form):
        raise BadBuffer(f"place {place} of {len(buffer)} bytes")
    return int(struct.unpack_from(form, buffer, place)[0])
