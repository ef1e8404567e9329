"""The ranks of a process group as a ring: each hands the halos of its rows of tiles to the next."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from datetime import timedelta
from functools import lru_cache
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor
from torch.distributed.distributed_c10d import PrefixStore, _get_process_group_store

from wholefield.streaming.errors import RankError
from wholefield.streaming.execution.ranks.line import Line, aside, settle
from wholefield.streaming.execution.ranks.passage import Passage
from wholefield.streaming.execution.ranks.watch import Watch
from wholefield.streaming.execution.recurrence import Tile

_Thing = TypeVar("_Thing")

# A rank may wait as long as others compute; the watch says when there is no sense in it.
_FOR_EVER = timedelta(days=30)

_LOOK = 0.5
"""Seconds after which a rank that waits asks the watch."""

_LAST_WORDS = 5.0
"""Seconds for what is still on its way from a rank that is gone."""


class Ring:
    """One rank's place among those that stream an image together; row i of tiles belongs to rank i mod n.

    All ranks must take part in what they do together, in the same order.

    Attributes:
        rank: This rank.
        size: Number of ranks.
    """

    def __init__(self, group: dist.ProcessGroup) -> None:
        """Connect the ranks."""
        self.rank, self.size = dist.get_rank(group), dist.get_world_size(group)
        self._members = dist.get_process_group_ranks(group)
        self._backend = str(dist.get_backend_config(group))
        self._broken: str | None = None
        store = _get_process_group_store(group).clone()  # type: ignore[attr-defined]
        self._watch = Watch(PrefixStore("wholefield", store), self.rank, self.size)
        self._all = self._joined(*range(self.size))
        # Every pair of neighbors has a way of its own, on which all messages of a sweep go in one direction: NCCL does
        # one thing after the other on each.
        ways = {
            rank: self._joined(*pair)
            for rank in range(self.size)
            if self.rank in (pair := (rank, (rank + 1) % self.size))
        }
        self._ahead, self._back = ways[self.rank], ways[(self.rank - 1) % self.size]

    def owns(self, tile: Tile) -> bool:
        """Whether a tile belongs to this rank."""
        return tile[0] % self.size == self.rank

    def passage(self, counts: tuple[int, ...], device: torch.device, *, reverse: bool) -> Passage:
        """The messages of one sweep over a grid of tiles."""
        ahead = self._line(self._ahead, self.rank + 1, device)
        back = self._line(self._back, self.rank - 1, device)
        if reverse:
            return Passage(self.owns, counts, -1, back, ahead)
        return Passage(self.owns, counts, 1, ahead, back)

    def exchange(self, thing: _Thing, device: torch.device) -> list[_Thing]:
        """What each of the ranks gives, in their order."""
        return [self.told(thing, rank, device) for rank in range(self.size)]

    def told(self, thing: Any, rank: int, device: torch.device) -> Any:
        """What one rank tells all."""
        line = self._line(self._all, rank, device)
        return self._done(lambda: line.tell(thing) if rank == self.rank else line.hear())

    def added_up(self, tensors: Sequence[Tensor | None], device: torch.device) -> list[Tensor | None]:
        """The sums of tensors over the ranks; None where no rank has one."""
        known = self.exchange([None if t is None else (t.shape, t.dtype) for t in tensors], device)
        return [
            self._sum(tensor, next((kind for kind in kinds if kind is not None), None), device)
            for tensor, kinds in zip(tensors, zip(*known, strict=True), strict=True)
        ]

    def first_of(self, coming: Sequence[Future[_Thing]]) -> list[Future[_Thing]]:
        """Wait for the first; those that have come.

        Raises:
            RankError: Another rank is gone.
        """
        while not (done := wait(coming, _LOOK, FIRST_COMPLETED).done):
            trouble = self._watch.trouble()
            if trouble is not None and not wait(coming, _LAST_WORDS, FIRST_COMPLETED).done:
                raise self._lost(trouble)
        for error in filter(None, (future.exception() for future in done)):
            # What torch.distributed raises where a connection breaks.
            if isinstance(error, RuntimeError):
                raise self._lost(self._watch.trouble() or f"A connection broke ({error}).") from error
            raise error
        return list(done)

    @contextmanager
    def together(self) -> Iterator[None]:
        """Whatever ends the work of this rank inside the block ends that of the others."""
        if self._broken is not None:
            raise RankError(self._broken)
        try:
            yield
        except BaseException as error:
            self._broken = str(error) or type(error).__name__
            self._watch.end(self._broken)
            raise

    def _joined(self, *ranks: int) -> Any:
        members = sorted({self._members[rank] for rank in ranks})
        return self._done(
            lambda: dist.new_group(
                members, timeout=_FOR_EVER, backend=self._backend, use_local_synchronization=True
            )
        )

    def _line(self, group: Any, peer: int, device: torch.device) -> Line:
        # Gloo sends from memory only, NCCL from devices.
        kinds = dict(pair.split(":") for pair in self._backend.split(","))
        carrier = torch.device("cpu") if kinds.get(device.type) in (None, "gloo") else device
        return Line(group, self._members[peer % self.size], device, carrier)

    def _done(self, work: Callable[[], _Thing]) -> _Thing:
        return self.first_of([aside(work)])[0].result()

    def _sum(
        self, tensor: Tensor | None, kind: tuple[torch.Size, torch.dtype] | None, device: torch.device
    ) -> Tensor | None:
        if kind is None:
            return None
        line = self._line(self._all, self.rank, device)
        total = torch.zeros(kind[0], dtype=kind[1], device=line.carrier)
        if tensor is not None:
            total.copy_(tensor)

        def reduce() -> None:
            dist.all_reduce(total, group=self._all)
            settle(line.carrier)

        self._done(reduce)
        return total.to(device)

    def _lost(self, trouble: str) -> RankError:
        return RankError(
            f"Rank {self.rank} of {self.size} cannot go on alone. {trouble} Start all ranks again."
        )


@lru_cache(maxsize=8)
def ring_of(group: dist.ProcessGroup) -> Ring:
    """The ring of a process group; all of its ranks must ask for it together, the first time."""
    return Ring(group)
