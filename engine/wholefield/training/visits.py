"""The order in which a run visits its data, an item at a time; it can be continued in the middle."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import Generic, TypeVar

import numpy as np

Item = TypeVar("Item")


class Visits(Generic[Item]):
    """Visits every row once an epoch, or a few times, in a seeded order; can go on in the middle of an epoch.

    Order and random choices depend on the seed, the epoch and the place in the epoch only, so a resumed run sees
    what an uninterrupted one would have seen. Lightning saves and restores `state_dict` with its checkpoints.

    Attributes:
        epoch: the current epoch, counted from 0.
        done: items of the epoch that are behind us.
    """

    def __init__(self, rows: int, repeats: int = 1, seed: int | None = None) -> None:
        """Set up the visits; nothing is read yet.

        Args:
            rows: number of rows.
            repeats: visits to each row in an epoch.
            seed: seed of the order and of random choices; None keeps the order of the rows.
        """
        self._rows = rows
        self._repeats = repeats
        self._seed = seed
        self.epoch = 0
        self.done = 0

    @abstractmethod
    def item(self, row: int, place: int, files: ExitStack) -> Item:
        """The item of a row for a place of the current epoch; `files` closes what it reads from, once it is done."""

    def __len__(self) -> int:
        return self._rows * self._repeats

    def begin(self, epoch: int) -> None:
        """Start an epoch, or go on in the middle of it where its state was restored."""
        if epoch != self.epoch:
            self.epoch, self.done = epoch, 0

    def __iter__(self) -> Iterator[Item]:
        # An item counts as done when the next one is asked for: a step that was cut short is done again.
        order = self.order()
        if self._seed is None:
            self.done = 0
        while self.done < len(order):
            with ExitStack() as files:
                yield self.item(order[self.done], self.done, files)
            self.done += 1

    def order(self) -> list[int]:
        """The row of every place in the current epoch."""
        places = np.arange(len(self)) % self._rows
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
