"""The table of what tiles hand on to each other in a sweep: halos forward, their gradients back."""

from collections.abc import Mapping
from itertools import product
from typing import Generic, TypeVar

from wholefield.streaming.execution.ranks.passage import Passage
from wholefield.streaming.execution.recurrence import Recurrence, Tile

_Handed = TypeVar("_Handed")


class HandedOn(Generic[_Handed]):
    """What waits for tiles, by (axis, node); what goes along the first axis may come from other processes."""

    def __init__(self, recurrence: Recurrence, passage: Passage | None) -> None:
        """Start with nothing.

        Args:
            recurrence: The network laid out over the tiles.
            passage: Where other processes compute some of the rows.
        """
        self._keys = list(product(range(len(recurrence.axes)), range(1, len(recurrence.program.nodes))))
        self._passage = passage
        self._waiting: dict[tuple[int, int, Tile], _Handed] = {}

    def put(self, tile: Tile, things: Mapping[tuple[int, int], _Handed]) -> None:
        """Hand on what a tile found."""
        sent = {}
        for (axis, node), thing in things.items():
            if axis or self._passage is None:
                self._waiting[axis, node, _lane(tile, axis)] = thing
            else:
                sent[node] = thing
        if self._passage is not None:
            self._passage.send(tile, sent)

    def take(self, tile: Tile) -> dict[tuple[int, int], _Handed]:
        """Take what was handed on to a tile."""
        lanes = [_lane(tile, axis) for axis in range(len(tile))]
        found = {key: self._waiting.pop((*key, lanes[key[0]]), None) for key in self._keys}
        if self._passage is not None and tile in self._passage.coming:
            found |= {(0, node): thing for node, thing in self._passage.coming.pop(tile).result().items()}
        return {key: thing for key, thing in found.items() if thing is not None}


def _lane(tile: Tile, axis: int) -> Tile:
    """The tiles that hand something to each other along an axis share this index."""
    return tile[:axis] + tile[axis + 1 :]
