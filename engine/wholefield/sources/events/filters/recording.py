"""A recording seen through filters: any moment of it is what a run of the filters from its beginning leaves there.

One pass over the recording keeps a bit for each event, so that every way to a moment, by playing, jumping or exporting,
gives the same events. What is removed is only left out: the clock, start and length are those of the file.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wholefield.progress import ProgressCallback
from wholefield.sources.events.codec import Integers
from wholefield.sources.events.filters.chain import FilterChain
from wholefield.sources.events.filters.kernels import add_counts
from wholefield.sources.events.filters.regions import hot_pixels
from wholefield.sources.events.recording import EVENT_DTYPE, Events, Recording, RecordingDescription, words_of

# Events of a block: small enough that the bits of part of one are counted quickly, large enough for the loops.
BLOCK_EVENTS = 1 << 18
# Steps of progress in a pass.
FINE = 1000


@dataclass(frozen=True)
class HotPixel:
    """A pixel that fires too much.

    Attributes:
        x: Column, where the filter finds it.
        y: Row.
        count: Its events in the recording.
    """

    x: int
    y: int
    count: int


@dataclass(frozen=True)
class _Kept:
    """Which events are left.

    Attributes:
        begins: Number of the first event of each block in the recording, ascending.
        bits: For each block, packed bits of which events are left.
        before: Events left before each block and in all, (blocks + 1,).
    """

    begins: Integers
    bits: tuple[npt.NDArray[np.uint8], ...]
    before: Integers

    def count_before(self, number: int) -> int:
        """How many of the first `number` events are left."""
        block = int(np.searchsorted(self.begins, number, "right")) - 1
        if block < 0:
            return 0
        return int(self.before[block]) + int(_set(self.bits[block], number - int(self.begins[block])))

    def mask(self, first: int, count: int) -> npt.NDArray[np.bool_]:
        """Which of `count` events from number `first` on are left."""
        found = np.zeros(count, np.bool_)
        block, done = int(np.searchsorted(self.begins, first, "right")) - 1, 0
        while done < count:
            begin = first + done - int(self.begins[block])
            last = block + 1 == len(self.begins)
            end = (
                begin + count - done
                if last
                else min(begin + count - done, int(self.begins[block + 1] - self.begins[block]))
            )
            bits = np.unpackbits(self.bits[block][begin // 8 : -(-end // 8)])
            found[done : done + end - begin] = bits[begin % 8 : begin % 8 + end - begin]
            done += end - begin
            block += 1
        return found


def _set(bits: npt.NDArray[np.uint8], count: int) -> int:
    """How many of the first `count` bits are set."""
    whole = int(np.bitwise_count(bits[: count // 8]).sum(dtype=np.int64))
    return whole + (
        int(np.unpackbits(bits[count // 8 : count // 8 + 1])[: count % 8].sum()) if count % 8 else 0
    )


class FilteredRecording(Recording):
    """A recording through a chain of filters, with the interface of any recording.

    Attributes:
        source: The recording in the file, which this closes.
        chain: The filters.
        effects: Events that came in, and that were left behind each enabled filter, once it is indexed.
        hot: The hot pixels that were found, those with most events first, once it is indexed.

    Args:
        source: The recording.
        chain: The filters.

    Raises:
        SettingError: A filter does not fit the sensor.
        SourceError: A file that a filter names cannot be read.

    Example:
        >>> from pathlib import Path
        >>> from wholefield.sources import open_recording
        >>> from wholefield.sources.events.filters.chain import FilterChain
        >>> from wholefield.sources.events.filters.recording import FilteredRecording
        >>> _ = Path("events.csv").write_text("x,y,p,t\\n5,7,1,100\\n5,7,0,150\\n6,7,0,2250\\n")
        >>> source = open_recording("events.csv")
        >>> with FilteredRecording(source, FilterChain.parse("refractory=1ms")) as recording:
        ...     recording.num_events, recording.duration_us
        (2, 2151)
    """

    def __init__(self, source: Recording, chain: FilterChain) -> None:
        self.source, self.chain = source, chain
        width, height = chain.size((source.width, source.height))
        metadata = {**source.metadata, "filters": chain.text}
        super().__init__(source.path, RecordingDescription(source.format_name, width, height, metadata))
        self.effects: tuple[int, ...] = ()
        self.hot: tuple[HotPixel, ...] = ()
        self._kept: _Kept | None = None
        self._building = threading.Lock()
        # What does not fit is told now rather than after reading all of the file.
        size = source.width, source.height
        nothing = {n: np.zeros(self._size_before(n)[::-1], np.bool_) for n in self._to_measure()}
        chain.start(size, nothing)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Those of the file."""
        return self.source.warnings

    @property
    def indexed(self) -> bool:
        """See `Recording.indexed`."""
        return self._kept is not None

    @property
    def triggers(self) -> Events:
        """Those of the file: filters leave them alone."""
        return self.source.triggers

    @property
    def num_events(self) -> int:
        """Events that are left."""
        return int(self._complete().before[-1])

    def index(self, progress: ProgressCallback | None = None) -> None:
        """Read the whole file once, run the filters over it, and once more for each filter that measures first."""
        with self._building:
            if self._kept is None:
                to_measure = self._to_measure()
                passes = _Passes(progress, len(to_measure) + 1 + (not self.source.indexed))
                if not self.source.indexed:
                    self.source.index(passes.next())
                measured: dict[int, npt.NDArray[np.bool_]] = {}
                for number in to_measure:
                    measured[number] = self._measure(number, measured, passes.next())
                self._kept = self._filter(measured, passes.next())

    def events(self, start_us: int, end_us: int) -> Events:
        """See `Recording.events`."""
        kept = self._complete()
        start_us, end_us = max(start_us, 0), min(end_us, self.duration_us)
        if start_us >= end_us:
            return np.zeros(0, EVENT_DTYPE)
        events = self.source.events(start_us, end_us)
        first = int(self.source.counts_before(np.array([start_us], np.int64))[0])
        found = events[kept.mask(first, len(events))]
        return self._in_place(found)

    def counts_before(self, times_us: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """See `Recording.counts_before`."""
        kept = self._complete()
        numbers = self.source.counts_before(times_us)
        return np.array([kept.count_before(int(number)) for number in numbers], np.int64)

    def close(self) -> None:
        """Close the file."""
        self.source.close()

    def _span(self) -> tuple[int, int]:
        return self.source._span()

    def _complete(self) -> _Kept:
        self.index()
        assert self._kept is not None
        return self._kept

    def _in_place(self, events: Events) -> Events:
        """Events that are left, as the filters that change events make them."""
        changing = FilterChain(tuple(each for each in self.chain.active if each.changes))
        return changing.start((self.source.width, self.source.height)).run(events)[0] if changing else events

    def _to_measure(self) -> list[int]:
        return [number for number, each in enumerate(self.chain.active) if each.kind.measured]

    def _size_before(self, number: int) -> tuple[int, int]:
        return self.chain.before(number).size((self.source.width, self.source.height))

    def _measure(
        self, number: int, measured: dict[int, npt.NDArray[np.bool_]], progress: ProgressCallback
    ) -> npt.NDArray[np.bool_]:
        """The hot pixels among the events that reach a filter."""
        width, height = self._size_before(number)
        counts = np.zeros((height, width), np.int64)
        running = self.chain.before(number).start((self.source.width, self.source.height), measured)
        done = 0
        for chunk in self.source.chunks(BLOCK_EVENTS):
            left, _ = running.run(chunk)
            add_counts(words_of(left), np.ones(len(left), np.uint8), counts)
            done += len(chunk)
            progress(done, self.source.num_events)
        found = hot_pixels(counts, self.chain.active[number].values[0])
        rows, columns = np.nonzero(found)
        listed = [HotPixel(int(x), int(y), int(counts[y, x])) for y, x in zip(rows, columns, strict=True)]
        self.hot = tuple(sorted((*self.hot, *listed), key=_by_count))
        return found

    def _filter(self, measured: dict[int, npt.NDArray[np.bool_]], progress: ProgressCallback) -> _Kept:
        running = self.chain.start((self.source.width, self.source.height), measured)
        begins, bits, before, total = [], [], [0], 0
        for chunk in self.source.chunks(BLOCK_EVENTS):
            _, kept = running.run(chunk)
            begins.append(total)
            bits.append(np.packbits(kept))
            before.append(before[-1] + int(np.count_nonzero(kept)))
            total += len(chunk)
            progress(total, self.source.num_events)
        self.effects = tuple(running.counts.tolist())
        return _Kept(np.array(begins, np.int64), tuple(bits), np.array(before, np.int64))


class _Passes:
    """The progress of several passes as that of one."""

    def __init__(self, progress: ProgressCallback | None, count: int) -> None:
        self._progress, self._count, self._number = progress, count, 0

    def next(self) -> ProgressCallback:
        """The progress of the next pass."""
        number = self._number
        self._number += 1

        def tell(done: int, total: int) -> None:
            if self._progress is not None:
                self._progress(number * FINE + FINE * done // max(total, 1), self._count * FINE)

        return tell


def _by_count(pixel: HotPixel) -> tuple[int, int, int]:
    return -pixel.count, pixel.y, pixel.x
