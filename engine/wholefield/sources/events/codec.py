"""What the decoders of word streams share: their description, their state and the layout of what they give.

A word stream is a header and then words of 2, 4 or 8 bytes without any structure above them, in which some words
carry the high bits of the clock. A decoder walks over words and keeps what later words need in a state.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from wholefield.sources.events.recording import EVENT_DTYPE, TRIGGER_DTYPE, Events
from wholefield.sources.events.time_word import Integers as Integers, TimeWord, Words as Words

# What compiled code counts with.
Integer = int | np.int64

# Bits of the clocks in the words, in us: they start again after 2**bits us.
DAT_CLOCK_BITS, EVT2_CLOCK_BITS, EVT3_CLOCK_BITS = 32, 34, 24
# A time that no file holds: nothing can be said yet about the clock.
UNKNOWN = -(2**62)
# Bounds of a window that takes every event with a known time.
EVER = (-(2**61), 2**61)
# Numbers of the state: the high part of the time in us (unwrapped) or UNKNOWN, its low part, the row or -1, the
# column and the polarity of the next vector.
HIGH, LOW, ROW, BASE, POLARITY = range(5)
# Numbers that a walk adds up: events taken, their earliest and latest time, events outside the sensor, triggers, and
# whether any event is earlier than one before it.
TAKEN, EARLIEST, LATEST, OUTSIDE, TRIGGERS, DISORDER = range(6)

# walk(words, state, origin, low, high, width, height, events, triggers, stats): takes the events with
# low <= t < high, where t is the time minus origin, that lie inside the sensor. events is uint64 (n, 2), the words
# of EVENT_DTYPE, and triggers int64 (m, 3), (p, t, id): what does not fit is counted and not written. state and
# stats are read and written.
Walk = Callable[[Words, Integers, int, int, int, int, int, npt.NDArray[np.uint64], Integers, Integers], None]


@dataclass(frozen=True)
class Decoded:
    """Events (`EVENT_DTYPE`) and triggers (`TRIGGER_DTYPE`) with unwrapped times of the file, in its order."""

    events: Events
    triggers: Events


@dataclass(frozen=True)
class Codec:
    """A format of words.

    Attributes:
        format_name: Its name for people.
        word: Type of a word.
        time_word: Which words carry the (high bits of the) time.
        plain: The decoder in numpy, given words and the unwrapped time in us before them, or UNKNOWN: slow,
            needs nothing compiled, and is the oracle of the other.
        load_walk: Gives the compiled decoder; loads numba.
    """

    format_name: str
    word: np.dtype[Any]
    time_word: TimeWord
    plain: Callable[[Words, int], Decoded]
    load_walk: Callable[[], Walk]

    @property
    def clock_bits(self) -> int:
        """The clock of the file starts again after 2**clock_bits us."""
        return self.time_word.bits + self.time_word.unit.bit_length() - 1

    def clock(self, words: Words) -> tuple[int, int] | None:
        """Place and time in us, modulo 2**clock_bits, of the first word with (high bits of) a time, or None."""
        places = self.time_word.places(words)
        if not places.size:
            return None
        return int(places[0]), int(self.time_word.values(words[places[:1]])[0]) * self.time_word.unit

    def after(self, time: int, raw: int) -> int:
        """The unwrapped time nearest to `time`, in us, at which the clock of the file shows `raw`."""
        period = 1 << self.clock_bits
        return time + (raw - time + period // 2) % period - period // 2


def fresh_state() -> Integers:
    """The state before the first word of a file."""
    return np.array([UNKNOWN, 0, -1, 0, 0], np.int64)


def fresh_stats() -> Integers:
    """The numbers before the first word of a walk."""
    return np.array([0, EVER[1], EVER[0], 0, 0, 0], np.int64)


def unwrapped(raw: Integers, before: int, bits: int) -> Integers:
    """Times of a clock of `bits` bits as a continuous one; each step is taken to be the nearest way round.

    Args:
        raw: Times modulo 2**bits, int64.
        before: Unwrapped time before the first, or UNKNOWN.
        bits: Number of bits of the clock.
    """
    if not raw.size:
        return raw
    half, period = 1 << (bits - 1), 1 << bits
    first = int(raw[0]) if before == UNKNOWN else before
    steps = np.diff(raw, prepend=first)
    return first + np.cumsum((steps + half) % period - half)


def last_of(mask: npt.NDArray[np.bool_]) -> Integers:
    """For each position the last position up to it at which the mask is true, or -1."""
    return np.maximum.accumulate(np.where(mask, np.arange(len(mask)), -1))


def events_of(x: Words, y: Words, p: npt.NDArray[Any], t: Integers) -> Events:
    """Columns as one array of `EVENT_DTYPE`."""
    events = np.zeros(len(t), EVENT_DTYPE)
    events["x"], events["y"], events["p"], events["t"] = x, y, p, t
    return events


def triggers_of(p: Words, t: Integers, number: Words) -> Events:
    """Columns as one array of `TRIGGER_DTYPE`."""
    triggers = np.zeros(len(t), TRIGGER_DTYPE)
    triggers["p"], triggers["t"], triggers["id"] = p, t, number
    return triggers
