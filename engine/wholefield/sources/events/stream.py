"""A recording that is a stream of words: Prophesee RAW and DAT."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from wholefield.errors import SourceError
from wholefield.progress import ProgressCallback
from wholefield.sources.events.codec import DISORDER, EVER, TAKEN, Codec, Integers, fresh_stats
from wholefield.sources.events.columns.roles import ROWS_FOR_SIDES
from wholefield.sources.events.event_words import WordFile
from wholefield.sources.events.index import BATCH, NO_EVENTS, NO_TRIGGERS, SEGMENT, TimeIndex, build_index
from wholefield.sources.events.recording import (
    EVENT_DTYPE,
    TRIGGER_DTYPE,
    Events,
    Recording,
    RecordingDescription,
    sorted_by_time,
)
from wholefield.sources.events.search import ClockSearch
from wholefield.sources.events.sensors import guessed_size, likely_sensor, outside_sensor, possible_sensor

# Above this a file is indexed only when something asks for it: reading it takes longer than opening it may.
INDEX_AT_ONCE_BYTES = 64 * 2**20
ANY_SIZE = (1 << 16, 1 << 16)


class StreamRecording(Recording):
    """Decodes words on demand. Without an index moments are found by bisection of the clock in the file.

    Until `index` has run the start and the end are those of the first and the last words, which is where they
    are in undamaged files.
    """

    def __init__(
        self,
        path: Path,
        offset: int,
        codec: Codec,
        description: RecordingDescription,
        index_at_once: bool | None = None,
    ) -> None:
        """Open a file.

        Args:
            path: The file.
            offset: Length of its header in bytes.
            codec: Its format.
            description: What the header says; width and height 0 where it does not.
            index_at_once: Whether to read all of it now; None: if it is small.

        Raises:
            SourceError: It holds no events.
        """
        self._words = WordFile(path, offset, codec.word, codec.time_word)
        self._codec = codec
        self._building = threading.Lock()
        self._index: TimeIndex | None = None
        self._triggers: Events | None = None
        small = len(self._words) * codec.word.itemsize <= INDEX_AT_ONCE_BYTES
        try:
            super().__init__(
                path, self._described(description, small if index_at_once is None else index_at_once)
            )
        except BaseException:
            self._words.close()
            raise

    @property
    def indexed(self) -> bool:
        """See `Recording.indexed`."""
        return self._index is not None

    def index(self, progress: ProgressCallback | None = None) -> None:
        """See `Recording.index`."""
        with self._building:
            if self._index is None:
                found = build_index(self._words, self._codec.load_walk(), self._size, progress)
                if found.span is not None:
                    self._ends = found.span
                self._index = found
                self._warn_outside(found)
                self._warn_clock()

    @property
    def num_events(self) -> int:
        """See `Recording.num_events`."""
        return int(self._complete().before[-1])

    @property
    def triggers(self) -> Events:
        """See `Recording.triggers`; builds the index where there is none yet."""
        if self._triggers is None:
            self._triggers = self._read_triggers(self._complete())
        return self._triggers

    def events(self, start_us: int, end_us: int) -> Events:
        """See `Recording.events`."""
        start_us, end_us = max(start_us, 0), min(end_us, self.duration_us)
        if start_us >= end_us:
            return np.zeros(0, EVENT_DTYPE)
        return self._decode(start_us, end_us, self.start_us)

    def counts_before(self, times_us: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """See `Recording.counts_before`: from the index, and the segments that hold each moment."""
        index = self._complete()
        return np.array([self._count_before(index, int(time) + self.start_us) for time in times_us], np.int64)

    def close(self) -> None:
        """See `Recording.close`."""
        self._words.close()

    def _span(self) -> tuple[int, int]:
        return self._ends

    def _complete(self) -> TimeIndex:
        self.index()
        assert self._index is not None
        return self._index

    def _described(self, description: RecordingDescription, at_once: bool) -> RecordingDescription:
        """Find the span, and the size where the header lacks it."""
        self._size = (description.width or ANY_SIZE[0], description.height or ANY_SIZE[1])
        self._warnings = []
        self._search = ClockSearch(self._words, self._codec)
        head = None if self._search.empty else self._search.head()
        if at_once or head is None or not head.events.size or not self._search.orderly:
            self.index()
            index = self._complete()
            if index.span is None:
                raise SourceError("holds no events; record it again or choose another file")
            sample, count = ([] if description.width else self._corners(index)), int(index.before[-1])
        else:
            tail = self._search.tail()
            self._ends = (
                int(head.events["t"].min()),
                int(max(head.events["t"].max(), tail.events["t"].max(initial=0))),
            )
            sample, count = [head.events, tail.events], len(head.events) + len(tail.events)
        warnings = [*description.warnings, *self._warnings]
        if untimed := self._untimed():
            events = "1 event comes" if untimed == 1 else f"{untimed} events come"
            warnings.append(f"{events} before the first time in the file, and are left out.")
        if self._words.rest:
            warnings.append(
                f"It ends in the middle of a word; its last {self._words.rest} bytes are left out."
            )
        if not description.width:
            self._size = likely_sensor(sample, whole=self.indexed)
            if count >= ROWS_FOR_SIDES and not possible_sensor(*self._size):
                size = "{} x {}".format(*self._size)
                raise SourceError(
                    f"would have a sensor of {size} px, which no camera has; it is damaged, or its words are of "
                    "another format; set size=width,height if that is right"
                )
            warnings.append(guessed_size(self._size))
        width, height = self._size
        return replace(description, width=width, height=height, warnings=tuple(warnings))

    def _corners(self, index: TimeIndex) -> list[Events]:
        """An event of the largest x and one of the largest y in each part of the file that has events."""
        found = []
        for segment in np.flatnonzero(np.diff(index.before)).tolist():
            pairs = np.empty((int(index.before[segment + 1] - index.before[segment]), 2), np.uint64)
            begin, end = segment * SEGMENT, min((segment + 1) * SEGMENT, len(self._words))
            self._walk(begin, end, index.states[segment].copy(), EVER, 0, pairs, NO_TRIGGERS)
            events = pairs.view(EVENT_DTYPE)[:, 0]
            found.append(events[[int(events["x"].argmax()), int(events["y"].argmax())]])
        return found

    def _untimed(self) -> int:
        """Events before the first word with a time, as far as they are looked at."""
        if self._search.empty or not self._search.first:
            return 0
        return len(self._codec.plain(self._words.read(0, min(self._search.first, BATCH)), 0).events)

    def _warn_outside(self, index: TimeIndex) -> None:
        if index.outside:
            self._warnings.append(outside_sensor(index.outside, self._size))

    def _warn_clock(self) -> None:
        repair = self._words.repair
        if repair is not None:
            self._warnings += repair.told()
        if self._words.grown > 0:
            self._warnings.append(
                f"It has grown by {self._words.grown} bytes since it was opened; open it again to read them."
            )

    def _range(self, low: int, high: int) -> tuple[int, int, Integers]:
        """Words [begin, end) that hold all events of a window of the file's times, and the state before them."""
        index = self._index
        if index is None:
            begin, state = self._search.begin(low)
            return begin, self._search.end(high), state
        first, end = index.segments(low, high)
        if first == end:
            return 0, 0, np.zeros(0, np.int64)
        return first * SEGMENT, min(end * SEGMENT, len(self._words)), index.states[first].copy()

    def _decode(self, low: int, high: int, origin: int) -> Events:
        """Events with low <= t < high, where t counts from `origin`, sorted."""
        begin, end, state = self._range(low + origin, high + origin)
        room = self._room(begin, end, state.copy())
        pairs = np.empty((room, 2), np.uint64)
        stats = self._walk(begin, end, state, (low, high), origin, pairs, NO_TRIGGERS)
        taken = int(stats[TAKEN])
        # A window that is a small part of what was decoded does not hold on to all of it.
        pairs = pairs[:taken] if 2 * taken > room else pairs[:taken].copy()
        events = pairs.view(EVENT_DTYPE)[:, 0]
        return sorted_by_time(events) if stats[DISORDER] else events

    def _room(self, begin: int, end: int, state: Integers) -> int:
        """At least the number of events in a range of words."""
        index = self._index
        if begin == end:
            return 0
        if index is not None and begin % SEGMENT == 0:
            return int(index.before[-(-end // SEGMENT)] - index.before[begin // SEGMENT])
        return int(self._walk(begin, end, state, EVER, 0, NO_EVENTS, NO_TRIGGERS)[TAKEN])

    def _walk(
        self, begin: int, end: int, state: Integers, window: tuple[int, int], origin: int,
        pairs: npt.NDArray[np.uint64], triggers: Integers,
    ) -> Integers:  # fmt: skip
        """Decode a range of words, a batch at a time."""
        walk = self._codec.load_walk()
        total = fresh_stats()
        for position in range(begin, end, BATCH):
            words = self._words.read(position, min(position + BATCH, end))
            walk(words, state, origin, *window, *self._size, pairs, triggers, total)
        return total

    def _count_before(self, index: TimeIndex, time: int) -> int:
        """Events earlier than a time of the file; whole segments come from the index."""
        first, end = index.segments(time, time)
        if first == end:
            return int(index.before[first])
        state, window = index.states[first].copy(), (EVER[0], time)
        last = min(end * SEGMENT, len(self._words))
        stats = self._walk(first * SEGMENT, last, state, window, 0, NO_EVENTS, NO_TRIGGERS)
        return int(index.before[first] + stats[TAKEN])

    def _read_triggers(self, index: TimeIndex) -> Events:
        found = np.zeros((int(index.triggers.sum()), 3), np.int64)
        filled = 0
        for segment in np.flatnonzero(index.triggers):
            begin, count = int(segment) * SEGMENT, int(index.triggers[segment])
            state, rows = index.states[segment].copy(), found[filled : filled + count]
            self._walk(begin, begin + SEGMENT, state, EVER, self.start_us, NO_EVENTS, rows)
            filled += count
        triggers = np.zeros(len(found), TRIGGER_DTYPE)
        triggers["p"], triggers["t"], triggers["id"] = found.T
        return sorted_by_time(triggers)
