"""Prophesee EVT 2.0: words of 32 bits, one event each; the high bits of the time have words of their own.

Bits 31:28 are the type: 0 and 1 an event of that polarity (low time 27:22, x 21:11, y 10:0), 8 the high 28 bits of
the time, 10 an external trigger (low time 27:22, id 12:8, value 0). Time = high << 6 | low, in us.
"""

from __future__ import annotations

import numpy as np

from wholefield.sources.events.codec import (
    EVT2_CLOCK_BITS,
    UNKNOWN,
    Codec,
    Decoded,
    Walk,
    Words,
    events_of,
    triggers_of,
    unwrapped,
)
from wholefield.sources.events.time_word import TimeWord


def plain(words: Words, before: int = UNKNOWN) -> Decoded:
    """See `Codec.plain`."""
    kind = words >> 28
    is_high = kind == 8
    highs = unwrapped((words[is_high] & 0xFFFFFFF).astype(np.int64) << 6, before, EVT2_CLOCK_BITS)
    # Which of the high times holds at each word; 0 is the one before them all.
    current = np.concatenate([[before], highs])[np.cumsum(is_high)]
    times = current + (words >> 22 & 63)
    event = (kind <= 1) & (current != UNKNOWN)
    trigger = (kind == 10) & (current != UNKNOWN)
    one = words[event]
    other = words[trigger]
    return Decoded(
        events_of(one >> 11 & 2047, one & 2047, one >> 28, times[event]),
        triggers_of(other & 1, times[trigger], other >> 8 & 31),
    )


def load_walk() -> Walk:
    """See `Codec.load_walk`."""
    from wholefield.sources.events.decoders import walk_evt2

    return walk_evt2


TIME_WORD = TimeWord(type_shift=28, type_mask=15, kind=8, shift=0, bits=28, unit=64, tolerance=64)
EVT2 = Codec("Prophesee RAW EVT2", np.dtype("<u4"), TIME_WORD, plain, load_walk)
