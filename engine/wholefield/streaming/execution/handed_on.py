"""The table of what tiles hand on to each other in a sweep: halos forward, their gradients back.

A tile puts what it has of a node as soon as it has it, and takes from its neighbors when it comes to that node, so that
tiles run side by side a few nodes apart.
"""

from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from threading import Condition, Lock
from typing import Generic, TypeVar

from wholefield.streaming.execution.ranks.passage import Passage
from wholefield.streaming.execution.recurrence import Tile, shifted

_Handed = TypeVar("_Handed")


class SweepEndedError(Exception):
    """A tile waits for another that will not come, for the sweep has ended; what ended it is said elsewhere."""


class Places:
    """The places of workers: a tile takes one while it runs, and gives it up while all it can do is wait.

    A tile that comes back never waits for a place: those that have them may wait for that very tile. For a moment more
    tiles may run than there are workers; none that is new starts until there is a place again.
    """

    def __init__(self, count: int) -> None:
        """Start with all of them free."""
        self._free = count
        self._lock = Lock()
        self._freed = Future[None]()

    def taken(self) -> Future[None] | None:
        """Take a place; if there is none for a tile that is new, what is done when there may be one."""
        with self._lock:
            if self._free > 0:
                self._free -= 1
                return None
            self._freed = Future()
            return self._freed

    def give(self) -> None:
        """Give a place up."""
        with self._lock:
            self._free += 1
            if not self._freed.done():
                self._freed.set_result(None)

    @contextmanager
    def given_up(self) -> Iterator[None]:
        """Without a place inside the block, and with one after it."""
        self.give()
        try:
            yield
        finally:
            with self._lock:
                self._free -= 1


class HandedOn(Generic[_Handed]):
    """What waits for tiles; what goes along the first axis may come from other processes. Any thread may use it.

    Attributes:
        passage: What goes between the processes.
        places: Those of the workers that compute the tiles.
    """

    def __init__(self, passage: Passage | None, *, reverse: bool = False) -> None:
        """Start with nothing.

        Args:
            passage: Where other processes compute some of the rows.
            reverse: Whether tiles hand things back.
        """
        self.passage = passage
        self.places = Places(1)
        self._step = -1 if reverse else 1
        self._waiting: defaultdict[Tile, dict[tuple[int, int], _Handed]] = defaultdict(dict)
        self._sent: defaultdict[Tile, dict[int, _Handed]] = defaultdict(dict)
        self._finished: set[Tile] = set()
        self._ended = False
        self._changed = Condition()

    def put(self, tile: Tile, axis: int, node: int, thing: _Handed) -> None:
        """Hand on what a tile has of a node to the next tile along an axis."""
        with self._changed:
            if axis == 0 and self.passage is not None:
                self._sent[tile][node] = thing
                return
            self._waiting[shifted(tile, axis, self._step)][axis, node] = thing
            self._changed.notify_all()

    def take(self, tile: Tile, axis: int, node: int, *, idle: bool = False) -> _Handed | None:
        """What the tile before hands on of a node; waits until it has done so, or is finished without.

        Args:
            tile: Who asks.
            axis: The axis.
            node: The node.
            idle: Whether the tile needs no place meanwhile, for it holds next to nothing and has nothing else to do.

        Raises:
            SweepEndedError: The sweep has ended.
        """
        self.await_(tile, axis, node, idle=idle)
        with self._changed:
            return self._waiting[tile].pop((axis, node), None)

    def await_(self, tile: Tile, axis: int, node: int, *, idle: bool = False) -> None:
        """Wait until something can be taken; as `take`."""
        key, giver = (axis, node), shifted(tile, axis, -self._step)

        def there() -> bool:
            return key in self._waiting[tile] or giver in self._finished or self._ended

        with self._changed:
            if not idle:
                self._changed.wait_for(there)
            waits = not there()
        if waits:
            with self.places.given_up(), self._changed:
                self._changed.wait_for(there)
        with self._changed:
            if key not in self._waiting[tile] and self._ended:
                raise SweepEndedError

    def begin(self, tile: Tile) -> None:
        """Take over what has come for a tile from another process."""
        if self.passage is None or tile not in self.passage.coming:
            return
        things: dict[int, _Handed] = self.passage.coming.pop(tile).result()
        with self._changed:
            self._waiting[tile] |= {(0, node): thing for node, thing in things.items()}
            self._finished.add(shifted(tile, 0, -self._step))

    def finish(self, tile: Tile) -> None:
        """A tile has nothing more to hand on, and takes nothing more."""
        with self._changed:
            self._finished.add(tile)
            self._waiting.pop(tile, None)
            sent = self._sent.pop(tile, {})
            self._changed.notify_all()
        if self.passage is not None:
            self.passage.send(tile, sent)

    def end(self) -> None:
        """Let nobody wait any longer."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()
