"""Prophesee DAT: 64 bits an event, the time in us in the low half; x 13:0, y 27:14 and polarity 31:28 of the high one.

Its clock starts again after 2**32 us, 71.6 minutes.
"""

from __future__ import annotations

import numpy as np

from wholefield.sources.events.codec import (
    DAT_CLOCK_BITS,
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
    times = unwrapped((words & 0xFFFFFFFF).astype(np.int64), before, DAT_CLOCK_BITS)
    place = words >> np.uint64(32)
    nothing = words[:0]
    return Decoded(
        events_of(place & 16383, place >> 14 & 16383, place >> 28 & 15 != 0, times),
        triggers_of(nothing, times[:0], nothing),
    )


def load_walk() -> Walk:
    """See `Codec.load_walk`."""
    from wholefield.sources.events.decoders import walk_dat

    return walk_dat


TIME_WORD = TimeWord(type_shift=0, type_mask=0, kind=0, shift=0, bits=32, unit=1, tolerance=1 << 14)
DAT = Codec("Prophesee DAT", np.dtype("<u8"), TIME_WORD, plain, load_walk)
