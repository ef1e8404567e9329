"""Regions put together from tiles that are decoded one by one and cached."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Iterable
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np

from wholefield.sources.cache import SHARED_CACHE, TileCache
from wholefield.sources.slides.image import AnyArray, Description, ImageSource


class TiledSource(ImageSource):
    """An image whose levels are grids of tiles; a subclass tells their size and decodes one.

    Attributes:
        tile_sizes: (height, width) of a whole tile, one pair per level.
    """

    def __init__(
        self,
        path: Path,
        description: Description,
        tile_sizes: tuple[tuple[int, int], ...],
        cache: TileCache = SHARED_CACHE,
    ) -> None:
        super().__init__(path, description)
        self.tile_sizes = tile_sizes
        self._cache = cache
        self._owner = cache.new_owner()

    def close(self) -> None:
        """Release the file and the decoded tiles."""
        self._cache.drop(self._owner)

    def _read_inside(self, level: int, x: int, y: int, width: int, height: int) -> AnyArray:
        tile_height, tile_width = self.tile_sizes[level]
        rows = range(y // tile_height, (y + height - 1) // tile_height + 1)
        columns = range(x // tile_width, (x + width - 1) // tile_width + 1)
        stored = self._stored_tiles(level)
        region = np.empty((height, width, self.channels), self.dtype)
        if stored is not None:
            region.fill(self.fill)
        for row, column in _needed(rows, columns, stored):
            tile = self._tile(level, row, column)
            top, left = row * tile_height - y, column * tile_width - x
            target = region[max(top, 0) : top + tile_height, max(left, 0) : left + tile_width]
            source_y, source_x = max(-top, 0), max(-left, 0)
            target[:] = tile[source_y : source_y + target.shape[0], source_x : source_x + target.shape[1]]
        return region

    def _tile(self, level: int, row: int, column: int) -> AnyArray:
        key = (self._owner, level, row, column)
        return self._cache.get(key, partial(self._decode_tile, level, row, column))

    def _stored_tiles(self, level: int) -> Collection[tuple[int, int]] | None:
        """Row and column of the tiles that are stored, if only some are; others have the value of what lies outside."""
        return None

    @abstractmethod
    def _decode_tile(self, level: int, row: int, column: int) -> AnyArray:
        """Pixels (height, width, channels) of one tile; a tile at the border may be cut or whole."""


def _needed(
    rows: range, columns: range, stored: Collection[tuple[int, int]] | None
) -> Iterable[tuple[int, int]]:
    """The tiles in some rows and columns, of those that are stored, in the time of the fewer."""
    cells = product(rows, columns)
    if stored is None:
        return cells
    if len(rows) * len(columns) <= len(stored):
        return (cell for cell in cells if cell in stored)
    return (cell for cell in stored if cell[0] in rows and cell[1] in columns)
