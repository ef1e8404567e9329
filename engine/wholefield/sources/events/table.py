"""A recording that is a table: event number i can be read without those before it."""

from __future__ import annotations

import tempfile
import threading
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from wholefield.errors import SourceError
from wholefield.progress import ProgressCallback
from wholefield.sources.choices import UnclearFileError
from wholefield.sources.events.block_index import BlockIndex, BlockSummary
from wholefield.sources.events.block_search import BlockSearch
from wholefield.sources.events.columns.convert import LeftOut
from wholefield.sources.events.columns.decision import SIZE_QUESTION
from wholefield.sources.events.columns.roles import ROWS_FOR_SIDES
from wholefield.sources.events.recording import (
    EVENT_DTYPE,
    Events,
    Recording,
    RecordingDescription,
    sorted_by_time,
)
from wholefield.sources.events.sensors import (
    LARGEST_LIKELY_SIDE,
    guessed_size,
    likely_sensor,
    outside_sensor,
    possible_sensor,
)

BLOCK = 16384
KEPT_BLOCKS = 64
# Above this a file is indexed only when something asks for it: reading it takes longer than opening it may.
INDEX_AT_ONCE_EVENTS = 1 << 22
# Blocks looked at for the size of a sensor that is not in a large file.
SAMPLED_BLOCKS = 16


class Block(NamedTuple):
    """A block of a table.

    Attributes:
        events: Its events (`EVENT_DTYPE`) as far as they can be read, in any order, on the clock of the file.
        damage: A sentence about what is missing, or ''.
        left_out: Its rows that are no events.
    """

    events: Events
    damage: str = ""
    left_out: LeftOut = LeftOut()


class EventTable(ABC):
    """Events in blocks, in any order of time, on the clock of the file.

    Attributes:
        length: Number of rows.
        block: Rows in a block; the last one may be shorter.
        left_out: Rows that are no events and were left out before.
        at_hand: Whether all of it can be read at once without much delay.
    """

    length: int
    block: int = BLOCK
    left_out: LeftOut = LeftOut()
    at_hand: bool = False

    @abstractmethod
    def read_block(self, number: int) -> Block:
        """A block, as far as it can be read."""

    def triggers(self) -> Events | None:
        """External triggers (`TRIGGER_DTYPE`), or None where the format has none."""
        return None

    def close(self) -> None:  # noqa: B027  (a table may have nothing to release)
        """Release the file; closing twice is harmless."""


class ArrayTable(EventTable):
    """A table that is an array already."""

    at_hand = True

    def __init__(self, events: Events, left_out: LeftOut | None = None) -> None:
        """Wrap events (`EVENT_DTYPE`), and tell what was left out when they were made."""
        self._events = events
        self.length = len(events)
        self.left_out = left_out or LeftOut()

    def read_block(self, number: int) -> Block:
        """See `EventTable.read_block`."""
        return Block(np.array(self._events[number * self.block : (number + 1) * self.block]))


class Spool:
    """Gathers events of a format that can only be read from start to end in a file that vanishes by itself."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  (closed by close)
        self.length = 0

    def append(self, events: Events) -> None:
        """Add events (`EVENT_DTYPE`) at the end."""
        self._file.write(np.ascontiguousarray(events).tobytes())
        self.length += len(events)

    def array(self) -> Events:
        """All of them, mapped from disk."""
        self._file.flush()
        if not self.length:
            return np.zeros(0, EVENT_DTYPE)
        return np.memmap(self._file, EVENT_DTYPE, "r", shape=(self.length,))

    def close(self) -> None:
        """Release the file; what `array` gave stays readable."""
        self._file.close()


class TableRecording(Recording):
    """Reads blocks on demand and keeps the latest of them; the index says which blocks a window needs.

    A large file has no index until something asks for it. Until then moments are found by bisection, as long as no two
    blocks that were read overlap in time: the first that do make it read all of the file, so that no event is missed.
    """

    def __init__(self, path: Path, description: RecordingDescription, table: EventTable) -> None:
        """Wrap a table.

        Args:
            path: The file.
            description: What is known; width and height 0 where the size of the sensor is not.
            table: The events.

        Raises:
            SourceError: It holds no events, or they lie on no sensor that can exist.
        """
        self._table = table
        self._lock = threading.Lock()
        self._building = threading.Lock()
        self._blocks: OrderedDict[int, Events] = OrderedDict()
        self._count = -(-table.length // table.block)
        self._closed = False
        self._index: BlockIndex | None = None
        self._size = description.width or LARGEST_LIKELY_SIDE, description.height or LARGEST_LIKELY_SIDE
        self._search = BlockSearch(self._count, self._block)
        super().__init__(path, description)
        at_once = table.at_hand or table.length <= INDEX_AT_ONCE_EVENTS
        self._ends = (0, 0) if at_once else self._search.span()
        if at_once or self._search.overlap:
            self.index()
        if not description.width:
            self._measure()
        self._triggers = table.triggers()

    def warn(self, *sentences: str) -> None:
        """Add what was found out beside the events."""
        self._warnings += sentences

    @property
    def indexed(self) -> bool:
        """See `Recording.indexed`."""
        return self._index is not None

    @property
    def num_events(self) -> int:
        """See `Recording.num_events`."""
        return self._complete().total

    @property
    def triggers(self) -> Events:
        """See `Recording.triggers`."""
        if self._triggers is None:
            return super().triggers
        found = sorted_by_time(self._triggers).copy()
        found["t"] -= self.start_us
        return found

    def index(self, progress: ProgressCallback | None = None) -> None:
        """See `Recording.index`."""
        with self._building:
            if self._index is None:
                index = BlockIndex(self._summaries(progress))
                if index.span is None:
                    damage = "".join(f" {text}" for text in (*self.warnings, *self._left_out(index)))
                    raise SourceError(
                        f"{self.path} holds no events that can be read; choose another file.{damage}"
                    )
                self._ends = index.span
                self._warnings += self._left_out(index)
                self._index = index

    def events(self, start_us: int, end_us: int) -> Events:
        """See `Recording.events`."""
        if start_us >= end_us:
            return np.zeros(0, EVENT_DTYPE)
        low, high = start_us + self.start_us, end_us + self.start_us
        parts = self._parts(low, high)
        # Joining would give the type without its padding.
        events = np.empty(sum(map(len, parts)), EVENT_DTYPE)
        np.concatenate(parts or [events], out=events)
        events["t"] -= self.start_us
        return sorted_by_time(events)

    def counts_before(self, times_us: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """See `Recording.counts_before`."""
        return self._complete().counts_before(np.asarray(times_us, np.int64) + self.start_us, self._block)

    def close(self) -> None:
        """See `Recording.close`."""
        with self._lock:
            self._closed = True
            self._blocks.clear()
            self._table.close()

    def _span(self) -> tuple[int, int]:
        return self._ends

    def _complete(self) -> BlockIndex:
        self.index()
        assert self._index is not None
        return self._index

    def _summaries(self, progress: ProgressCallback | None) -> Iterator[BlockSummary]:
        for number in range(self._count):
            yield BlockSummary.of(*self._load(number))
            if progress is not None:
                progress(number + 1, self._count)

    def _left_out(self, index: BlockIndex) -> list[str]:
        left_out = index.left_out + self._table.left_out
        size = (self.width, self.height) if self.width else index.size
        outside = [outside_sensor(left_out.outside, size)] if left_out.outside else []
        return [*outside, *left_out.sentences()]

    def _measure(self) -> None:
        """Take the size of the sensor from the events.

        Raises:
            UnclearFileError: No sensor has that size.
        """
        if self._index is not None:
            size, count = self._index.size, self._index.total
        else:
            numbers = np.linspace(0, self._count - 1, SAMPLED_BLOCKS).astype(int).tolist()
            samples = [self._search.block(number) for number in numbers]
            size, count = likely_sensor(samples, whole=False), sum(map(len, samples))
            with self._lock:
                self._blocks.clear()
        if count >= ROWS_FOR_SIDES and not possible_sensor(*size):
            raise UnclearFileError(
                f"{self.path} would have a sensor of {size[0]} x {size[1]} px, which no camera has; "
                "set size=width,height if that is right, or choose other columns.",
                (replace(SIZE_QUESTION, needed=True),),
            )
        self.width, self.height = self._size = size
        self._warnings.append(guessed_size(size))

    def _parts(self, low: int, high: int) -> list[Events]:
        """Events with low <= t < high, in us of the file, of one block after the other."""
        if self._index is None:
            numbers = self._search.numbers(low, high)
            parts = [_between(self._search.block(number), low, high) for number in numbers]
            if not self._search.overlap:
                return parts
        return [_between(self._block(number), low, high) for number in self._complete().blocks(low, high)]

    def _block(self, number: int) -> Events:
        """A block in order of time."""
        with self._lock:
            if number in self._blocks:
                self._blocks.move_to_end(number)
                return self._blocks[number]
        events, _ = self._load(number)
        with self._lock:
            self._blocks[number] = events
            while len(self._blocks) > KEPT_BLOCKS:
                self._blocks.popitem(last=False)
        return events

    def _load(self, number: int) -> tuple[Events, LeftOut]:
        """A block in order of time without what lies outside the sensor, and what is left out."""
        with self._lock:
            if self._closed:
                raise SourceError(f"{self.name} is closed; open it again.")
            events, damage, left_out = self._table.read_block(number)
            if damage and damage not in self._warnings:
                self._warnings.append(damage)
        width, height = self._size
        inside = (events["x"] < width) & (events["y"] < height)
        if not inside.all():
            left_out += LeftOut(outside=int((~inside).sum()))
            events = events[inside]
        return sorted_by_time(events), left_out


def _between(block: Events, low: int, high: int) -> Events:
    """The events of a block in order of time with low <= t < high."""
    first, end = np.searchsorted(block["t"], (low, high), "left")
    return block[first:end]
