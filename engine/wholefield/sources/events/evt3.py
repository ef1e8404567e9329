"""Prophesee EVT 3.0: words of 16 bits that say only what changes: row, column, low time, high time.

Bits 15:12 are the type: 0 the row (10:0), 2 one event (x 10:0, polarity 11), 3 where vectors begin (x 10:0, polarity
11), 4 and 5 a vector of 12 or 8 columns (one bit each; the next vector begins behind it), 6 the low and 8 the high
12 bits of the time in us, 10 an external trigger (id 11:8, value 0). The time therefore starts again after 2**24 us.

The low time of real cameras jitters: a step back is not a new round of the clock, and the high time alone says which
round it is. A new high time sets the low time to 0 until it is said.
"""

from __future__ import annotations

import numpy as np

from wholefield.sources.events.codec import (
    EVT3_CLOCK_BITS,
    UNKNOWN,
    Codec,
    Decoded,
    Integers,
    Walk,
    Words,
    events_of,
    last_of,
    triggers_of,
    unwrapped,
)
from wholefield.sources.events.time_word import TimeWord


def plain(words: Words, before: int = UNKNOWN) -> Decoded:
    """See `Codec.plain`."""
    kind = words >> 12
    value = (words & 0xFFF).astype(np.int64)
    times = _times(kind, value, before)
    row = last_of(kind == 0)
    single = np.flatnonzero(kind == 2)
    vector = np.flatnonzero((kind == 4) | (kind == 5))
    width = np.where(kind[vector] == 4, 12, 8)
    bits = (value[vector, None] >> np.arange(12) & 1 != 0) & (np.arange(12) < width[:, None])
    first, polarity = _bases(kind, value)
    of, bit = np.nonzero(bits)
    place = np.concatenate([single, vector[of]])
    x = np.concatenate([value[single] & 2047, (first[vector])[of] + bit])
    p = np.concatenate([value[single] >> 11, (polarity[vector])[of]])
    order = np.argsort(place, kind="stable")
    order = order[(row[place[order]] >= 0) & (times[place[order]] != UNKNOWN)]
    place = place[order]
    trigger = np.flatnonzero((kind == 10) & (times != UNKNOWN))
    return Decoded(
        events_of(x[order], value[row[place]] & 2047, p[order], times[place]),
        triggers_of(value[trigger] & 1, times[trigger], value[trigger] >> 8),
    )


def _times(kind: Words, value: Integers, before: int) -> Integers:
    """The time at each word, or UNKNOWN before the first high time."""
    is_high = kind == 8
    highs = np.concatenate([[before], unwrapped(value[is_high] << 12, before, EVT3_CLOCK_BITS)])
    high = highs[np.cumsum(is_high)]
    changed = is_high.copy()
    changed[is_high] = np.diff(highs) != 0
    source = last_of(changed | (kind == 6))
    low = np.where((source >= 0) & (kind[source] == 6), value[source], 0)
    return np.where(high == UNKNOWN, UNKNOWN, high + low)


def _bases(kind: Words, value: Integers) -> tuple[Integers, Integers]:
    """Column and polarity at which a vector at each word would begin."""
    advance = np.where(kind == 4, 12, np.where(kind == 5, 8, 0))
    passed = np.cumsum(advance) - advance
    base = last_of(kind == 3)
    known = base >= 0
    return np.where(known, (value[base] & 2047) - passed[base], 0) + passed, np.where(
        known, value[base] >> 11, 0
    )


def load_walk() -> Walk:
    """See `Codec.load_walk`."""
    from wholefield.sources.events.decoders import walk_evt3

    return walk_evt3


TIME_WORD = TimeWord(type_shift=12, type_mask=15, kind=8, shift=0, bits=12, unit=4096, tolerance=2)
EVT3 = Codec("Prophesee RAW EVT3", np.dtype("<u2"), TIME_WORD, plain, load_walk)
