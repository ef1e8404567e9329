"""Rectangles that a plane is cut into where it is too large to be computed at once; integers, no torch."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

# Cutting further would compute almost nothing but margins.
SMALLEST_CORE = 32


@dataclass(frozen=True)
class Piece:
    """A range of an axis.

    Attributes:
        core: what it is there for.
        outer: the core and what a network reads around it, as far as the axis goes.
    """

    core: slice
    outer: slice

    @property
    def length(self) -> int:
        """Positions that are read."""
        return int(self.outer.stop - self.outer.start)

    @property
    def within(self) -> slice:
        """The core, counted from the first position that is read."""
        return slice(self.core.start - self.outer.start, self.core.stop - self.outer.start)


def pieces(length: int, count: int, reach: int) -> list[Piece]:
    """An axis in so many parts of about the same length; their cores cover it without overlap.

    Args:
        length: positions of the axis.
        count: parts, at most `length`.
        reach: positions that a network reads on both sides.
    """
    bounds = [length * number // count for number in range(count + 1)]
    return [
        Piece(slice(start, stop), slice(max(start - reach, 0), min(stop + reach, length)))
        for start, stop in pairwise(bounds)
    ]


def windows(shape: Sequence[int], reach: int, most: int) -> list[tuple[Piece, Piece]]:
    """A plane as few rectangles of at most `most` pixels each, margins included, row by row.

    Where that cannot be, the rectangles are as small as makes sense.

    Args:
        shape: (rows, columns).
        reach: pixels that a network reads on all sides.
        most: pixels that may be computed at once.
    """
    counts = [1, 1]
    while True:
        axes = [pieces(length, count, reach) for length, count in zip(shape, counts, strict=True)]
        area = max(piece.length for piece in axes[0]) * max(piece.length for piece in axes[1])
        cores = [length // count for length, count in zip(shape, counts, strict=True)]
        if area <= most or max(cores) <= SMALLEST_CORE:
            return [(rows, columns) for rows in axes[0] for columns in axes[1]]
        counts[cores.index(max(cores))] += 1
