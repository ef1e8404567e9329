"""Suggested tile sizes and numbers of workers: they fit the budget, and no larger ones do."""

import pytest
import torch
from torch import nn

from wholefield import networks
from wholefield.streaming import StreamingError, plan, suggest_tile_size, suggest_tiling
from wholefield.streaming.planning.forecast import Forecast
from wholefield.streaming.planning.memory import MemoryNeed
from wholefield.streaming.planning.suggestions import TILE_SIZES
from wholefield.streaming.planning.table import in_bytes

OBLONG = (1, 3, 1100, 900)


def test_the_suggested_tile_is_the_largest_that_fits(resnet: nn.Module) -> None:
    shape = (1, 3, 1536, 1536)
    size = suggest_tile_size(resnet, shape, 700_000_000)
    assert plan(resnet, shape, size).memory.backward <= 700_000_000
    assert suggest_tile_size(resnet, shape, 700_000_000, training=False) >= size
    with pytest.raises(StreamingError, match="No tile size fits into 1 MB"):
        suggest_tile_size(resnet, shape, 1_000_000)


@pytest.fixture(scope="module")
def needs() -> tuple[nn.Module, dict[int, MemoryNeed]]:
    """A U-Net and what it needs with every usual tile, on an image that is not square."""
    network = networks.unet(width=8, depth=3).eval()
    return network, {size: plan(network, OBLONG, size).memory for size in TILE_SIZES if size < 2 * 1100}


@pytest.mark.parametrize("training", [True, False])
def test_no_larger_tile_than_the_suggested_fits(
    needs: tuple[nn.Module, dict[int, MemoryNeed]], training: bool
) -> None:
    network, found = needs
    peaks = {size: need.backward if training else need.forward for size, need in found.items()}
    for budget in sorted(peaks.values())[::4]:
        largest = max(size for size, peak in peaks.items() if peak <= budget)
        assert suggest_tile_size(network, OBLONG, budget, training=training) == largest
    # The leanest is named, though in training it is neither the smallest nor the largest.
    leanest = min(peaks, key=lambda size: peaks[size])
    assert not training or 64 < leanest < max(peaks)
    with pytest.raises(StreamingError, match=f"the leanest, {leanest} px, needs {in_bytes(peaks[leanest])}"):
        suggest_tile_size(network, OBLONG, peaks[leanest] - 1, training=training)


def test_a_tile_is_not_walked_where_halos_alone_are_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    walked = []
    peak = Forecast.peak

    def noted(self: Forecast, training: bool) -> int:
        walked.append(self.stages[0].layout.recurrence.axes[0].tile)
        need = peak(self, training)
        assert self.floor(training) < need
        return need

    monkeypatch.setattr(Forecast, "peak", noted)
    network = networks.unet(width=8, depth=3).eval()
    with pytest.raises(StreamingError, match="the leanest, 384 px"):
        suggest_tile_size(network, (1, 3, 4096, 4096), 1_000_000)
    assert 384 in walked
    assert min(walked) > 128


@pytest.mark.parametrize(("threads", "budget"), [(1, 10**10), (4, 10**10), (4, 900_000_000)])
def test_a_suggested_tiling_fits_and_uses_the_threads(resnet: nn.Module, threads: int, budget: int) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        size, workers = suggest_tiling(resnet, (1, 3, 2048, 2048), budget)
    finally:
        torch.set_num_threads(before)
    assert plan(resnet, (1, 3, 2048, 2048), size, workers=workers).memory.backward <= budget
    assert 1 <= workers <= threads
    # Where memory is short a worker more is not worth a tile too small.
    assert workers > 1 or threads == 1 or budget < 10**9


def test_a_tiling_that_does_not_fit_is_refused(resnet: nn.Module) -> None:
    with pytest.raises(StreamingError, match="No tile size fits"):
        suggest_tiling(resnet, (1, 3, 2048, 2048), 1_000_000)
