"""A bounded cache of decoded tiles that all open sources share."""

from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Any

import numpy.typing as npt

AnyArray = npt.NDArray[Any]
Key = tuple[int, int, int, int]

DEFAULT_CAPACITY_BYTES = 256 * 2**20


class TileCache:
    """Keeps the tiles used last, up to a number of bytes. Safe to use from several threads.

    Keys are (owner, level, row, column); an owner is a number from `new_owner`.
    """

    def __init__(self, capacity: int = DEFAULT_CAPACITY_BYTES) -> None:
        self.capacity = capacity
        self._tiles: OrderedDict[Key, AnyArray] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()
        self._owners = itertools.count()

    @property
    def used(self) -> int:
        """Bytes of the tiles held now."""
        return self._bytes

    def new_owner(self) -> int:
        """A number under which a source keeps its tiles."""
        return next(self._owners)

    def get(self, key: Key, decode: Callable[[], AnyArray]) -> AnyArray:
        """The tile under `key`, decoded now if it is not held; treat it as read-only."""
        with self._lock:
            tile = self._tiles.get(key)
            if tile is not None:
                self._tiles.move_to_end(key)
                return tile
        tile = decode()
        self._keep(key, tile)
        return tile

    def drop(self, owner: int) -> None:
        """Forget every tile of an owner."""
        with self._lock:
            for key in [key for key in self._tiles if key[0] == owner]:
                self._bytes -= self._tiles.pop(key).nbytes

    def _keep(self, key: Key, tile: AnyArray) -> None:
        with self._lock:
            if key in self._tiles or tile.nbytes > self.capacity:
                return
            self._tiles[key] = tile
            self._bytes += tile.nbytes
            while self._bytes > self.capacity:
                self._bytes -= self._tiles.popitem(last=False)[1].nbytes


SHARED_CACHE = TileCache()
