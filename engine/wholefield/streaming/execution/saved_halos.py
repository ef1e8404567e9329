"""What the reverse sweep needs of the forward one; halos beyond a budget wait on disk."""

import shutil
import tempfile
from collections import Counter, deque
from pathlib import Path

import torch
from torch import Tensor

from wholefield.streaming.execution.halo import Halos
from wholefield.streaming.execution.recurrence import Tile
from wholefield.streaming.execution.tile import Blocks


class SavedHalos:
    """The halos that each tile was given, taken back last tile first.

    The newest halos are wanted first, so those of the oldest tiles go to disk when the budget is full.

    Attributes:
        keeps: The nodes whose blocks are kept.
        blocks: The blocks of these nodes in each tile.
        random_states: The random generator before each tile, if the network draws per position.
    """

    def __init__(self, budget: int | None = None, keeps: frozenset[int] = frozenset()) -> None:
        """Start with none.

        Args:
            budget: Bytes of halos to keep in memory; None for all of them.
            keeps: The nodes whose blocks are to be kept.
        """
        self.keeps = keeps
        self.blocks: dict[Tile, Blocks] = {}
        self.random_states: dict[Tile, Tensor] = {}
        self._budget = budget
        self._at_hand: dict[Tile, Halos] = {}
        self._order: deque[Tile] = deque()
        # Tiles share the pieces of halos that are handed on and on.
        self._owners: Counter[int] = Counter()
        self._bytes = 0
        self._folder: Path | None = None

    def put(self, tile: Tile, halos: Halos) -> None:
        """Keep a tile's halos."""
        self._at_hand[tile] = halos
        self._order.append(tile)
        for piece in _pieces(halos):
            self._bytes += 0 if self._owners[id(piece)] else _size(piece)
            self._owners[id(piece)] += 1
        while self._budget is not None and self._bytes > self._budget and self._order:
            self._spill(self._order.popleft())

    def take(self, tile: Tile) -> Halos:
        """Hand a tile's halos out and forget them."""
        if tile in self._at_hand:
            if self._order and self._order[-1] == tile:
                self._order.pop()
            return self._release(tile)
        path = self._path(tile)
        halos: Halos = torch.load(path, weights_only=True)
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
        torch.save(self._release(tile), self._path(tile))

    def _release(self, tile: Tile) -> Halos:
        halos = self._at_hand.pop(tile)
        for piece in _pieces(halos):
            self._owners[id(piece)] -= 1
            if not self._owners[id(piece)]:
                del self._owners[id(piece)]
                self._bytes -= _size(piece)
        return halos

    def _path(self, tile: Tile) -> Path:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="wholefield-halos-"))
        return self._folder / "-".join(map(str, tile))


def _pieces(halos: Halos) -> list[Tensor]:
    return [piece for halo in halos.values() for _, piece in halo]


def _size(piece: Tensor) -> int:
    return piece.numel() * piece.element_size()
