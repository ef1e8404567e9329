"""The display pyramid: which tiles of which resolution a view needs, and in which order. Integers, no Qt.

A file stores few resolutions, often a factor of four apart. Drawing one of them at an eighth of its size
would flicker, so the gaps are filled: a display level is a stored level averaged down by 1, 2, 4, ...; the
picture is always drawn from a level between once and twice the resolution of the screen.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from wholefield.sources.rect import Rect
from wholefield_app.viewer.geometry import View

TILE = 512
# Two resolutions closer than this are not worth a level of their own.
LEAST_STEP = 1.5


class StoredLevel(Protocol):
    """What this module needs to know of a resolution in a file."""

    @property
    def width(self) -> int:
        """Width in px of that level."""

    @property
    def height(self) -> int:
        """Height in px of that level."""


class TileKey(NamedTuple):
    """One tile: index of the display level (0 is the finest), column and row."""

    level: int
    column: int
    row: int


@dataclass(frozen=True)
class DisplayLevel:
    """A stored resolution averaged down by a whole number.

    Attributes:
        stored: Index of the level in the file.
        reduction: How many stored px are averaged into one along each axis.
        width: Width of the stored level in its own px.
        height: Height of the stored level in its own px.
        pitch_x: Level-0 px per stored px along x.
        pitch_y: Level-0 px per stored px along y.
    """

    stored: int
    reduction: int
    width: int
    height: int
    pitch_x: float
    pitch_y: float

    @property
    def downsample(self) -> float:
        """Level-0 px per px of this level, the larger of both axes."""
        return max(self.pitch_x, self.pitch_y) * self.reduction

    @property
    def span(self) -> int:
        """Side of a tile in stored px."""
        return TILE * self.reduction

    @property
    def columns(self) -> int:
        """Number of tiles along x."""
        return -(-self.width // self.span)

    @property
    def rows(self) -> int:
        """Number of tiles along y."""
        return -(-self.height // self.span)

    def stored_region(self, column: int, row: int) -> tuple[int, int, int, int]:
        """(x, y, width, height) of a tile in stored px, cut at the border of the image."""
        x, y = column * self.span, row * self.span
        return x, y, min(self.span, self.width - x), min(self.span, self.height - y)

    def box(self, column: int, row: int) -> Rect[float]:
        """The level-0 rectangle that a tile covers."""
        x, y, width, height = self.stored_region(column, row)
        return Rect(x * self.pitch_x, y * self.pitch_y, width * self.pitch_x, height * self.pitch_y)

    def tiles_in(self, box: Rect[float]) -> Iterator[tuple[int, int]]:
        """(column, row) of the tiles that a level-0 rectangle touches, in raster order."""
        if box.empty:
            return
        side_x, side_y = self.span * self.pitch_x, self.span * self.pitch_y
        columns = range(max(math.floor(box.x / side_x), 0), min(math.ceil(box.right / side_x), self.columns))
        for row in range(max(math.floor(box.y / side_y), 0), min(math.ceil(box.bottom / side_y), self.rows)):
            for column in columns:
                yield column, row


def display_levels(levels: Sequence[StoredLevel]) -> tuple[DisplayLevel, ...]:
    """The display pyramid of a file, finest first, down to one that is a single tile.

    Args:
        levels: The stored resolutions, finest first.
    """
    full = levels[0]
    made: list[DisplayLevel] = []
    for index, level in enumerate(levels):
        pitch_x, pitch_y = full.width / level.width, full.height / level.height
        following = levels[index + 1] if index + 1 < len(levels) else None
        limit = full.width / following.width / LEAST_STEP if following else math.inf
        reduction = 1
        while reduction == 1 or pitch_x * reduction <= limit:
            made.append(DisplayLevel(index, reduction, level.width, level.height, pitch_x, pitch_y))
            if made[-1].columns * made[-1].rows == 1:
                return tuple(made)
            reduction *= 2
    return tuple(made)


def level_for(levels: Sequence[DisplayLevel], scale: float) -> int:
    """Index of the coarsest display level that still has a px for every px of the screen.

    Args:
        levels: The display pyramid.
        scale: Device px per level-0 px.
    """
    sharp = [index for index, level in enumerate(levels) if level.downsample * scale <= 1.001]
    return sharp[-1] if sharp else 0


def tiles_for(levels: Sequence[DisplayLevel], view: View) -> list[TileKey]:
    """The tiles that a view shows, nearest to its middle first."""
    index = level_for(levels, view.scale)
    keys = (TileKey(index, column, row) for column, row in levels[index].tiles_in(view.visible))
    return sorted(keys, key=lambda key: _distance(levels, key, view))


def tiles_around(levels: Sequence[DisplayLevel], view: View) -> list[TileKey]:
    """What a view will want next: its surroundings, one level coarser, nearest first."""
    index = min(level_for(levels, view.scale) + 1, len(levels) - 1)
    x, y, width, height = view.visible
    around = Rect(x - width / 2, y - height / 2, 2 * width, 2 * height)
    keys = (TileKey(index, column, row) for column, row in levels[index].tiles_in(around))
    return sorted(keys, key=lambda key: _distance(levels, key, view))


def _distance(levels: Sequence[DisplayLevel], key: TileKey, view: View) -> float:
    box = levels[key.level].box(key.column, key.row)
    x, y = view.center
    return math.hypot(box.x + box.width / 2 - x, box.y + box.height / 2 - y)
