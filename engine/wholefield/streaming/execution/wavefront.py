"""Tiles side by side: which of them run together, and the threads that compute them.

A tile needs only what its neighbors before it handed on, one along each axis. So every tile whose predecessors are
done can run, and the tiles of a diagonal of the grid do not wait for each other.
"""

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache, lru_cache
from heapq import heapify, heappop, heappush
from itertools import product
from typing import Any, Generic, TypeAlias, TypeVar

import torch

from wholefield.streaming.execution.ranks.passage import Passage
from wholefield.streaming.execution.ranks.ring import Ring
from wholefield.streaming.execution.recurrence import Recurrence, Tile

_Result = TypeVar("_Result")

MOST_WORKERS = 1024

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
    """

    workers: int
    deterministic: bool
    context: Callable[[], AbstractContextManager[object]]
    ring: Ring | None = None

    def owns(self, tile: Tile) -> bool:
        """Whether a tile is computed in this process."""
        return self.ring is None or self.ring.owns(tile)

    def passage(self, recurrence: Recurrence, *, reverse: bool) -> Passage | None:
        """What goes between the processes in one sweep."""
        if self.ring is None:
            return None
        return self.ring.passage(recurrence.counts, recurrence.program.device, reverse=reverse)

    def front(self, counts: tuple[int, ...], *, reverse: bool) -> "Wavefront":
        """The tiles that this process computes, in their order, and how many at the same time."""
        size = 1 if self.ring is None else self.ring.size
        front = wavefront(counts, self.workers * size)
        turned = map(_turned(counts, reverse), front.order)
        own = [(tile, n) for tile, n in zip(turned, front.together, strict=True) if self.owns(tile)]
        return Wavefront(tuple(tile for tile, _ in own), tuple(-(-n // size) for _, n in own))


@dataclass(frozen=True)
class Wavefront:
    """The tiles of a grid, in the order in which some workers would take them if all tiles took equally long.

    Attributes:
        order: All tiles.
        together: How many tiles run beside each of them, itself included.
    """

    order: tuple[Tile, ...]
    together: tuple[int, ...]

    @property
    def steps(self) -> float:
        """How long all tiles take, in tiles."""
        return sum(1 / count for count in self.together)

    @property
    def speedup(self) -> float:
        """How many times faster the workers are than one, if tiles take equally long and nothing else counts."""
        return len(self.order) / self.steps


@lru_cache(maxsize=8)
def wavefront(counts: tuple[int, ...], workers: int) -> Wavefront:
    """The order of the tiles of a grid: of those that can run, those that come first in raster order.

    Args:
        counts: Tiles per axis.
        workers: How many run at the same time.
    """
    if workers == 1:
        tiles = tuple(product(*map(range, counts)))
        return Wavefront(tiles, (1,) * len(tiles))
    waiting = {tile: sum(map(bool, tile)) for tile in product(*map(range, counts))}
    ready = [tile for tile, missing in waiting.items() if not missing]
    order: list[Tile] = []
    together: list[int] = []
    while ready:
        step = [heappop(ready) for _ in range(min(workers, len(ready)))]
        order += step
        together += [len(step)] * len(step)
        for tile in step:
            for behind in _neighbors(tile, counts, 1):
                waiting[behind] -= 1
                if not waiting[behind]:
                    heappush(ready, behind)
    return Wavefront(tuple(order), tuple(together))


def run_tiles(
    counts: tuple[int, ...],
    crew: Crew,
    prepare: Callable[[Tile], Job[_Result]],
    finish: Callable[[Tile, _Result], None],
    *,
    reverse: bool = False,
    passage: Passage | None = None,
) -> None:
    """Compute all tiles of a grid that belong to this process, each after its neighbors before it.

    Everything but the jobs runs in the caller's thread. Tiles that run alone do so there too, with all of its threads;
    if the number of workers must not change a bit, every tile runs on one thread.

    Args:
        counts: Tiles per axis.
        crew: Who computes them.
        prepare: Collects what a tile needs; called when its predecessors are finished. What it raises ends the run.
        finish: Takes what a tile came to; called in any order that respects the predecessors.
        reverse: Whether the last tile comes first.
        passage: What other processes hand on to these tiles.
    """
    front = crew.front(counts, reverse=reverse)
    if passage is None and max(front.together) == 1 and not crew.deterministic:
        for tile in front.order:
            finish(tile, prepare(tile)())
        return
    _Run[_Result](counts, crew, front, -1 if reverse else 1, passage).go(prepare, finish)
    if passage is not None and crew.ring is not None:
        crew.ring.first_of([passage.sent])


class _Run(Generic[_Result]):
    """One pass over a grid with several workers or processes."""

    def __init__(
        self, counts: tuple[int, ...], crew: Crew, front: Wavefront, step: int, passage: Passage | None
    ) -> None:
        self._counts = counts
        self._crew = crew
        self._step = step
        self._rank = {tile: rank for rank, tile in enumerate(front.order)}
        self._front = front
        self._threads = torch.get_num_threads()
        self._waiting = {tile: len(list(_neighbors(tile, counts, -step))) for tile in front.order}
        self._ready = [rank for rank, tile in enumerate(front.order) if not self._waiting[tile]]
        self._running: dict[Future[_Result], Tile] = {}
        self._coming = {} if passage is None else {future: tile for tile, future in passage.coming.items()}

    def go(self, prepare: Callable[[Tile], Job[_Result]], finish: Callable[[Tile, _Result], None]) -> None:
        """Run until all tiles are finished, or one fails; those that run then are waited for."""
        heapify(self._ready)
        try:
            while self._ready or self._running or self._coming:
                while self._ready and len(self._running) < self._crew.workers:
                    self._start(heappop(self._ready), prepare, finish)
                if self._running or self._coming:
                    self._take(finish)
        finally:
            wait(self._running)
            # What was set last is also what threads that come later begin with.
            torch.set_num_threads(self._threads)

    def _start(
        self, rank: int, prepare: Callable[[Tile], Job[_Result]], finish: Callable[[Tile, _Result], None]
    ) -> None:
        tile, together = self._front.order[rank], self._front.together[rank]
        if together == 1 and not self._crew.deterministic:
            finish(tile, prepare(tile)())
            self._release_behind(tile)
            return
        threads = 1 if self._crew.deterministic else max(1, self._threads // together)
        future = _pool().submit(_work, self._crew.context, threads, prepare(tile))
        self._running[future] = tile

    def _take(self, finish: Callable[[Tile, _Result], None]) -> None:
        """Wait for a tile, or for what another process hands on to one; in a method of its own so that nothing of it
        outlives it.
        """
        for future in self._first_of([*self._running, *self._coming]):
            if future in self._coming:
                self._release(self._coming.pop(future))
                continue
            tile = self._running.pop(future)
            finish(tile, future.result())
            self._release_behind(tile)

    def _first_of(self, futures: list[Future[Any]]) -> Iterable[Future[Any]]:
        if self._crew.ring is None:
            return wait(futures, return_when=FIRST_COMPLETED).done
        return self._crew.ring.first_of(futures)

    def _release_behind(self, tile: Tile) -> None:
        for behind in _neighbors(tile, self._counts, self._step):
            # Those of other processes wait there.
            if behind in self._waiting:
                self._release(behind)

    def _release(self, tile: Tile) -> None:
        self._waiting[tile] -= 1
        if not self._waiting[tile]:
            heappush(self._ready, self._rank[tile])


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


def _turned(counts: tuple[int, ...], reverse: bool) -> Callable[[Tile], Tile]:
    """The tile in the same place seen from the other corner of the grid, if the order is reversed."""
    if not reverse:
        return lambda tile: tile
    return lambda tile: tuple(count - 1 - t for t, count in zip(tile, counts, strict=True))


def _neighbors(tile: Tile, counts: tuple[int, ...], step: int) -> Iterator[Tile]:
    """The tiles behind a tile along each axis, or with step -1 those before it."""
    for axis, (t, count) in enumerate(zip(tile, counts, strict=True)):
        if 0 <= t + step < count:
            yield (*tile[:axis], t + step, *tile[axis + 1 :])


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
    return ThreadPoolExecutor(MOST_WORKERS, "wholefield-tiles")


if hasattr(os, "register_at_fork"):
    # A forked process has none of the threads.
    os.register_at_fork(after_in_child=_pool.cache_clear)
