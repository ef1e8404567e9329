"""Bisection between blocks, and how it finds out that they are not in order."""

import numpy as np
import pytest

from wholefield.sources.events.block_search import PROBES, BlockSearch
from wholefield.sources.events.recording import EVENT_DTYPE, Events

COUNT = 1000


class CountedBlocks:
    """Blocks of ten events, one every us."""

    def __init__(self, order: np.ndarray) -> None:
        self.order = order
        self.read: set[int] = set()

    def __call__(self, number: int) -> Events:
        self.read.add(number)
        events = np.zeros(10, EVENT_DTYPE)
        events["t"] = 10 * self.order[number] + np.arange(10)
        return events


def test_a_table_in_order_is_hardly_read() -> None:
    blocks = CountedBlocks(np.arange(COUNT))
    search = BlockSearch(COUNT, blocks)
    assert search.span() == (0, 10 * COUNT - 1)
    assert list(search.numbers(5003, 5021)) == [500, 501, 502]
    assert list(search.numbers(5000, 5001)) == [499, 500]
    assert list(search.numbers(-50, 0)) == []
    assert not search.overlap
    assert len(blocks.read) < PROBES + 40


@pytest.mark.parametrize(
    "order",
    [np.arange(COUNT) % (COUNT // 2), np.arange(COUNT)[::-1], np.r_[0, COUNT - 1, np.arange(1, COUNT - 1)]],
)
def test_disorder_is_seen_at_once(order: np.ndarray) -> None:
    search = BlockSearch(COUNT, CountedBlocks(order))
    search.span()
    assert search.overlap or list(order[:2]) == [0, COUNT - 1]


def test_a_late_block_is_seen_when_it_is_read() -> None:
    order = np.arange(COUNT)
    order[[500, 600]] = order[[600, 500]]
    search = BlockSearch(COUNT, CountedBlocks(order))
    search.span()
    for number in range(495, 505):
        search.block(number)
    assert search.overlap


def test_a_block_that_cannot_be_read() -> None:
    search = BlockSearch(3, lambda number: np.zeros(0, EVENT_DTYPE))
    assert search.span() == (0, 0)
    assert search.overlap
