"""How many slices are read at once when a plane across all of them is read step by step."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

FIRST = 8
# Seconds that a slab may take at least: what is seen changes some twenty times a second.
SHORT_S = 0.05
# A slab twice as thick that costs less than this many times as much lies in the same chunks of its file.
CHEAP = 1.5


def slabs(first: int, depth: int, clock: Callable[[], float] = time.monotonic) -> Iterator[tuple[int, int]]:
    """Slabs of slices, from one to the last; they grow while that costs little time.

    A slab ends where it would end if all were as thick, so that slabs and the chunks of a file, whose thickness is a
    power of 2 as a rule, share their borders and few chunks are unpacked more than once.

    Args:
        first: The first slice.
        depth: Number of slices.
        clock: Tells the time in s.

    Yields:
        The first slice of a slab, and the first after it.
    """
    start, size, before, growing = first, FIRST, float("inf"), True
    while start < depth:
        stop = min((start // size + 1) * size, depth)
        began = clock()
        yield start, stop
        took = clock() - began
        if took < SHORT_S or (growing and took < CHEAP * before):
            size *= 2
        elif growing:
            size, growing = max(size // 2, FIRST), False
        before, start = took, stop
