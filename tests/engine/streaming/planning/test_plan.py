"""The plan of a streamed pass: layers, boxes, memory and its text."""

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from wholefield.streaming import Plan, plan
from wholefield.streaming.planning.table import as_table, in_bytes


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
