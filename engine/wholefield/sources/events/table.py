"""A recording that is a table: event number i can be read without those before it."""

from __future__ import annotations

import tempfile
import threading
from abc import ABC, abstractmethod
from collections import OrderedDict
from pathlib import Path

import numpy as np
import numpy.typing as npt

from wholefield.errors import SourceError
from wholefield.sources.events.recording import (
    EVENT_DTYPE,
    Events,
    Recording,
    RecordingDescription,
    sorted_by_time,
)

BLOCK = 16384
KEPT_BLOCKS = 64


class EventTable(ABC):
    """Events in blocks, ascending in time, on the clock of the file.

    Attributes:
        length: Number of events.
        block: Events in a block; the last one may be shorter.
    """

    length: int
    block: int = BLOCK

    @abstractmethod
    def read_block(self, number: int) -> tuple[Events, str]:
        """A block (`EVENT_DTYPE`), as far as it can be read, and a sentence about what is missing or ''."""

    def triggers(self) -> Events | None:
        """External triggers (`TRIGGER_DTYPE`), or None where the format has none."""
        return None

    def close(self) -> None:  # noqa: B027  (a table may have nothing to release)
        """Release the file; closing twice is harmless."""


class ArrayTable(EventTable):
    """A table that is an array already."""

    def __init__(self, events: Events) -> None:
        self._events = sorted_by_time(events)
        self.length = len(events)

    def read_block(self, number: int) -> tuple[Events, str]:
        """See `EventTable.read_block`."""
        return np.array(self._events[number * self.block : (number + 1) * self.block]), ""


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
    """Reads blocks on demand and keeps the latest of them. Moments are found by bisection."""

    def __init__(self, path: Path, description: RecordingDescription, table: EventTable) -> None:
        """Wrap a table.

        Raises:
            SourceError: It holds no events, or its first or last block cannot be read.
        """
        super().__init__(path, description)
        self._table = table
        self._lock = threading.Lock()
        self._blocks: OrderedDict[int, Events] = OrderedDict()
        self._firsts: dict[int, int] = {}
        self._count = -(-table.length // table.block)
        self._closed = False
        first = self._block(0) if table.length else np.zeros(0, EVENT_DTYPE)
        if not first.size:
            damage = "".join(f" {text}" for text in self.warnings)
            raise SourceError(f"{path} holds no events that can be read; choose another file.{damage}")
        last = next(block for number in reversed(range(self._count)) if (block := self._block(number)).size)
        self._ends = int(first["t"].min()), int(max(first["t"].max(), last["t"].max()))
        found = table.triggers()
        self._triggers = super().triggers if found is None else found
        self._triggers["t"] -= self._ends[0]

    @property
    def num_events(self) -> int:
        """See `Recording.num_events`; what the file says."""
        return self._table.length

    @property
    def triggers(self) -> Events:
        """See `Recording.triggers`."""
        return self._triggers

    def events(self, start_us: int, end_us: int) -> Events:
        """See `Recording.events`."""
        if start_us >= end_us:
            return np.zeros(0, EVENT_DTYPE)
        first, end = self._place(start_us + self.start_us), self._place(end_us + self.start_us)
        size = self._table.block
        parts = [
            self._block(number)[max(first - number * size, 0) : max(end - number * size, 0)]
            for number in range(first // size, -(-end // size))
        ]
        # Joining would give the type without its padding.
        events = np.empty(sum(map(len, parts)), EVENT_DTYPE)
        np.concatenate(parts or [events], out=events)
        events["t"] -= self.start_us
        events = events[(events["x"] < self.width) & (events["y"] < self.height)]
        return sorted_by_time(events)

    def counts_before(self, times_us: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """See `Recording.counts_before`."""
        return np.array([self._place(int(time) + self.start_us) for time in times_us], np.int64)

    def close(self) -> None:
        """See `Recording.close`."""
        with self._lock:
            self._closed = True
            self._blocks.clear()
            self._table.close()

    def _span(self) -> tuple[int, int]:
        return self._ends

    def _place(self, time: int) -> int:
        """Number of events earlier than a time of the file."""
        low, high = 0, self._count
        while low < high:
            middle = (low + high) // 2
            if self._first(middle) < time:
                low = middle + 1
            else:
                high = middle
        if low == 0:
            return 0
        block = self._block(low - 1)
        return (low - 1) * self._table.block + int(np.searchsorted(block["t"], time, "left"))

    def _first(self, number: int) -> int:
        """Time of the first event of a block; that of the one before where it cannot be read."""
        while number not in self._firsts:
            block = self._block(number)
            if block.size or number == 0:
                self._firsts[number] = int(block["t"][0]) if block.size else 0
            else:
                number -= 1
        return self._firsts[number]

    def _block(self, number: int) -> Events:
        with self._lock:
            if self._closed:
                raise SourceError(f"{self.name} is closed; open it again.")
            if number not in self._blocks:
                self._blocks[number], damage = self._table.read_block(number)
                if damage and damage not in self._warnings:
                    self._warnings.append(damage)
                while len(self._blocks) > KEPT_BLOCKS:
                    self._blocks.popitem(last=False)
            self._blocks.move_to_end(number)
            return self._blocks[number]
