"""The recurrence over tiles along one axis: whatever a node reads in a tile must be at hand in it."""

import pytest
from hypothesis import given, settings, strategies as st

from wholefield.streaming.geometry.axis import (
    AxisMap,
    Border,
    BorderMode,
    Same,
    Window,
    pooling,
    transposed,
    window,
)
from wholefield.streaming.geometry.interpolation import linear, nearest
from wholefield.streaming.geometry.schedule import AxisNode, AxisSchedule, schedule_axis

CONV3 = (3, 1, 1, 1)


@st.composite
def maps(draw: st.DrawFn, length: int) -> AxisMap:
    """Some operation on an axis of this length that leaves at least one position."""
    kernel, step, dilation = (
        draw(st.integers(1, 5)),
        draw(st.integers(1, 4)),
        draw(st.integers(1, 3)),
    )
    padding = draw(st.integers(0, 4))
    kind = draw(st.integers(0, 6))
    found: AxisMap = Same(length, length)
    if kind == 0:
        found = window(length, kernel, step, dilation, padding)
    elif kind == 1:
        found = pooling(length, kernel, step, dilation, min(padding, kernel // 2), draw(st.booleans()))
    elif kind == 2 and length < 40:
        found = transposed(length, kernel, step, dilation, padding, draw(st.integers(0, step - 1)))
    elif kind == 3:
        mode = draw(st.sampled_from(BorderMode))
        before, after = (draw(st.integers(0, min(4, length - 1))) for _ in range(2))
        found = Border(length, length + before + after, before, mode)
    elif kind == 4:
        found = nearest(length, draw(st.integers(1, 2 * length)), None, draw(st.booleans()))
    elif kind == 5:
        found = linear(length, draw(st.integers(1, 2 * length)), None, draw(st.booleans()))
    elif kind == 6:
        start = draw(st.integers(0, length - 1))
        found = Window(length, -(-(length - start) // step), 1, step, 1, -start)
    return found if found.length_out >= 1 else Same(length, length)


@st.composite
def networks(draw: st.DrawFn) -> list[AxisNode]:
    """A chain with branches; nodes of equal length may be joined."""
    nodes = [AxisNode((), (), draw(st.integers(1, 40)))]
    for _ in range(draw(st.integers(1, 7))):
        source = draw(st.integers(0, len(nodes) - 1))
        length = nodes[source].length
        alike = [k for k, node in enumerate(nodes) if node.length == length]
        if draw(st.booleans()) and len(alike) > 1:
            joined = tuple(dict.fromkeys(draw(st.lists(st.sampled_from(alike), min_size=2, max_size=3))))
            nodes.append(AxisNode(joined, (Same(length, length),) * len(joined), length))
        else:
            axis_map = draw(maps(length))
            nodes.append(AxisNode((source,), (axis_map,), axis_map.length_out))
    return nodes


def check(nodes: list[AxisNode], schedule: AxisSchedule) -> None:
    assert schedule.tiles == -(-nodes[0].length // schedule.tile)
    for node, moments in zip(nodes, schedule.nodes, strict=True):
        assert len(moments.ready) == len(moments.keep) == schedule.tiles
        assert list(moments.ready) == sorted(moments.ready)
        assert list(moments.keep) == sorted(moments.keep)
        assert moments.ready[-1] == node.length
        assert all(0 <= keep <= ready for keep, ready in zip(moments.keep, moments.ready, strict=True))
    for tile in range(schedule.tiles):
        for node, moments in zip(nodes, schedule.nodes, strict=True):
            start, stop = moments.new(tile)
            assert moments.held(tile) == (moments.halo_in(tile)[0], stop) or tile == 0
            if start == stop:
                continue
            for source, axis_map in zip(node.inputs, node.maps, strict=True):
                low, high = axis_map.needs(start, stop)
                first, last = schedule.nodes[source].held(tile)
                assert first <= low < high <= last, (tile, node, (low, high), (first, last))


@settings(max_examples=400)
@given(networks(), st.integers(1, 45), st.sampled_from([1, 2, 3, 8, 16, 64]))
def test_what_a_tile_reads_is_at_hand(nodes: list[AxisNode], tile: int, smallest_block: int) -> None:
    check(nodes, schedule_axis(nodes, tile, smallest_block))


@settings(max_examples=200)
@given(networks(), st.integers(1, 45))
def test_without_waiting_everything_runs_as_soon_as_it_can(nodes: list[AxisNode], tile: int) -> None:
    schedule = schedule_axis(nodes, tile, 1)
    for node, moments in zip(nodes[1:], schedule.nodes[1:], strict=True):
        for t, ready in enumerate(moments.ready):
            pairs = zip(node.inputs, node.maps, strict=True)
            assert ready == min(m.ready(schedule.nodes[source].ready[t]) for source, m in pairs)


@settings(max_examples=100)
@given(networks(), st.integers(1, 45), st.sampled_from([2, 16, 64]))
def test_waiting_only_delays(nodes: list[AxisNode], tile: int, smallest_block: int) -> None:
    eager, patient = schedule_axis(nodes, tile, 1), schedule_axis(nodes, tile, smallest_block)
    for node, early, late in zip(nodes, eager.nodes, patient.nodes, strict=True):
        assert all(a >= b for a, b in zip(early.ready, late.ready, strict=True))
        # Waiting means fewer blocks, never an input that is held back.
        assert node.inputs or early.ready == late.ready


@settings(max_examples=100)
@given(networks())
def test_one_tile_computes_everything_and_hands_on_nothing(nodes: list[AxisNode]) -> None:
    schedule = schedule_axis(nodes, nodes[0].length, 16)
    for node, moments in zip(nodes, schedule.nodes, strict=True):
        assert moments.new(0) == (0, node.length)
        assert moments.halo_out(0)[0] == moments.halo_out(0)[1]


def test_a_chain_of_convolutions_lags_by_its_radius_and_holds_two_rows() -> None:
    length, tile, depth = 100, 16, 5
    nodes = [AxisNode((), (), length)]
    nodes += [AxisNode((k,), (window(length, *CONV3),), length) for k in range(depth)]
    schedule = schedule_axis(nodes, tile)
    for index, moments in enumerate(schedule.nodes):
        assert moments.ready == tuple(
            length if (t + 1) * tile >= length else (t + 1) * tile - index for t in range(schedule.tiles)
        )
        held = [stop - start for start, stop in (moments.halo_out(t) for t in range(schedule.tiles - 1))]
        assert held == [2 if index < depth else 0] * (schedule.tiles - 1)


def test_deep_nodes_wait_until_a_block_is_large_enough() -> None:
    length, tile = 256, 16
    nodes = [AxisNode((), (), length)]
    for k in range(4):
        nodes.append(AxisNode((k,), (window(nodes[-1].length, 3, 2, 1, 1),), nodes[-1].length // 2))
    schedule = schedule_axis(nodes, tile, smallest_block=8)
    blocks = [sum(stop > start for start, stop in map(m.new, range(schedule.tiles))) for m in schedule.nodes]
    assert blocks[0] == 16
    assert blocks == sorted(blocks, reverse=True)
    assert blocks[-1] <= 3


@pytest.mark.parametrize("tile", [1, 2, 7, 1000])
def test_an_image_of_one_pixel(tile: int) -> None:
    nodes = [AxisNode((), (), 1), AxisNode((0,), (window(1, *CONV3),), 1)]
    schedule = schedule_axis(nodes, tile, 16)
    assert schedule.tiles == 1
    assert [moments.ready for moments in schedule.nodes] == [(1,), (1,)]
