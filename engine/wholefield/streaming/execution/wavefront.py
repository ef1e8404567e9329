"""Tiles side by side: their order, and the threads that compute them.

Tiles start in raster order, each as soon as a worker is free. A tile waits for its neighbors before it at every node,
not as a whole: beside the tile on its left it runs a node behind. So all workers have something to do also where the
grid is narrow, and where most of the work falls on few tiles.
"""

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache, partial
from itertools import product
from typing import Any, Generic, TypeAlias, TypeVar

import torch

from wholefield.streaming.execution.handed_on import HandedOn, Places, SweepEndedError
from wholefield.streaming.execution.ranks.passage import Passage
from wholefield.streaming.execution.ranks.ring import Ring
from wholefield.streaming.execution.recurrence import Recurrence, Tile
from wholefield.streaming.execution.tile import Poll

_Result = TypeVar("_Result")

MOST_WORKERS = 1024

BEGUN = 4
"""Tiles that are begun, for every worker: some only wait to pass on what others hand on to them."""

Job: TypeAlias = Callable[[], _Result]
"""The part of a tile's work that runs in a worker."""


@dataclass(frozen=True)
class Crew:
    """Who computes the tiles.

    Attributes:
        workers: How many tiles run at the same time.
        deterministic: Whether every tile takes one thread, so that the number of workers does not change a bit.
        context: Puts in force, in a worker's thread, what holds in the caller's.
        ring: The processes that compute the tiles together, each with such workers; None for this one alone.
        poll: Called between the nodes of every tile.
    """

    workers: int
    deterministic: bool
    context: Callable[[], AbstractContextManager[object]]
    ring: Ring | None = None
    poll: Poll | None = None

    def owns(self, tile: Tile) -> bool:
        """Whether a tile is computed in this process."""
        return self.ring is None or self.ring.owns(tile)

    def passage(self, recurrence: Recurrence, *, reverse: bool) -> Passage | None:
        """What goes between the processes in one sweep."""
        if self.ring is None:
            return None
        return self.ring.passage(recurrence.counts, recurrence.program.device, reverse=reverse)

    def order(self, counts: tuple[int, ...], *, reverse: bool) -> tuple[Tile, ...]:
        """The tiles that this process computes, in the order in which they start."""
        return tuple(filter(self.owns, raster_order(counts, reverse=reverse)))

    def threads(self, tiles: int) -> list[int]:
        """Of torch's threads, how many each of some tiles gets, in the order in which they start.

        Where tiles do not divide among the workers, the last have more threads each: nothing else is left for them.
        """
        total = torch.get_num_threads()
        if self.deterministic:
            return [1] * tiles
        last = tiles % self.workers
        together = [self.workers] * (tiles - last) + [last] * last
        return [max(1, total // count) for count in together]


def raster_order(counts: tuple[int, ...], *, reverse: bool = False) -> Iterator[Tile]:
    """All tiles of a grid, the last axis fastest; reversed from the last one back."""
    return product(*(range(count - 1, -1, -1) if reverse else range(count) for count in counts))


def run_tiles(
    counts: tuple[int, ...],
    crew: Crew,
    prepare: Callable[[Tile], Job[_Result]],
    finish: Callable[[Tile, _Result], None],
    handed_on: HandedOn[Any],
    *,
    reverse: bool = False,
) -> None:
    """Compute all tiles of a grid that belong to this process.

    Everything but the jobs runs in the caller's thread. With one worker the jobs do so too, with all of its threads; if
    the number of workers must not change a bit, every tile runs on one thread.

    Args:
        counts: Tiles per axis.
        crew: Who computes them.
        prepare: Collects what a tile needs beside what its neighbors hand on; called when it starts, in order. What it
            raises ends the run.
        finish: Takes what a tile came to; called in any order.
        handed_on: What the jobs hand on to each other.
        reverse: Whether the last tile comes first.
    """
    order = crew.order(counts, reverse=reverse)
    if handed_on.passage is None and crew.workers == 1 and not crew.deterministic:
        for tile in order:
            result = prepare(tile)()
            handed_on.finish(tile)
            finish(tile, result)
        return
    _Run[_Result](crew, order, handed_on, finish).go(prepare)


class _Run(Generic[_Result]):
    """One pass over a grid with several workers or processes."""

    def __init__(
        self,
        crew: Crew,
        order: Sequence[Tile],
        handed_on: HandedOn[Any],
        finish: Callable[[Tile, _Result], None],
    ) -> None:
        self._crew = crew
        self._order = order
        self._handed_on = handed_on
        handed_on.places = Places(crew.workers)
        self._finish = finish
        self._running: dict[Future[list[_Result]], Tile] = {}

    def go(self, prepare: Callable[[Tile], Job[_Result]]) -> None:
        """Run until all tiles are finished, or one fails; those that run then are waited for."""
        threads = torch.get_num_threads()
        try:
            for tile, count in zip(self._order, self._crew.threads(len(self._order)), strict=True):
                self._await_other_processes(tile)
                self._await_place()
                job = partial(self._tile, tile, prepare(tile))
                self._running[_pool().submit(_work, self._crew.context, count, job)] = tile
            while self._running:
                self._take()
            if self._handed_on.passage is not None:
                self._first_of([self._handed_on.passage.sent])
        finally:
            self._handed_on.end()
            wait(self._running)
            # What was set last is also what threads that come later begin with.
            torch.set_num_threads(threads)

    def _await_place(self) -> None:
        while len(self._running) >= BEGUN * self._crew.workers:
            self._take()
        while (freed := self._handed_on.places.taken()) is not None:
            self._take(freed)

    def _tile(self, tile: Tile, job: Job[_Result]) -> list[_Result]:
        """What a tile comes to; nothing if it was left waiting because another failed."""
        try:
            result = job()
        except SweepEndedError:
            return []
        except BaseException:
            # Whatever waits for this tile waits in vain.
            self._handed_on.end()
            raise
        finally:
            self._handed_on.places.give()
        self._handed_on.finish(tile)
        return [result]

    def _await_other_processes(self, tile: Tile) -> None:
        passage = self._handed_on.passage
        if passage is None or tile not in passage.coming:
            return
        while not passage.coming[tile].done():
            self._take(passage.coming[tile])
        self._handed_on.begin(tile)

    def _take(self, *others: Future[Any]) -> None:
        """Wait for a tile, or for something else; in a method of its own so that nothing of it outlives it."""
        for future in self._first_of([*self._running, *others]):
            if future in self._running:
                tile = self._running.pop(future)
                for result in future.result():
                    self._finish(tile, result)

    def _first_of(self, futures: list[Future[Any]]) -> Iterable[Future[Any]]:
        if self._crew.ring is None:
            return wait(futures, return_when=FIRST_COMPLETED).done
        return self._crew.ring.first_of(futures)


class InOrder(Generic[_Result]):
    """Hands on what comes from the tiles in one order, whatever the order in which it arrives."""

    def __init__(self, order: Sequence[Tile], take: Callable[[Tile, _Result], None]) -> None:
        """Wait for the first.

        Args:
            order: The order.
            take: Gets what came from each tile.
        """
        self._order: Iterator[Tile] = iter(order)
        self._next = next(self._order, None)
        self._take = take
        self._early: dict[Tile, _Result] = {}

    def put(self, tile: Tile, thing: _Result) -> None:
        """Hand on what came from a tile, and what waited for it."""
        self._early[tile] = thing
        while self._next in self._early:
            assert self._next is not None
            self._take(self._next, self._early.pop(self._next))
            self._next = next(self._order, None)


_own = threading.local()


def _work(context: Callable[[], AbstractContextManager[object]], threads: int, job: Job[_Result]) -> _Result:
    """A job in a worker's thread, with some threads of its own."""
    if getattr(_own, "threads", None) != threads:
        # torch takes the number of threads over when it is first asked for it; only what is set after that is ours.
        torch.get_num_threads()
        torch.set_num_threads(threads)
        _own.threads = threads
    with context():
        return job()


@cache
def _pool() -> ThreadPoolExecutor:
    """Threads that live as long as the process, for kernels keep scratch memory in them; as many as run at once."""
    return ThreadPoolExecutor(BEGUN * MOST_WORKERS, "wholefield-tiles")


if hasattr(os, "register_at_fork"):
    # A forked process has none of the threads.
    os.register_at_fork(after_in_child=_pool.cache_clear)
