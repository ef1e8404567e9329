"""Halos between the sweeps: handed out last tile first, from memory or from disk."""

from pathlib import Path

import pytest
import torch

from wholefield.streaming.execution.halo import Halos
from wholefield.streaming.execution.saved_halos import SavedHalos


def halos(value: float) -> Halos:
    return {(0, 1): ((((0, 2), (0, 3)), torch.full((1, 1, 2, 3), value)),)}


def spilled(saved: SavedHalos) -> list[Path]:
    return [] if saved._folder is None else list(saved._folder.iterdir())


@pytest.mark.parametrize("budget", [None, 0, 24, 60])
def test_what_was_put_comes_back(budget: int | None) -> None:
    saved = SavedHalos(budget)
    tiles = [(0, 0), (0, 1), (1, 0), (1, 1)]
    for k, tile in enumerate(tiles):
        saved.put(tile, halos(float(k)))
    assert len(spilled(saved)) == {None: 0, 0: 4, 24: 3, 60: 2}[budget]
    for k, tile in reversed(list(enumerate(tiles))):
        ((spans, piece),) = saved.take(tile)[0, 1]
        assert spans == ((0, 2), (0, 3))
        assert torch.equal(piece, torch.full((1, 1, 2, 3), float(k)))
    folder = saved._folder
    saved.close()
    assert folder is None or not folder.exists()


def test_pieces_that_tiles_share_count_once() -> None:
    saved, shared = SavedHalos(30), halos(1.0)
    saved.put((0,), shared)
    saved.put((1,), dict(shared))
    assert not spilled(saved)
    saved.put((2,), halos(2.0))
    assert spilled(saved)
    saved.close()
