"""The plan of a streamed pass: layers, boxes, memory, suggestions and its text."""

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from wholefield import networks
from wholefield.streaming import Plan, StreamingError, plan, suggest_tile_size, suggest_tiling
from wholefield.streaming.planning.memory import Forecast, MemoryNeed
from wholefield.streaming.planning.suggestions import TILE_SIZES
from wholefield.streaming.planning.table import as_table, in_bytes

OBLONG = (1, 3, 1100, 900)


@pytest.fixture(scope="module")
def resnet() -> nn.Module:
    return networks.split_resnet(networks.resnet18())[0].eval()


@pytest.fixture(scope="module")
def found(resnet: nn.Module) -> Plan:
    return plan(resnet, (1, 3, 1000, 700), 256)


def test_counts_tiles_and_sizes(found: Plan) -> None:
    assert (found.counts, found.tiles) == ((4, 3), 12)
    assert found.layers[0].size == (1000, 700)
    assert found.layers[-1].size == (32, 22)
    assert found.layers[-1].channels == 512


def test_multiply_adds_are_those_that_torch_counts(resnet: nn.Module, found: Plan) -> None:
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        resnet(torch.zeros(1, 3, 1000, 700))
    assert counter.get_total_flops() == 2 * found.macs


def test_the_text_is_a_table_with_totals(found: Plan) -> None:
    text = str(found)
    assert "layer" in text.splitlines()[0]
    assert "receptive field  435 px, stride 32" in text
    assert "4 x 3 = 12 of 256 px" in text


def test_a_click_finds_a_position_and_what_it_sees(found: Plan) -> None:
    node = len(found.layers) - 1
    position = found.position_at(node, (500, 350))
    (top, bottom), (left, right) = box = found.seen_from(node, position)
    assert abs((top + bottom) / 2 - 500) <= 16
    assert abs((left + right) / 2 - 350) <= 16
    assert (bottom - top, right - left) == (435, 435)
    assert found.tiles_of(box) == [(1, 0), (1, 1), (1, 2), (2, 0), (2, 1), (2, 2)]


def test_boxes_end_at_the_border_of_the_image(found: Plan) -> None:
    assert found.seen_from(len(found.layers) - 1, (0, 0)) == ((0, 218), (0, 218))
    assert found.position_at(len(found.layers) - 1, (10_000, -5)) == (31, 0)


def test_smaller_tiles_need_less_for_inference(resnet: nn.Module) -> None:
    needs = [plan(resnet, (1, 3, 2000, 2000), tile).memory.forward for tile in (256, 512, 1024)]
    assert needs == sorted(needs)


def test_frozen_weights_need_no_gradients(resnet: nn.Module) -> None:
    before = plan(resnet, (1, 3, 512, 512), 256).memory.backward
    for parameter in resnet.parameters():
        parameter.requires_grad_(False)
    try:
        weights = sum(4 * parameter.numel() for parameter in resnet.parameters())
        assert plan(resnet, (1, 3, 512, 512), 256).memory.backward < before - weights
    finally:
        resnet.requires_grad_(True)


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
        walked.append(self._recurrence.axes[0].tile)
        need = peak(self, training)
        assert self.floor(training) < need
        return need

    monkeypatch.setattr(Forecast, "peak", noted)
    network = networks.unet(width=8, depth=3).eval()
    with pytest.raises(StreamingError, match="the leanest, 384 px"):
        suggest_tile_size(network, (1, 3, 4096, 4096), 1_000_000)
    assert 384 in walked
    assert min(walked) > 128


def test_planning_touches_no_data(resnet: nn.Module) -> None:
    gigapixel = plan(resnet, (1, 3, 60_000, 80_000), 2048)
    assert gigapixel.counts == (30, 40)


def test_sizes_and_tables_read_well() -> None:
    assert [in_bytes(n) for n in (0, 999, 12_345, 1_500_000, 2_340_000_000)] == [
        "0 B",
        "999 B",
        "12.3 kB",
        "1.5 MB",
        "2.34 GB",
    ]
    assert as_table(("a", "b"), [("1", "22"), ("333", "4")]).splitlines() == [
        "a    b",
        "---  --",
        "1    22",
        "333  4",
    ]


def test_workers_take_memory_and_bring_time(resnet: nn.Module) -> None:
    one, four = (plan(resnet, (1, 3, 1024, 1024), 256, workers=workers) for workers in (1, 4))
    assert (one.workers, one.speedup) == (1, 1.0)
    assert four.workers == 4
    assert 2 < four.speedup < 4
    assert one.memory.forward < four.memory.forward
    assert one.memory.halos == four.memory.halos
    assert "4 at a time" in four.summary()


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
