"""The index of blocks against brute force."""

from itertools import chain

import numpy as np
from hypothesis import given, settings, strategies as st

from wholefield.sources.events.block_index import BlockIndex, BlockSummary
from wholefield.sources.events.columns.convert import LeftOut
from wholefield.sources.events.recording import EVENT_DTYPE, Events

Blocks = list[Events]


def blocks_of(times: list[list[int]]) -> Blocks:
    blocks = []
    for values in times:
        events = np.zeros(len(values), EVENT_DTYPE)
        events["t"] = sorted(values)
        events["x"], events["y"] = 3, 7
        blocks.append(events)
    return blocks


def index_of(blocks: Blocks) -> BlockIndex:
    return BlockIndex(BlockSummary.of(block, LeftOut(outside=1)) for block in blocks)


@settings(max_examples=300, deadline=None)
@given(
    times=st.lists(st.lists(st.integers(0, 50), max_size=6), min_size=1, max_size=12),
    moments=st.lists(st.integers(-5, 60), max_size=10),
    low=st.integers(-5, 60),
    length=st.integers(1, 60),
)
def test_any_blocks(times: list[list[int]], moments: list[int], low: int, length: int) -> None:
    blocks = blocks_of(times)
    index, every = index_of(blocks), np.array(sorted(chain.from_iterable(times)), np.int64)
    needed = {
        number
        for number, block in enumerate(blocks)
        if ((block["t"] >= low) & (block["t"] < low + length)).any()
    }
    offered = index.blocks(low, low + length)
    assert needed <= set(offered)
    assert offered == sorted(offered)
    assert all(
        len(blocks[i]) and blocks[i]["t"][0] < low + length and blocks[i]["t"][-1] >= low for i in offered
    )
    before = index.counts_before(np.array(moments, np.int64), lambda number: blocks[number])
    np.testing.assert_array_equal(before, np.searchsorted(every, moments, "left"))
    assert index.total == len(every)
    assert index.span == ((every[0], every[-1]) if len(every) else None)
    assert index.left_out == LeftOut(outside=len(blocks))
    assert index.size == ((4, 8) if len(every) else (0, 0))


def test_few_blocks_are_read_for_many_moments() -> None:
    blocks = blocks_of([list(range(first, first + 10)) for first in range(0, 1000, 10)])
    read: list[int] = []

    def block(number: int) -> Events:
        read.append(number)
        return blocks[number]

    index_of(blocks).counts_before(np.array([15, 16, 17, 500, 995], np.int64), block)
    assert read == [1, 99]
    assert index_of(blocks).blocks(10, 20) == [1]
