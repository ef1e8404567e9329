"""Prophesee EVT 2.1: words of 64 bits, up to 32 events of one row and polarity each.

Bits 63:60 are the type: 0 and 1 events of that polarity (low time 59:54, x of the first 53:43, y 42:32, and one bit
for each of 32 columns 31:0), 8 the high 28 bits of the time (59:32), 10 an external trigger (low time 59:54, id 44:40,
value 32). Older cameras send the two halves of a word in the wrong order, which the header calls "legacy".
"""

from __future__ import annotations

from dataclasses import replace

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

# Cameras repeat the high time at least this often; larger steps speak for a wrong order of the halves.
USUAL_STEP = 64


def swapped(words: Words) -> Words:
    """The words with their halves exchanged."""
    return words << np.uint64(32) | words >> np.uint64(32)


def plain(words: Words, before: int = UNKNOWN) -> Decoded:
    """See `Codec.plain`."""
    kind = words >> np.uint64(60)
    top = words >> np.uint64(32)
    is_high = kind == 8
    highs = unwrapped((top[is_high] & 0xFFFFFFF).astype(np.int64) << 6, before, EVT2_CLOCK_BITS)
    current = np.concatenate([[before], highs])[np.cumsum(is_high)]
    times = current + (top >> 22 & 63).astype(np.int64)
    vector = np.flatnonzero((kind <= 1) & (current != UNKNOWN))
    trigger = (kind == 10) & (current != UNKNOWN)
    set_bits = words[vector, None] >> np.arange(32, dtype=np.uint64) & 1 != 0
    row, bit = np.nonzero(set_bits)
    of = vector[row]
    return Decoded(
        events_of((top[of] >> 11 & 2047) + bit.astype(np.uint64), top[of] & 2047, kind[of], times[of]),
        triggers_of(top[trigger] & 1, times[trigger], top[trigger] >> 8 & 31),
    )


def legacy_plain(words: Words, before: int = UNKNOWN) -> Decoded:
    """See `Codec.plain`."""
    return plain(swapped(words), before)


def load_walk() -> Walk:
    """See `Codec.load_walk`."""
    from wholefield.sources.events.decoders import walk_evt21

    return walk_evt21


def load_legacy_walk() -> Walk:
    """See `Codec.load_walk`."""
    from wholefield.sources.events.decoders import walk_evt21

    return lambda words, *others: walk_evt21(swapped(words), *others)


def looks_legacy(words: Words) -> bool:
    """Whether the high times of the words advance as a clock does only once their halves are exchanged."""
    return _ticks(swapped(words)) > _ticks(words)


def _ticks(words: Words) -> tuple[int, int]:
    """Steps of the high time that are those of a clock, and how many high times there are at all."""
    highs = (words[words >> np.uint64(60) == 8] >> np.uint64(32) & 0xFFFFFFF).astype(np.int64)
    steps = np.diff(highs)
    return int(((steps >= 0) & (steps <= USUAL_STEP)).sum()), len(highs)


WORD = np.dtype("<u8")
TIME_WORD = TimeWord(type_shift=60, type_mask=15, kind=8, shift=32, bits=28, unit=64, tolerance=64)
LEGACY_TIME_WORD = replace(TIME_WORD, type_shift=28, shift=0)
EVT21 = Codec("Prophesee RAW EVT2.1", WORD, TIME_WORD, plain, load_walk)
EVT21_LEGACY = Codec("Prophesee RAW EVT2.1 (legacy)", WORD, LEGACY_TIME_WORD, legacy_plain, load_legacy_walk)
