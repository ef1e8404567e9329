"""The time index of a word stream: what every segment of words holds, and the state in which it begins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wholefield.progress import ProgressCallback
from wholefield.sources.events.codec import (
    EARLIEST,
    EVER,
    LATEST,
    OUTSIDE,
    TAKEN,
    TRIGGERS,
    Integers,
    Walk,
    fresh_state,
    fresh_stats,
)
from wholefield.sources.events.event_words import WordFile

SEGMENT = 2**15
# Words read at once.
BATCH = 64 * SEGMENT
NO_EVENTS = np.zeros((0, 2), np.uint64)
NO_TRIGGERS = np.zeros((0, 3), np.int64)


@dataclass(frozen=True)
class TimeIndex:
    """What is known after one pass over all words. Times are those of the file, unwrapped, in us.

    Attributes:
        states: State before each segment, (segments, 5).
        before: Events before each segment and in all, (segments + 1,).
        latest: Latest time up to the end of each segment, ascending.
        earliest: Earliest time from the start of each segment on, ascending.
        triggers: Triggers in each segment.
        outside: Events that lie outside the sensor and are left out.
    """

    states: Integers
    before: Integers
    latest: Integers
    earliest: Integers
    triggers: Integers
    outside: int

    @property
    def span(self) -> tuple[int, int] | None:
        """Earliest and latest time, or None if there are no events."""
        return (int(self.earliest[0]), int(self.latest[-1])) if self.before[-1] else None

    def segments(self, low: int, high: int) -> tuple[int, int]:
        """The half-open range of segments outside which no event has low <= time < high."""
        first = int(np.searchsorted(self.latest, low, "left"))
        end = int(np.searchsorted(self.earliest, high, "left"))
        return first, max(first, end)


def build_index(
    words: WordFile, walk: Walk, size: tuple[int, int], progress: ProgressCallback | None
) -> TimeIndex:
    """Read all words once.

    Args:
        words: The stream.
        walk: Its decoder.
        size: (width, height) of the sensor in px.
        progress: Called with the words read and all words; an error that it raises ends the pass.
    """
    count = -(-len(words) // SEGMENT)
    states = np.zeros((count, len(fresh_state())), np.int64)
    stats = np.zeros((count, len(fresh_stats())), np.int64)
    state = fresh_state()
    for begin in range(0, len(words), BATCH):
        batch = words.read(begin, begin + BATCH)
        for offset in range(0, len(batch), SEGMENT):
            segment = (begin + offset) // SEGMENT
            states[segment] = state
            stats[segment] = fresh_stats()
            part = batch[offset : offset + SEGMENT]
            walk(part, state, 0, *EVER, *size, NO_EVENTS, NO_TRIGGERS, stats[segment])
        if progress is not None:
            progress(min(begin + BATCH, len(words)), len(words))
    return TimeIndex(
        states=states,
        before=np.concatenate([[0], np.cumsum(stats[:, TAKEN])]),
        latest=np.maximum.accumulate(stats[:, LATEST]),
        earliest=np.minimum.accumulate(stats[::-1, EARLIEST])[::-1],
        triggers=stats[:, TRIGGERS],
        outside=int(stats[:, OUTSIDE].sum()),
    )
