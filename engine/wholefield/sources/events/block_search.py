"""Finding moments in a large table without reading it: bisection, as long as its blocks turn out to be in order."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Callable

from wholefield.sources.events.recording import Events

# Blocks looked at when a table is opened.
PROBES = 24


class BlockSearch:
    """Bisection by the first times of blocks.

    Every block that is read is compared with its nearest neighbors among those that were read before. Clocks that
    start again and packets that come late show up as an overlap; from then on only the index can answer.

    Attributes:
        overlap: Whether blocks are not in order of time, or cannot be read.
    """

    def __init__(self, count: int, block: Callable[[int], Events]) -> None:
        """Search `count` blocks, at least one; `block` gives one in order of time."""
        self.overlap = False
        self._count = count
        self._read = block
        self._lock = threading.Lock()
        self._seen: list[tuple[int, int, int]] = []

    def block(self, number: int) -> Events:
        """A block; looks whether it follows those before it."""
        events = self._read(number)
        if events.size:
            self._note((number, int(events["t"][0]), int(events["t"][-1])))
        else:
            # Without its events nothing can be said about the order.
            self.overlap = True
        return events

    def span(self) -> tuple[int, int]:
        """Times of the first and the last event of a table in order, in us of the file.

        Blocks spread over the table are looked at: a clock that starts again shows up among them, as `overlap`.
        """
        last = self._count - 1
        for probe in range(PROBES):
            self.block(probe * last // (PROBES - 1))
        return (0, 0) if self.overlap else (self._seen[0][1], self._seen[-1][2])

    def numbers(self, low: int, high: int) -> range:
        """Blocks outside which a table in order has no event with low <= t < high, in us of the file."""
        return range(max(self._place(low) - 1, 0), self._place(high))

    def _place(self, time: int) -> int:
        """The first block that begins at a time or later."""
        low, high = 0, self._count
        while low < high and not self.overlap:
            middle = (low + high) // 2
            events = self.block(middle)
            if events.size and int(events["t"][0]) < time:
                low = middle + 1
            else:
                high = middle
        return low

    def _note(self, entry: tuple[int, int, int]) -> None:
        number, lowest, highest = entry
        with self._lock:
            place = bisect_left(self._seen, (number,))
            if place < len(self._seen) and self._seen[place][0] == number:
                return
            before, after = self._seen[max(place - 1, 0) : place], self._seen[place : place + 1]
            if any(other[2] > lowest for other in before) or any(other[1] < highest for other in after):
                self.overlap = True
            self._seen.insert(place, entry)
