"""What the reverse sweep needs of the forward one; halos beyond a budget wait on disk."""

import shutil
import tempfile
from collections import deque
from pathlib import Path

import torch
from torch import Tensor

from engine.streaming.recurrence import Tile
from engine.streaming.tile import Halos


class Record:
    """The halos that each tile was given, taken back last tile first.

    The newest halos are wanted first, so those of the oldest tiles go to disk when the budget is full.

    Attributes:
        random_states: The random generator before each tile, if the network draws per position.
    """

    def __init__(self, budget: int | None = None) -> None:
        """Start an empty record.

        Args:
            budget: Bytes of halos to keep in memory; None for all of them.
        """
        self.random_states: dict[Tile, Tensor] = {}
        self._budget = budget
        self._at_hand: dict[Tile, Halos] = {}
        self._order: deque[Tile] = deque()
        self._bytes = 0
        self._folder: Path | None = None

    def put(self, tile: Tile, halos: Halos) -> None:
        """Keep a tile's halos."""
        self._at_hand[tile] = halos
        self._order.append(tile)
        self._bytes += _size(halos)
        while self._budget is not None and self._bytes > self._budget and self._order:
            self._spill(self._order.popleft())

    def take(self, tile: Tile) -> Halos:
        """Hand a tile's halos out and forget them."""
        if tile in self._at_hand:
            halos = self._at_hand.pop(tile)
            self._bytes -= _size(halos)
            if self._order and self._order[-1] == tile:
                self._order.pop()
            return halos
        path = self._path(tile)
        halos = torch.load(path, weights_only=True)
        path.unlink()
        return halos

    def close(self) -> None:
        """Remove what lies on disk."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def __del__(self) -> None:
        self.close()

    def _spill(self, tile: Tile) -> None:
        halos = self._at_hand.pop(tile)
        self._bytes -= _size(halos)
        torch.save(halos, self._path(tile))

    def _path(self, tile: Tile) -> Path:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="tessera-halos-"))
        return self._folder / "-".join(map(str, tile))


def _size(halos: Halos) -> int:
    return sum(halo.numel() * halo.element_size() for halo in halos.values())
