"""The ECF compression of Prophesee HDF5 files, one chunk of events at a time.

A chunk is: u32 number << 2 | packed_yxp << 1 | packed_xp; u64 first time; times as bytes (step 4 bits, count 4 bits),
where a count of 15 is followed by the count in two bytes and steps of 15 bring 4 bits each of a longer step; then the
places, in one of three forms. All is little-endian.

* packed_yxp: 24 bits an event (y 11, x 11, p 1), four of them in three u32.
* packed_xp: rows as u16 (y 11 bits, count 5 bits; 31: the next u16 is the count), then 12 bits an event (x 11, p 1),
  four of them in three u16.
* otherwise: rows likewise, then columns as u16 (x 11 bits, one bit for each of the next 5 columns), then polarities as
  bytes (p 1 bit, count 7 bits; 127: the next two bytes are the count).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from wholefield.kernels.compiled import compiled
from wholefield.sources.events.codec import Integer
from wholefield.sources.events.recording import EVENT_DTYPE, Events

Bytes = npt.NDArray[np.uint8]
Pairs = npt.NDArray[np.uint64]

FILTER = 0x8ECF
HEADER_BYTES = 12
LARGEST_CHUNK = 65535


def decode_chunk(content: bytes) -> tuple[Events, int]:
    """The events of a chunk.

    Returns:
        The events (`EVENT_DTYPE`) up to the first damage, and how many the chunk should hold.
    """
    if len(content) < HEADER_BYTES:
        return np.zeros(0, EVENT_DTYPE), 0
    data = np.frombuffer(content, np.uint8)
    expected = int.from_bytes(content[:4], "little") >> 2
    pairs = np.zeros((min(expected, LARGEST_CHUNK), 2), np.uint64)
    good = _decode(data, pairs)
    return pairs[:good].view(EVENT_DTYPE)[:, 0], expected


@compiled
def _decode(data: Bytes, pairs: Pairs) -> int:
    """Fill the words of events; gives how many of them are whole."""
    flags = data[0] & 3
    position = _times(data, HEADER_BYTES, pairs)
    if position < 0:
        return 0
    if flags & 2:
        return _packed_places(data, position, pairs)
    position = _rows(data, position, pairs)
    if position < 0:
        return 0
    if flags & 1:
        return _packed_columns(data, position, pairs)
    position = _masked_columns(data, position, pairs)
    return _polarities(data, position, pairs) if position >= 0 else 0


@compiled
def _u16(data: Bytes, position: int) -> Integer:
    return np.int64(data[position]) | np.int64(data[position + 1]) << 8


@compiled
def _u32(data: Bytes, position: int) -> Integer:
    return _u16(data, position) | _u16(data, position + 2) << 16


@compiled
def _times(data: Bytes, position: int, pairs: Pairs) -> int:
    """Fill the times; gives the position behind them, or -1."""
    time = _u32(data, 4) | _u32(data, 8) << 32
    n, shift = 0, 0
    step: Integer = 0
    while n < pairs.shape[0]:
        if position >= data.shape[0]:
            return -1
        value: Integer = np.int64(data[position])
        high, count = value >> 4, value & 15
        position += 1
        if high == 15:
            if shift > 60:
                return -1
            step |= count << shift
            shift += 4
            continue
        if count == 15:
            if position + 2 > data.shape[0]:
                return -1
            count = _u16(data, position)
            position += 2
        time += step + high
        step, shift = 0, 0
        for _ in range(min(count, pairs.shape[0] - n)):
            pairs[n, 1] = time
            n += 1
    return position


@compiled
def _rows(data: Bytes, position: int, pairs: Pairs) -> int:
    """Fill the rows; gives the position behind them, or -1."""
    n = 0
    while n < pairs.shape[0]:
        if position + 2 > data.shape[0]:
            return -1
        value = _u16(data, position)
        position += 2
        count = value & 31
        if count == 31:
            if position + 2 > data.shape[0]:
                return -1
            count = _u16(data, position)
            position += 2
        for _ in range(min(count, pairs.shape[0] - n)):
            pairs[n, 0] = (value >> 5) << 16
            n += 1
    return position


@compiled
def _packed_places(data: Bytes, position: int, pairs: Pairs) -> int:
    """Fill row, column and polarity; gives the number of whole events."""
    for n in range(0, pairs.shape[0], 4):
        if position + 12 > data.shape[0]:
            return n
        a, b, c = _u32(data, position), _u32(data, position + 4), _u32(data, position + 8)
        position += 12
        fields = (a >> 8, (a & 0xFF) | b >> 16 << 8, (b & 0xFFFF) | c >> 24 << 16, c & 0xFFFFFF)
        for i in range(min(4, pairs.shape[0] - n)):
            pairs[n + i, 0] = (fields[i] >> 1 & 2047) | (fields[i] >> 12 & 2047) << 16 | (fields[i] & 1) << 32
    return pairs.shape[0]


@compiled
def _packed_columns(data: Bytes, position: int, pairs: Pairs) -> int:
    """Add column and polarity; gives the number of whole events."""
    for n in range(0, pairs.shape[0], 4):
        if position + 6 > data.shape[0]:
            return n
        a, b, c = _u16(data, position), _u16(data, position + 2), _u16(data, position + 4)
        position += 6
        fields = (a >> 4, (a & 15) | b >> 8 << 4, (b & 0xFF) | c >> 12 << 8, c & 0xFFF)
        for i in range(min(4, pairs.shape[0] - n)):
            pairs[n + i, 0] |= np.uint64(fields[i] >> 1 | (fields[i] & 1) << 32)
    return pairs.shape[0]


@compiled
def _masked_columns(data: Bytes, position: int, pairs: Pairs) -> int:
    """Add the columns; gives the position behind them, or -1."""
    n = 0
    while n < pairs.shape[0]:
        if position + 2 > data.shape[0]:
            return -1
        value = _u16(data, position)
        position += 2
        x = value >> 5
        for i in range(6):
            if n < pairs.shape[0] and (i == 0 or value >> (5 - i) & 1):
                pairs[n, 0] |= np.uint64(x + i)
                n += 1
    return position


@compiled
def _polarities(data: Bytes, position: int, pairs: Pairs) -> int:
    """Add the polarities; gives the number of whole events."""
    n = 0
    while n < pairs.shape[0]:
        if position >= data.shape[0]:
            return n
        value: Integer = np.int64(data[position])
        position += 1
        count = value & 127
        if count == 127:
            if position + 2 > data.shape[0]:
                return n
            count = _u16(data, position)
            position += 2
        for _ in range(min(count, pairs.shape[0] - n)):
            pairs[n, 0] |= np.uint64(value >> 7 << 32)
            n += 1
    return n
