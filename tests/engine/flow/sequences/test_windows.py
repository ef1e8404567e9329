"""Which bins come in which batch."""

from itertools import pairwise

import numpy as np
from hypothesis import given, strategies as st

from wholefield.flow.sequences.windows import lanes, max_consecutive_batches, sequences

SOURCES = st.lists(st.integers(0, 40), min_size=1, max_size=5)


@given(
    bins=SOURCES, num_tbins=st.integers(1, 7), longest=st.integers(1, 6), seed=st.none() | st.integers(0, 99)
)
def test_sequences_are_consecutive_whole_and_complete(
    bins: list[int], num_tbins: int, longest: int, seed: int | None
) -> None:
    random = None if seed is None else np.random.default_rng(seed)
    parts = sequences(bins, num_tbins, longest, random)
    for part in parts:
        assert 1 <= len(part) <= longest
        assert [window.start for window in part] == [True] + [False] * (len(part) - 1)
        assert len({(window.source, window.sequence) for window in part}) == 1
        assert all(b.first - a.first == num_tbins for a, b in pairwise(part))
    for source, count in enumerate(bins):
        firsts = sorted(window.first for part in parts for window in part if window.source == source)
        assert len(firsts) == count // num_tbins
        assert all(b - a == num_tbins for a, b in pairwise(firsts))
        assert not firsts or (firsts[0] >= 0 and firsts[-1] + num_tbins <= count)
    assert len({part[0].sequence for part in parts}) == len(parts)


@given(bins=SOURCES, longest=st.integers(1, 6), places=st.integers(1, 5))
def test_lanes_keep_sequences_in_one_place_without_gaps(bins: list[int], longest: int, places: int) -> None:
    parts = sequences(bins, 2, longest)
    batches = lanes(parts, places)
    seen = [window for batch in batches for window in batch if window is not None]
    assert sorted(seen, key=repr) == sorted((window for part in parts for window in part), key=repr)
    for before, after in pairwise(batches):
        for a, b in zip(before, after, strict=True):
            if b is not None and not b.start:
                assert a is not None
                assert a.sequence == b.sequence
                assert b.first == a.first + 2


def test_repeats_are_sequences_of_their_own() -> None:
    parts = sequences([4], 2, 2, repeats=3)
    assert [part[0].sequence for part in parts] == [0, 1, 2]


def test_max_consecutive_batches_follows_the_documented_law() -> None:
    assert [max_consecutive_batches(1.414, epoch) for epoch in range(1, 10)] == [
        1, 1, 1, 2, 3, 5, 7, 11, 15
    ]  # fmt: skip
    assert max_consecutive_batches(2, 5) == 16
