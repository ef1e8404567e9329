"""Stacks that are kept as planes: each plane is decoded when it is needed and kept a while."""

from __future__ import annotations

from abc import abstractmethod
from functools import partial
from pathlib import Path

import numpy as np

from wholefield.sources.cache import SHARED_CACHE, TileCache
from wholefield.sources.stacks.stack import AnyArray, Box, StackDescription, StackSource


class SlicedStack(StackSource):
    """A stack whose planes are decoded one by one, whole."""

    def __init__(self, path: Path, description: StackDescription, cache: TileCache = SHARED_CACHE) -> None:
        super().__init__(path, description)
        self._cache = cache
        self._owner = cache.new_owner()

    def _release(self) -> None:
        self._cache.drop(self._owner)

    def _read_box(self, box: Box) -> AnyArray:
        return np.stack([self._plane(z)[box[1], box[2]] for z in range(box[0].start, box[0].stop)])

    def _plane(self, z: int) -> AnyArray:
        return self._cache.get((self._owner, z, self.time, 0), partial(self._decode_plane, z))

    @abstractmethod
    def _decode_plane(self, z: int) -> AnyArray:
        """All of one plane at `time`, (y, x) or (y, x, channels)."""
