"""The table of what tiles hand on to each other in a sweep: halos forward, their gradients back.

A tile puts what it has of a node as soon as it has it, and takes from its neighbors when it comes to that node, so that
tiles run side by side a few nodes apart.
"""

from collections import defaultdict
from threading import Condition
from typing import Generic, TypeVar

from wholefield.streaming.execution.ranks.passage import Passage
from wholefield.streaming.execution.recurrence import Tile, shifted

_Handed = TypeVar("_Handed")


class SweepEndedError(Exception):
    """A tile waits for another that will not come, for the sweep has ended; what ended it is said elsewhere."""


class HandedOn(Generic[_Handed]):
    """What waits for tiles; what goes along the first axis may come from other processes. Any thread may use it."""

    def __init__(self, passage: Passage | None, *, reverse: bool = False) -> None:
        """Start with nothing.

        Args:
            passage: Where other processes compute some of the rows.
            reverse: Whether tiles hand things back.
        """
        self.passage = passage
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

    def take(self, tile: Tile, axis: int, node: int) -> _Handed | None:
        """What the tile before hands on of a node; waits until it has done so, or is finished without.

        Raises:
            SweepEndedError: The sweep has ended.
        """
        key, giver = (axis, node), shifted(tile, axis, -self._step)
        with self._changed:
            self._changed.wait_for(
                lambda: key in self._waiting[tile] or giver in self._finished or self._ended
            )
            if key not in self._waiting[tile] and self._ended:
                raise SweepEndedError
            return self._waiting[tile].pop(key, None)

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
