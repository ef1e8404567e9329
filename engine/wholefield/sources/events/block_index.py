"""The time index of a table: the earliest and the latest time of every block, whatever the order of the events."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wholefield.sources.events.columns.convert import LeftOut
from wholefield.sources.events.recording import Events

Integers = npt.NDArray[np.int64]
EARLIEST, LATEST = -(2**62), 2**62


@dataclass(frozen=True)
class BlockSummary:
    """What one block holds.

    Attributes:
        count: Events that are shown.
        lowest: Earliest time, in us of the file; `LATEST` where there are none.
        highest: Latest time; `EARLIEST` where there are none.
        width, height: Size in px of a sensor that holds them; 0 where there are none.
        left_out: What is not shown.
    """

    count: int
    lowest: int
    highest: int
    width: int
    height: int
    left_out: LeftOut

    @classmethod
    def of(cls, events: Events, left_out: LeftOut) -> BlockSummary:
        """Summarize events in order of time."""
        if not events.size:
            return cls(0, LATEST, EARLIEST, 0, 0, left_out)
        first, last = int(events["t"][0]), int(events["t"][-1])
        return cls(len(events), first, last, int(events["x"].max()) + 1, int(events["y"].max()) + 1, left_out)


class BlockIndex:
    """Where to look for the events of a window, and how many come before a moment.

    Clocks of files start again and packets come late, so that the same moment may be in several blocks. Blocks are
    bounded from both sides: a window needs those that begin before its end and end after its start. Where the file is
    in order these lie side by side and are found by bisection.

    Attributes:
        total: Number of events.
        span: Earliest and latest time, in us of the file; None where there are no events.
        size: (width, height) in px of a sensor that holds all events.
        left_out: Rows that are no events.
    """

    def __init__(self, blocks: Iterable[BlockSummary]) -> None:
        """Take over what is known of all blocks, in the order of the file."""
        found = list(blocks)
        self._counts = np.array([block.count for block in found], np.int64)
        self._lowest = np.array([block.lowest for block in found], np.int64)
        self._highest = np.array([block.highest for block in found], np.int64)
        # No block before has an event as late, none after has one as early.
        self._latest_before = np.maximum.accumulate(self._highest)
        self._earliest_after = np.minimum.accumulate(self._lowest[::-1])[::-1]
        by_end = np.argsort(self._highest, kind="stable")
        self._ends = self._highest[by_end]
        self._ended = np.concatenate([[0], np.cumsum(self._counts[by_end])])
        self.total = int(self._counts.sum())
        self.span = (int(self._lowest.min()), int(self._highest.max())) if self.total else None
        self.size = max((b.width for b in found), default=0), max((b.height for b in found), default=0)
        self.left_out = sum((block.left_out for block in found), LeftOut())

    def blocks(self, low: int, high: int) -> list[int]:
        """Numbers, ascending, of all blocks that can have events with low <= t < high, in us of the file."""
        first = int(np.searchsorted(self._latest_before, low, "left"))
        end = int(np.searchsorted(self._earliest_after, high, "left"))
        inside = (self._highest[first:end] >= low) & (self._lowest[first:end] < high)
        return (first + np.flatnonzero(inside)).tolist()

    def counts_before(self, times: Integers, block: Callable[[int], Events]) -> Integers:
        """How many events are earlier than each of some times of the file.

        Args:
            times: Any order.
            block: Gives a block, in order of time; called once for each that has one of the times inside.
        """
        order = np.argsort(times, kind="stable")
        ascending = times[order]
        before = self._ended[np.searchsorted(self._ends, ascending, "left")]
        # Of a block that has begun but not ended at a time, a part is earlier.
        first = np.searchsorted(ascending, self._lowest, "right")
        end = np.searchsorted(ascending, self._highest, "right")
        for number in np.flatnonzero(end > first).tolist():
            moments = slice(int(first[number]), int(end[number]))
            before[moments] += np.searchsorted(block(number)["t"], ascending[moments], "left")
        counts = np.empty_like(before)
        counts[order] = before
        return counts
