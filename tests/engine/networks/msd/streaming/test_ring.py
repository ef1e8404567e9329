"""Rings are cut where they wrap around, and scattered lines are shifts with reflection."""

from itertools import pairwise

import torch
from hypothesis import given, settings, strategies as st

from wholefield.networks.msd.kernel.borders import add_shifted
from wholefield.networks.msd.streaming.ring import ring_pieces, scatters


@settings(deadline=None)
@given(st.integers(1, 30), st.data())
def test_scatters_are_the_reflected_shifts(length: int, data: st.DataObject) -> None:
    dilation = data.draw(st.integers(1, length))
    cuts = sorted({0, length, *data.draw(st.lists(st.integers(0, length), max_size=4))})
    lines = torch.randn(3, length, dtype=torch.float64)
    expected = lines[1].clone()[:, None]
    add_shifted(expected, lines[0][:, None], -2, -dilation)
    add_shifted(expected, lines[2][:, None], -2, dilation)
    found = torch.zeros(length, dtype=torch.float64)
    for first, end in pairwise(cuts):
        for each in scatters(first, end, dilation, length):
            for offset in range(each.end - each.first):
                found[each.target + (-offset if each.mirrored else offset)] += lines[
                    each.tap, each.first + offset
                ]
    torch.testing.assert_close(found, expected[:, 0], rtol=1e-12, atol=1e-12)


@settings(deadline=None)
@given(st.integers(0, 50), st.integers(0, 50), st.integers(1, 9), st.integers(1, 9))
def test_ring_pieces_cover_the_range_without_wrapping(first: int, count: int, one: int, two: int) -> None:
    pieces = list(ring_pieces(first, first + count, one, two))
    assert [row for start, stop in pieces for row in range(start, stop)] == list(range(first, first + count))
    assert all(start // n == (stop - 1) // n for start, stop in pieces for n in (one, two))
