"""Caches bounded by bytes: one for any values, and the one of decoded tiles that all open sources share."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, TypeVar

import numpy.typing as npt
from cachetools import LRUCache

AnyArray = npt.NDArray[Any]
Key = tuple[int, int, int, int]
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

DEFAULT_CAPACITY_BYTES = 256 * 2**20


class ByteCache(LRUCache[K, V]):
    """A mapping that forgets what was used longest ago once it holds too many bytes. For one thread at a time.

    Attributes:
        capacity: Most bytes that are kept; may be changed at any time, which counts from the next value on.
    """

    def __init__(self, capacity: int, size_of: Callable[[V], int]) -> None:
        """Hold nothing yet; `size_of` gives the bytes of a value."""
        # The capacity of a cachetools cache is fixed; ours is kept below.
        super().__init__(math.inf, size_of)
        self.capacity = capacity

    def put(self, key: K, value: V) -> None:
        """Hold a value; one that is larger than the capacity is not held."""
        self.pop(key, None)
        if self.getsizeof(value) <= self.capacity:
            self[key] = value
        while self.currsize > self.capacity:
            self.popitem()


class TileCache:
    """Keeps the tiles used last, up to a number of bytes. Safe to use from several threads.

    Keys are (owner, level, row, column); an owner is a number from `new_owner`.
    """

    def __init__(self, capacity: int = DEFAULT_CAPACITY_BYTES) -> None:
        self._tiles: ByteCache[Key, AnyArray] = ByteCache(capacity, _bytes_of)
        self._lock = Lock()
        self._owners = itertools.count()

    @property
    def used(self) -> int:
        """Bytes of the tiles held now."""
        return int(self._tiles.currsize)

    def new_owner(self) -> int:
        """A number under which a source keeps its tiles."""
        return next(self._owners)

    def get(self, key: Key, decode: Callable[[], AnyArray]) -> AnyArray:
        """The tile under `key`, decoded now if it is not held; treat it as read-only."""
        with self._lock:
            tile = self._tiles.get(key)
        if tile is None:
            tile = decode()
            with self._lock:
                self._tiles.put(key, tile)
        return tile

    def drop(self, owner: int) -> None:
        """Forget every tile of an owner."""
        with self._lock:
            for key in [key for key in self._tiles if key[0] == owner]:
                del self._tiles[key]


def _bytes_of(tile: AnyArray) -> int:
    return tile.nbytes


SHARED_CACHE = TileCache()
