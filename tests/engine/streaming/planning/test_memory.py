"""Predicted memory against what a pass really keeps."""

import pytest
import torch
from torch import nn

from tests.engine.streaming.layers import small
from wholefield.streaming import Streamed, plan
from wholefield.streaming.execution.saved_halos import SavedHalos


@pytest.mark.parametrize("tile", [8, 16, (32, 10)])
@pytest.mark.parametrize("smallest_block", [1, 16])
def test_halos_and_blocks_come_to_the_predicted_bytes(
    tile: int | tuple[int, int], smallest_block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = nn.Sequential(small(), nn.Conv2d(3, 64, 3), nn.Conv2d(64, 64, 5))
    kept: list[SavedHalos] = []
    original = SavedHalos.put

    def noted(self: SavedHalos, *args: object) -> None:
        kept[:] = [self]
        original(self, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(SavedHalos, "put", noted)
    image = torch.randn(2, 2, 75, 61)
    result = Streamed(network, tile, smallest_block=smallest_block)(image)
    found = plan(network, image.shape, tile, smallest_block=smallest_block).memory
    # Tiles may share a piece that the prediction counts for each.
    assert 0.9 * found.halos <= kept[0]._bytes <= found.halos
    assert (
        sum(block.nbytes for blocks in kept[0].blocks.values() for block in blocks.values()) == found.blocks
    )
    assert found.blocks > 0
    assert found.backward > found.halos + found.blocks + result.nbytes
    assert found.backward > found.forward > 0
