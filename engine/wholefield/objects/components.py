"""Connected components of a mask of any size, found tile by tile; the result does not depend on the tiles."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from wholefield.progress import ProgressCallback
from wholefield.sources.rect import Rect

Mask = npt.NDArray[np.bool_]
Whole = npt.NDArray[np.int64]
Read = Callable[[Rect[int]], Mask]
"""Gives the foreground (h, w) of a region in px."""


@dataclass(frozen=True, eq=False)
class Components:
    """The connected components of a mask, in the order of their first pixels, row by row.

    Attributes:
        first: Row and column of the first pixel of each, (n, 2).
        boxes: Top, left, bottom and right of each, (n, 4); the last two lie behind it.
        areas: Pixels of each.
        whole: Whether each lies in a single tile.
    """

    first: Whole
    boxes: Whole
    areas: Whole
    whole: Mask

    def __len__(self) -> int:
        return len(self.areas)


def tiles_of(size: tuple[int, int], tile: int) -> Iterator[Rect[int]]:
    """The tiles of an image (height, width), row by row."""
    height, width = size
    for top in range(0, height, tile):
        for left in range(0, width, tile):
            yield Rect(left, top, min(tile, width - left), min(tile, height - top))


def neighborhood(diagonal: bool) -> npt.NDArray[Any]:
    """Which pixels touch the one in the middle, (3, 3)."""
    found: npt.NDArray[Any] = ndimage.generate_binary_structure(2, 2 if diagonal else 1)
    return found


def find_components(
    read: Read,
    size: tuple[int, int],
    *,
    diagonal: bool = True,
    tile: int = 2048,
    progress: ProgressCallback | None = None,
) -> Components:
    """Find the connected components of a mask.

    Every tile is labeled by itself; pieces that touch across a border between tiles are joined. Kept are a row of the
    image, and a few numbers for each piece.

    Args:
        read: Reads a region of the mask; called once for every tile.
        size: (height, width).
        diagonal: Whether pixels that touch at a corner belong together (8 neighbors), or only those that share an edge
            (4 neighbors).
        tile: Side of the tiles in px; it changes nothing but memory and time.
        progress: Called with the tiles done and in total.

    Returns:
        The components, the same for any tile.

    Example:
        >>> import numpy as np
        >>> from wholefield.objects import find_components
        >>> mask = np.array([[1, 1, 0, 0], [0, 0, 1, 0], [1, 0, 0, 0]], bool)
        >>> def read(rect):
        ...     return mask[rect.y : rect.bottom, rect.x : rect.right]
        >>> find_components(read, mask.shape, tile=2).areas.tolist()
        [3, 1]
        >>> find_components(read, mask.shape, diagonal=False, tile=2).areas.tolist()
        [2, 1, 1]
    """
    pieces = _Pieces(size, 1 if diagonal else 0, neighborhood(diagonal))
    tiles = list(tiles_of(size, tile))
    for number, rect in enumerate(tiles, 1):
        pieces.add(rect, read(rect))
        if progress is not None:
            progress(number, len(tiles))
    return pieces.joined()


@dataclass
class _Pieces:
    """What is known of the pieces of components in the tiles so far, numbered from 1.

    Attributes:
        size: (height, width) of the mask.
        reach: How far to the side pixels across a border may lie: 1 with diagonals, otherwise 0.
        structure: Which pixels touch.
    """

    size: tuple[int, int]
    reach: int
    structure: npt.NDArray[Any]
    count: int = 0
    facts: list[Whole] = field(default_factory=list)
    pairs: list[Whole] = field(default_factory=list)

    def __post_init__(self) -> None:
        # The pieces in the last row of the tiles above and of those in work, with one pixel of nothing on both sides.
        self._above, self._below = (np.zeros(self.size[1] + 2, np.int64) for _ in range(2))
        self._before: Whole = np.zeros(0, np.int64)

    def add(self, rect: Rect[int], mask: Mask) -> None:
        """Take in a tile."""
        local, found = ndimage.label(mask, self.structure)
        numbers = np.where(local > 0, local.astype(np.int64) + self.count, 0)
        if rect.x == 0:
            self._above, self._below = self._below, np.zeros_like(self._below)
        else:
            padded = np.pad(self._before, 1)
            for shift in range(-self.reach, self.reach + 1):
                self._pair(numbers[:, 0], padded[1 + shift : 1 + shift + rect.height])
        if rect.y:
            for shift in range(-self.reach, self.reach + 1):
                start = rect.x + 1 + shift
                self._pair(numbers[0], self._above[start : start + rect.width])
        self._below[rect.x + 1 : rect.right + 1] = numbers[-1]
        self._before = numbers[:, -1]
        if found:
            self.facts.append(_facts(local, rect, found))
        self.count += found

    def joined(self) -> Components:
        """The components."""
        if not self.count:
            nothing = np.zeros((0, 4), np.int64)
            return Components(nothing[:, :2], nothing, nothing[:, 0], np.zeros(0, bool))
        facts = np.concatenate(self.facts)
        pairs = np.concatenate(self.pairs) - 1 if self.pairs else np.zeros((0, 2), np.int64)
        graph = coo_array((np.ones(len(pairs), bool), (pairs[:, 0], pairs[:, 1])), (self.count, self.count))
        number, of = connected_components(graph, directed=False)
        first = np.full(number, np.iinfo(np.int64).max)
        np.minimum.at(first, of, facts[:, 0] * self.size[1] + facts[:, 1])
        boxes = np.empty((number, 4), np.int64)
        for column, join in enumerate((np.minimum, np.minimum, np.maximum, np.maximum)):
            boxes[:, column] = np.iinfo(np.int64).max if join is np.minimum else 0
            join.at(boxes[:, column], of, facts[:, 2 + column])
        areas = np.zeros(number, np.int64)
        np.add.at(areas, of, facts[:, 6])
        whole = np.bincount(of, minlength=number) == 1
        order = np.argsort(first)
        places = np.stack(np.divmod(first, self.size[1]), 1)
        return Components(places[order], boxes[order], areas[order], whole[order])

    def _pair(self, here: Whole, there: Whole) -> None:
        both = (here > 0) & (there > 0)
        if both.any():
            self.pairs.append(np.unique(np.stack([here[both], there[both]], 1), axis=0))


def _facts(local: npt.NDArray[Any], rect: Rect[int], found: int) -> Whole:
    """First row and column, top, left, bottom, right and area of every piece of a tile, in px of the image."""
    flat = local.ravel()
    inside = np.flatnonzero(flat)[::-1]
    first = np.empty(found + 1, np.int64)
    # Of several places the last one is kept, which is the first in the image.
    first[flat[inside]] = inside
    rows, columns = np.divmod(first[1:], local.shape[1])
    boxes = np.array(
        [(down.start, right.start, down.stop, right.stop) for down, right in ndimage.find_objects(local)],
        np.int64,
    )
    shift = np.array([rect.y, rect.x] * 3)
    places = np.concatenate([np.stack([rows, columns], 1), boxes], 1) + shift
    return np.concatenate([places, np.bincount(flat, minlength=found + 1)[1:, None]], 1)
