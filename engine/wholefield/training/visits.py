"""The order in which a run visits its data, a batch at a time; it can be continued in the middle of an epoch."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

Item = TypeVar("Item")


class Loader(Protocol):
    """What a training takes its batches from."""

    def __len__(self) -> int:
        """Batches of an epoch."""

    def __iter__(self) -> Iterator[Any]:
        """The batches of the current epoch that are still to come."""

    def begin(self, epoch: int) -> None:
        """Start an epoch, counted from 0, or go on in the middle of it where its state was restored."""

    def state_dict(self) -> dict[str, Any]:
        """Where in which epoch the loader is."""

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go to a saved place."""


class Visits(Generic[Item]):
    """Visits every row once an epoch, or a few times, in a seeded order; can go on in the middle of an epoch.

    Order and random choices depend on the seed, the epoch and the place in the epoch only, so a resumed run sees
    what an uninterrupted one would have seen. Lightning saves and restores `state_dict` with its checkpoints.

    Attributes:
        epoch: The current epoch, counted from 0.
        done: Batches of the epoch that are behind us.

    Args:
        rows: Number of rows.
        repeats: Visits to each row in an epoch.
        seed: Seed of the order and of random choices; None keeps the order of the rows.
        batch_size: Items of a batch; the last one of an epoch may have fewer.
    """

    def __init__(self, rows: int, repeats: int = 1, seed: int | None = None, batch_size: int = 1) -> None:
        self._rows, self._repeats, self._seed, self._batch_size = rows, repeats, seed, batch_size
        self.epoch = 0
        self.done = 0

    @abstractmethod
    def item(self, row: int, place: int, files: ExitStack) -> Item:
        """The item of a row for a place of the current epoch; `files` closes what it reads from, once it is done."""

    def batch(self, items: list[Item]) -> Any:
        """What a step is given of its items; the list of them unless a loader says otherwise."""
        return items

    def __len__(self) -> int:
        return -(-self._rows * self._repeats // self._batch_size)

    def begin(self, epoch: int) -> None:
        """Start an epoch, or go on in the middle of it where its state was restored."""
        if epoch != self.epoch:
            self.epoch, self.done = epoch, 0

    def __iter__(self) -> Iterator[Any]:
        # A batch counts as done when the next one is asked for: a step that was cut short is done again.
        order = self.order()
        if self._seed is None:
            self.done = 0
        while self.done < len(self):
            first = self.done * self._batch_size
            rows = order[first : first + self._batch_size]
            with ExitStack() as files:
                yield self.batch([self.item(row, place, files) for place, row in enumerate(rows, first)])
            self.done += 1

    def order(self) -> list[int]:
        """The row of every place in the current epoch."""
        places = np.arange(self._rows * self._repeats) % self._rows
        return (places if self._seed is None else self.random().permutation(places)).tolist()

    def random(self, place: int = -1) -> np.random.Generator:
        """The random numbers of a place of the current epoch; -1 gives those of the order."""
        return np.random.default_rng((self._seed or 0, self.epoch, place + 1))

    def state_dict(self) -> dict[str, int]:
        """Where in which epoch the visits are."""
        return {"epoch": self.epoch, "done": self.done}

    def load_state_dict(self, state: Mapping[str, int]) -> None:
        """Go to a saved place."""
        self.epoch, self.done = state["epoch"], state["done"]
