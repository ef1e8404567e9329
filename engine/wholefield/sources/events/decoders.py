"""The compiled decoders of word streams; see `wholefield.sources.events.codec.Walk` for what they take and give.

A single pass counts, measures and writes, so that an index and the events it leads to cannot disagree. What changes
with every event is kept in local variables and the types of words are asked for in the order of their frequency: both
together make these loops three times faster.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from wholefield.kernels.compiled import compiled
from wholefield.sources.events.codec import (
    BASE,
    DAT_CLOCK_BITS,
    DISORDER,
    EARLIEST,
    EVT2_CLOCK_BITS,
    EVT3_CLOCK_BITS,
    HIGH,
    LATEST,
    LOW,
    OUTSIDE,
    POLARITY,
    ROW,
    TAKEN,
    TRIGGERS,
    UNKNOWN,
    Integer,
    Integers,
    Words,
)

Pairs = npt.NDArray[np.uint64]

# Place of the lowest bit that is set in a vector of up to 12 columns.
LOWEST = np.array([0, *((bits & -bits).bit_length() - 1 for bits in range(1, 1 << 12))], np.uint8)


@compiled
def _advanced(time: Integer, raw: Integer, bits: int) -> Integer:
    """The unwrapped time nearest to `time` at which a clock of `bits` bits shows `raw`."""
    if time == UNKNOWN:
        return raw
    half = 1 << (bits - 1)
    return time + ((raw - time + half) & ((1 << bits) - 1)) - half


@compiled
def _trigger(p: Integer, t: Integer, number: Integer, triggers: Integers, stats: Integers) -> None:
    """Count one trigger, and write it while there is room."""
    n = stats[TRIGGERS]
    if n < triggers.shape[0]:
        triggers[n, 0], triggers[n, 1], triggers[n, 2] = p, t, number
    stats[TRIGGERS] = n + 1


@compiled
def walk_evt2(
    words: Words, state: Integers, origin: int, low: int, high: int, width: int, height: int,
    events: Pairs, triggers: Integers, stats: Integers,
) -> None:  # fmt: skip
    """EVT 2.0."""
    n, outside, room = stats[TAKEN], stats[OUTSIDE], events.shape[0]
    earliest, latest, disorder = stats[EARLIEST], stats[LATEST], stats[DISORDER]
    clock = state[HIGH]
    for i in range(words.shape[0]):
        word = np.int64(words[i])
        kind = word >> 28
        if kind <= 1:
            t = clock + (word >> 22 & 63) - origin
            if low <= t < high:
                x, y = word >> 11 & 2047, word & 2047
                if x < width and y < height:
                    if n < room:
                        events[n, 0] = x | y << 16 | kind << 32
                        events[n, 1] = t
                    n += 1
                    earliest = min(earliest, t)
                    disorder |= t < latest
                    latest = max(latest, t)
                else:
                    outside += 1
        elif kind == 8:
            clock = _advanced(clock, (word & 0xFFFFFFF) << 6, EVT2_CLOCK_BITS)
        elif kind == 10 and clock != UNKNOWN:
            _trigger(word & 1, clock + (word >> 22 & 63) - origin, word >> 8 & 31, triggers, stats)
    state[HIGH] = clock
    stats[TAKEN], stats[OUTSIDE] = n, outside
    stats[EARLIEST], stats[LATEST], stats[DISORDER] = earliest, latest, disorder


@compiled
def walk_evt21(
    words: Words, state: Integers, origin: int, low: int, high: int, width: int, height: int,
    events: Pairs, triggers: Integers, stats: Integers,
) -> None:  # fmt: skip
    """EVT 2.1, halves of the words in the right order."""
    n, outside, room = stats[TAKEN], stats[OUTSIDE], events.shape[0]
    earliest, latest, disorder = stats[EARLIEST], stats[LATEST], stats[DISORDER]
    clock = state[HIGH]
    for i in range(words.shape[0]):
        top = np.int64(words[i] >> np.uint64(32))
        kind = top >> 28
        t = clock + (top >> 22 & 63) - origin
        if kind <= 1:
            if low <= t < high:
                bits = np.int64(words[i] & np.uint64(0xFFFFFFFF))
                x, y = top >> 11 & 2047, top & 2047
                while bits:
                    if bits & 1:
                        if x < width and y < height:
                            if n < room:
                                events[n, 0] = x | y << 16 | kind << 32
                                events[n, 1] = t
                            n += 1
                            earliest = min(earliest, t)
                            disorder |= t < latest
                            latest = max(latest, t)
                        else:
                            outside += 1
                    bits >>= 1
                    x += 1
        elif kind == 8:
            clock = _advanced(clock, (top & 0xFFFFFFF) << 6, EVT2_CLOCK_BITS)
        elif kind == 10 and clock != UNKNOWN:
            _trigger(top & 1, t, top >> 8 & 31, triggers, stats)
    state[HIGH] = clock
    stats[TAKEN], stats[OUTSIDE] = n, outside
    stats[EARLIEST], stats[LATEST], stats[DISORDER] = earliest, latest, disorder


@compiled
def walk_evt3(
    words: Words, state: Integers, origin: int, low: int, high: int, width: int, height: int,
    events: Pairs, triggers: Integers, stats: Integers,
) -> None:  # fmt: skip
    """EVT 3.0."""
    n, outside, room = stats[TAKEN], stats[OUTSIDE], events.shape[0]
    earliest, latest, disorder = stats[EARLIEST], stats[LATEST], stats[DISORDER]
    clock, fine, y, base, polarity = state[HIGH], state[LOW], state[ROW], state[BASE], state[POLARITY]
    t = clock + fine - origin
    for i in range(words.shape[0]):
        word = np.int64(words[i])
        kind = word >> 12
        if kind == 2:
            if low <= t < high and y >= 0:
                x = word & 2047
                if x < width and y < height:
                    if n < room:
                        events[n, 0] = x | y << 16 | (word >> 11 & 1) << 32
                        events[n, 1] = t
                    n += 1
                    earliest = min(earliest, t)
                    disorder |= t < latest
                    latest = max(latest, t)
                else:
                    outside += 1
        elif kind == 0:
            y = word & 2047
        elif kind == 6:
            fine = word & 0xFFF
            t = clock + fine - origin
        elif kind == 4 or kind == 5:
            length = 12 if kind == 4 else 8
            if low <= t < high and y >= 0:
                bits = word & ((1 << length) - 1)
                while bits:
                    x = base + LOWEST[bits]
                    bits &= bits - 1
                    if x < width and y < height:
                        if n < room:
                            events[n, 0] = x | y << 16 | polarity << 32
                            events[n, 1] = t
                        n += 1
                        earliest = min(earliest, t)
                        disorder |= t < latest
                        latest = max(latest, t)
                    else:
                        outside += 1
            base += length
        elif kind == 3:
            base, polarity = word & 2047, word >> 11 & 1
        elif kind == 8:
            before = clock
            clock = _advanced(clock, (word & 0xFFF) << 12, EVT3_CLOCK_BITS)
            fine = fine if clock == before else 0
            t = clock + fine - origin
        elif kind == 10 and clock != UNKNOWN:
            _trigger(word & 1, t, word >> 8 & 15, triggers, stats)
    state[HIGH], state[LOW], state[ROW], state[BASE], state[POLARITY] = clock, fine, y, base, polarity
    stats[TAKEN], stats[OUTSIDE] = n, outside
    stats[EARLIEST], stats[LATEST], stats[DISORDER] = earliest, latest, disorder


@compiled
def walk_dat(
    words: Words, state: Integers, origin: int, low: int, high: int, width: int, height: int,
    events: Pairs, triggers: Integers, stats: Integers,
) -> None:  # fmt: skip
    """DAT, types 0 and 12."""
    n, outside, room = stats[TAKEN], stats[OUTSIDE], events.shape[0]
    earliest, latest, disorder = stats[EARLIEST], stats[LATEST], stats[DISORDER]
    clock = state[HIGH]
    for i in range(words.shape[0]):
        clock = _advanced(clock, np.int64(words[i] & np.uint64(0xFFFFFFFF)), DAT_CLOCK_BITS)
        place = np.int64(words[i] >> np.uint64(32))
        t = clock - origin
        if low <= t < high:
            x, y = place & 16383, place >> 14 & 16383
            p = 1 if place >> 28 else 0
            if x < width and y < height:
                if n < room:
                    events[n, 0] = x | y << 16 | p << 32
                    events[n, 1] = t
                n += 1
                earliest = min(earliest, t)
                disorder |= t < latest
                latest = max(latest, t)
            else:
                outside += 1
    state[HIGH] = clock
    stats[TAKEN], stats[OUTSIDE] = n, outside
    stats[EARLIEST], stats[LATEST], stats[DISORDER] = earliest, latest, disorder
