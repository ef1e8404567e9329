"""Keeping what was used last, up to a number of bytes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class ByteCache(Generic[K, V]):
    """A mapping that forgets what was not asked for the longest once it holds too many bytes.

    Used by one thread.

    Attributes:
        capacity: Most bytes that are kept.
        used: Bytes held now.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.used = 0
        self._items: OrderedDict[K, tuple[V, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, key: K) -> bool:
        return key in self._items

    def get(self, key: K) -> V | None:
        """The value under a key, which now counts as used last; None if it is not held."""
        item = self._items.get(key)
        if item is None:
            return None
        self._items.move_to_end(key)
        return item[0]

    def put(self, key: K, value: V, size: int) -> None:
        """Hold a value of so many bytes; one that is larger than the capacity is not held."""
        self._forget(key)
        if size > self.capacity:
            return
        self._items[key] = value, size
        self.used += size
        while self.used > self.capacity:
            self._forget(next(iter(self._items)))

    def clear(self) -> None:
        """Forget everything."""
        self._items.clear()
        self.used = 0

    def _forget(self, key: K) -> None:
        _, size = self._items.pop(key, (None, 0))
        self.used -= size
