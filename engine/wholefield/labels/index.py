"""Which shapes may lie in a rectangle, for any number of shapes of any size that come and go."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from math import ceil, floor, frexp

Bounds = tuple[float, float, float, float]
"""Left, top, right, bottom."""

Cell = tuple[int, int]


class BoundsIndex:
    """Keys by their bounds, in grids of cells of 2, 4, 8, ... pixels: each key lies in at most four cells.

    Adding and removing cost the same however many there are, unlike in a tree that is built at once.
    """

    def __init__(self) -> None:
        self._grids: dict[int, dict[Cell, set[int]]] = defaultdict(lambda: defaultdict(set))

    def add(self, key: int, bounds: Bounds) -> None:
        """Add a key."""
        grid = self._grids[_size(bounds)]
        for cell in _cells(bounds, _size(bounds)):
            grid[cell].add(key)

    def remove(self, key: int, bounds: Bounds) -> None:
        """Remove a key that was added with these bounds."""
        size = _size(bounds)
        grid = self._grids[size]
        for cell in _cells(bounds, size):
            grid[cell].discard(key)
            if not grid[cell]:
                del grid[cell]
        if not grid:
            del self._grids[size]

    def near(self, bounds: Bounds) -> set[int]:
        """All keys whose bounds meet these, and perhaps some that lie close."""
        found: set[int] = set()
        for size, grid in self._grids.items():
            left, top, right, bottom = (floor(value / size) for value in bounds)
            if (right - left + 1) * (bottom - top + 1) <= len(grid):
                cells: Iterator[Cell] = _cells(bounds, size)
            else:
                cells = (c for c in grid if left <= c[0] <= right and top <= c[1] <= bottom)
            for cell in cells:
                found |= grid.get(cell, set())
        return found


def _size(bounds: Bounds) -> int:
    """The side of the cells for a key: the power of two from its larger side on."""
    side = max(bounds[2] - bounds[0], bounds[3] - bounds[1], 1.0)
    return 1 << max(frexp(ceil(side))[1], 1)


def _cells(bounds: Bounds, size: int) -> Iterator[Cell]:
    left, top, right, bottom = (floor(value / size) for value in bounds)
    return ((column, row) for row in range(top, bottom + 1) for column in range(left, right + 1))
