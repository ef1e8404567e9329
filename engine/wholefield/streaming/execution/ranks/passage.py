"""The messages of one sweep: what the tiles of one rank hand on to those of the next."""

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from itertools import product
from queue import SimpleQueue
from typing import Any

from wholefield.streaming.execution.ranks.line import Line, aside, settle
from wholefield.streaming.execution.recurrence import Tile


class Passage:
    """Takes what goes to other ranks, and holds what has come from them.

    Attributes:
        coming: What the rank before hands on to each of this rank's tiles that wait for it.
    """

    def __init__(
        self, owns: Callable[[Tile], bool], counts: tuple[int, ...], step: int, to: Line, from_: Line
    ) -> None:
        """Begin to receive.

        Args:
            owns: Whether a tile belongs to this rank.
            counts: Tiles per axis.
            step: From a row to the next in the order of the sweep, 1 or -1.
            to: The way to the next rank.
            from_: The way from the one before.
        """
        mine = [tile for tile in product(*map(range, counts)) if owns(tile)]
        self.coming = {tile: Future[dict[int, Any]]() for tile in mine if 0 <= tile[0] - step < counts[0]}
        self._next = {tile: (tile[0] + step, *tile[1:]) for tile in mine if 0 <= tile[0] + step < counts[0]}
        self._device = to.device
        self._going = SimpleQueue[tuple[Tile, dict[int, Any]]]()
        self.sent = aside(partial(self._send, to))
        aside(partial(self._receive, from_, dict(self.coming)))

    def send(self, tile: Tile, things: dict[int, Any]) -> None:
        """Send what a tile hands on along the first axis, by node, if there is a tile behind it."""
        if tile in self._next:
            settle(self._device)
            self._going.put((self._next[tile], things))

    def _send(self, to: Line) -> None:
        for _ in self._next:
            to.send(self._going.get())

    def _receive(self, from_: Line, waiting: dict[Tile, Future[dict[int, Any]]]) -> None:
        try:
            while waiting:
                tile, things = from_.receive()
                waiting.pop(tile).set_result(things)
        except BaseException as error:
            for future in waiting.values():
                future.set_exception(error)
