"""Regions put together from tiles that are decoded one by one and cached."""

from __future__ import annotations

from abc import abstractmethod
from functools import partial
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
        region = np.empty((height, width, self.channels), self.dtype)
        for row in range(y // tile_height, (y + height - 1) // tile_height + 1):
            for column in range(x // tile_width, (x + width - 1) // tile_width + 1):
                top, left = row * tile_height - y, column * tile_width - x
                target = region[max(top, 0) : top + tile_height, max(left, 0) : left + tile_width]
                if not self._has_tile(level, row, column):
                    target[:] = self.fill
                    continue
                tile = self._tile(level, row, column)
                source_y, source_x = max(-top, 0), max(-left, 0)
                target[:] = tile[source_y : source_y + target.shape[0], source_x : source_x + target.shape[1]]
        return region

    def _tile(self, level: int, row: int, column: int) -> AnyArray:
        key = (self._owner, level, row, column)
        return self._cache.get(key, partial(self._decode_tile, level, row, column))

    def _has_tile(self, level: int, row: int, column: int) -> bool:
        """Whether a tile is stored; one that is not has the value of what lies outside, and costs no time."""
        return True

    @abstractmethod
    def _decode_tile(self, level: int, row: int, column: int) -> AnyArray:
        """Pixels (height, width, channels) of one tile; a tile at the border may be cut or whole."""
