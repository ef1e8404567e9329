"""Writer of Prophesee RAW: EVT 2.0 and EVT 3.0.

The words are laid out in `wholefield.sources.events.evt2` and `evt3`. Time words are repeated while nothing happens, as
cameras do, so that a reader counts the rounds of the clock: that of EVT 3.0 has 24 bits and starts again after 16.8 s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from wholefield.export.recordings.about import About, check_sides, check_times
from wholefield.files import replacing
from wholefield.kernels.compiled import compiled
from wholefield.sources.events.codec import EVT2_CLOCK_BITS, EVT3_CLOCK_BITS, Integers
from wholefield.sources.events.recording import Events, words_of

LIMIT = 1 << 11
# Words written at once; an event takes five at most.
ROOM, MOST_WORDS = 1 << 20, 5
# The mark of a trigger between the events; its id stands in place of x.
TRIGGER = 1 << 63
# x, y and the polarity.
FIELDS = (1 << 33) - 1
# Cameras repeat the time at least this often, in us: `wholefield.sources.events.search` relies on it. The clock of
# EVT 2.0 starts again after 4.8 hours, so that seldom is often enough.
EVT3_REPEAT_US, EVT2_REPEAT_US = 16, 1 << 28
# State of an encoder: the high time that was said, the low time, the row, and when a time was said last.
HIGH, LOW, ROW, SAID = range(4)

Encoder = Callable[[npt.NDArray[np.uint64], int, Integers, npt.NDArray[Any], Integers], None]


@dataclass(frozen=True)
class _Kind:
    """A version of the format."""

    name: str
    version: str
    word: np.dtype[Any]
    encode: Encoder


def write_evt2(path: Path, chunks: Iterable[Events], about: About) -> int:
    """Write EVT 2.0, on the clock of `about`.

    Args:
        path: The file.
        chunks: Events (`EVENT_DTYPE`), ascending in time.
        about: Sensor, clock and triggers.

    Returns:
        Events written.

    Raises:
        SettingError: The sensor or the clock does not fit into the bits of the format.
        OSError: The file cannot be written.
    """
    return _write(path, _checked(chunks, about), about, about.start_us, EVT2)


def write_evt3(path: Path, chunks: Iterable[Events], about: About) -> int:
    """Write EVT 3.0; of the clock of `about` the lower 24 bits are kept. See `write_evt2`."""
    return _write(path, chunks, about, about.start_us % (1 << EVT3_CLOCK_BITS), EVT3)


def _write(path: Path, chunks: Iterable[Events], about: About, start_us: int, kind: _Kind) -> int:
    check_sides(about, kind.name, LIMIT)
    state = np.array([-1, -1, -1, 0], np.int64)
    begun, count = False, 0
    with replacing(path) as temporary, temporary.open("wb") as file:
        file.write(_header(about, kind))
        for pairs in _with_triggers(chunks, about.triggers):
            if len(pairs) and not begun:
                state[SAID], begun = int(pairs[0, 1]) + start_us, True
            for words in _encoded(pairs, start_us, state, kind):
                file.write(words.tobytes())
            count += int((pairs[:, 0] < TRIGGER).sum())
    return count


def _header(about: About, kind: _Kind) -> bytes:
    lines = (
        "camera_integrator_name Prophesee", "plugin_integrator_name Prophesee", "plugin_name hal_plugin_prophesee",
        f"evt {kind.version}", f"format {kind.name};height={about.height};width={about.width}",
        f"geometry {about.width}x{about.height}", "end",
    )  # fmt: skip
    return "".join(f"% {line}\n" for line in lines).encode("ascii")


def _checked(chunks: Iterable[Events], about: About) -> Iterator[Events]:
    for chunk in chunks:
        check_times(chunk, about, EVT2.name, EVT2_CLOCK_BITS)
        yield chunk


def _with_triggers(chunks: Iterable[Events], triggers: Events) -> Iterator[npt.NDArray[np.uint64]]:
    """Events as pairs of words (x | y << 16 | p << 32, t), with the triggers at their times between them."""
    done = 0
    for chunk in chunks:
        if not len(chunk):
            continue
        pairs = words_of(chunk)
        # The bytes between the fields may hold anything.
        pairs[:, 0] &= np.uint64(FIELDS)
        upto = int(np.searchsorted(triggers["t"], chunk["t"][-1], "right"))
        yield _merged(pairs, triggers[done:upto])
        done = upto
    if done < len(triggers):
        yield _merged(np.zeros((0, 2), np.uint64), triggers[done:])


def _merged(pairs: npt.NDArray[np.uint64], triggers: Events) -> npt.NDArray[np.uint64]:
    if not len(triggers):
        return pairs
    marks = np.empty((len(triggers), 2), np.uint64)
    marks[:, 0] = triggers["id"].astype(np.uint64) | (triggers["p"] > 0).astype(np.uint64) << np.uint64(32)
    marks[:, 0] |= np.uint64(TRIGGER)
    marks[:, 1] = triggers["t"].astype(np.uint64)
    places = np.searchsorted(pairs[:, 1].astype(np.int64), triggers["t"], "left")
    return np.insert(pairs, places, marks, axis=0)


def _encoded(
    pairs: npt.NDArray[np.uint64], start_us: int, state: Integers, kind: _Kind
) -> Iterator[npt.NDArray[Any]]:
    """The words of some events, a part at a time: pauses can take more words than fit into memory."""
    progress = np.zeros(2, np.int64)
    while progress[0] < len(pairs):
        words = np.empty(ROOM, kind.word)
        kind.encode(pairs, start_us, state, words, progress)
        yield words[: progress[1]]


@compiled
def _encode_evt3(
    pairs: npt.NDArray[np.uint64], start: int, state: Integers, words: npt.NDArray[Any], progress: Integers
) -> None:
    """Fill `words` with events from number progress[0] on, which moves on; progress[1] is the number of words."""
    high, low, row, said = state[HIGH], state[LOW], state[ROW], state[SAID]
    i, n = progress[0], 0
    while i < pairs.shape[0] and n + MOST_WORDS <= words.shape[0]:
        t = np.int64(pairs[i, 1]) + start
        if t - said > EVT3_REPEAT_US and high >= 0:
            said += EVT3_REPEAT_US
            low = low if said >> 12 == high else -1
            high = said >> 12
            words[n] = 8 << 12 | (high & 0xFFF)
            n += 1
            continue
        said = t
        if t >> 12 != high:
            high, low = t >> 12, -1
            words[n] = 8 << 12 | (high & 0xFFF)
            n += 1
        if t & 0xFFF != low:
            low = t & 0xFFF
            words[n] = 6 << 12 | low
            n += 1
        value = pairs[i, 0]
        x, p = np.int64(value & np.uint64(0xFFFF)), np.int64(value >> np.uint64(32) & np.uint64(1))
        if value >> np.uint64(63):
            words[n] = 10 << 12 | (x & 15) << 8 | p
        else:
            y = np.int64(value >> np.uint64(16) & np.uint64(0xFFFF))
            if y != row:
                row = y
                words[n] = y
                n += 1
            words[n] = 2 << 12 | p << 11 | x
        n += 1
        i += 1
    state[HIGH], state[LOW], state[ROW], state[SAID] = high, low, row, said
    progress[0], progress[1] = i, n


@compiled
def _encode_evt2(
    pairs: npt.NDArray[np.uint64], start: int, state: Integers, words: npt.NDArray[Any], progress: Integers
) -> None:
    """See `_encode_evt3`."""
    high, said = state[HIGH], state[SAID]
    i, n = progress[0], 0
    while i < pairs.shape[0] and n + MOST_WORDS <= words.shape[0]:
        t = np.int64(pairs[i, 1]) + start
        if t - said > EVT2_REPEAT_US and high >= 0:
            said += EVT2_REPEAT_US
            high = said >> 6
            words[n] = 8 << 28 | (high & 0xFFFFFFF)
            n += 1
            continue
        said = t
        if t >> 6 != high:
            high = t >> 6
            words[n] = 8 << 28 | (high & 0xFFFFFFF)
            n += 1
        value = pairs[i, 0]
        x, p = np.int64(value & np.uint64(0xFFFF)), np.int64(value >> np.uint64(32) & np.uint64(1))
        if value >> np.uint64(63):
            words[n] = 10 << 28 | (t & 63) << 22 | (x & 31) << 8 | p
        else:
            words[n] = (
                p << 28 | (t & 63) << 22 | x << 11 | np.int64(value >> np.uint64(16) & np.uint64(0xFFFF))
            )
        n += 1
        i += 1
    state[HIGH], state[SAID] = high, said
    progress[0], progress[1] = i, n


EVT2 = _Kind("EVT2", "2.0", np.dtype("<u4"), _encode_evt2)
EVT3 = _Kind("EVT3", "3.0", np.dtype("<u2"), _encode_evt3)
