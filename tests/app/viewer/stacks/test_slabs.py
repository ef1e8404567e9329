"""Slabs cover every slice once, in order; they grow with cheap files and keep to the chunks of dear ones."""

from collections.abc import Callable

import pytest
from hypothesis import given, strategies as st

from wholefield_app.viewer.stacks.slabs import FIRST, slabs


def read(depth: int, cost: Callable[[int, int], float], first: int = 0) -> list[tuple[int, int]]:
    """The slabs of a file whose slices from one to another take so many seconds to read."""
    now = 0.0

    def clock() -> float:
        return now

    found = []
    for start, stop in slabs(first, depth, clock):
        found.append((start, stop))
        now += cost(start, stop)
    return found


@given(
    st.integers(0, 3000),
    st.integers(0, 3000),
    st.floats(0, 0.2),
    st.sampled_from([1, 7, 16, 64, 500]),
    st.floats(0, 1),
)
def test_every_slice_is_in_one_slab(
    first: int, depth: int, per_slice: float, chunk: int, per_chunk: float
) -> None:
    def cost(start: int, stop: int) -> float:
        return per_slice * (stop - start) + per_chunk * (-(-stop // chunk) - start // chunk)

    found = read(depth, cost, first)
    covered = [index for start, stop in found for index in range(start, stop)]
    assert covered == list(range(first, depth))


def test_a_fast_file_is_read_in_few_slabs() -> None:
    assert len(read(4096, lambda start, stop: 1e-6 * (stop - start))) < 12


def test_slow_slices_are_shown_few_at_a_time() -> None:
    found = read(200, lambda start, stop: 0.05 * (stop - start))
    assert max(stop - start for start, stop in found) <= 2 * FIRST


@pytest.mark.parametrize("chunk", [16, 32, 64])
def test_few_chunks_are_unpacked_more_than_once(chunk: int) -> None:
    unpacked: list[int] = []

    def cost(start: int, stop: int) -> float:
        unpacked.extend(range(start // chunk, -(-stop // chunk)))
        return 0.3 * (-(-stop // chunk) - start // chunk)

    read(20 * chunk, cost)
    assert set(unpacked) == set(range(20))
    assert len(unpacked) <= 20 + 5
