"""Maps of interpolation against torch itself, to a size and by a factor."""

import pytest
import torch
from hypothesis import assume, given, settings, strategies as st
from torch.nn import functional

from tests.engine.streaming.geometry.maps import LENGTHS, check, reads_of
from wholefield.streaming.geometry.interpolation import linear, nearest


@settings(max_examples=150)
@given(LENGTHS, st.integers(1, 40), st.booleans())
def test_nearest_to_a_size(length: int, outputs: int, centered: bool) -> None:
    mode = "nearest-exact" if centered else "nearest"
    reads = reads_of(lambda x: functional.interpolate(x, size=outputs, mode=mode), length)
    check(nearest(length, outputs, None, centered), reads)


@settings(max_examples=150)
@given(LENGTHS, st.floats(0.2, 4.0), st.booleans())
def test_nearest_by_a_factor(length: int, factor: float, centered: bool) -> None:
    assume(int(length * factor) >= 1)
    mode = "nearest-exact" if centered else "nearest"
    reads = reads_of(lambda x: functional.interpolate(x, scale_factor=factor, mode=mode), length)
    check(nearest(length, len(reads), factor, centered), reads)


@pytest.mark.parametrize("centered", [False, True])
def test_nearest_where_coordinates_are_whole_numbers(centered: bool) -> None:
    """Single precision puts 109 * (4 / 218) below 2; the exact fraction, and torch in double precision, do not."""
    mode = "nearest-exact" if centered else "nearest"
    for length in range(1, 130, 3):
        for outputs in range(1, 400, 7):
            positions = torch.arange(length, dtype=torch.float64)[None, None]
            expected = functional.interpolate(positions, size=outputs, mode=mode)[0, 0]
            found = nearest(length, outputs, None, centered).sources(0, outputs)
            assert found.tolist() == expected.tolist(), (length, outputs)


@settings(max_examples=150)
@given(LENGTHS, st.integers(1, 40), st.booleans())
def test_linear_to_a_size(length: int, outputs: int, aligned: bool) -> None:
    reads = reads_of(
        lambda x: functional.interpolate(x, size=outputs, mode="linear", align_corners=aligned), length
    )
    # A neighbor may be read with weight zero, which the bright position does not show.
    check(linear(length, outputs, None, aligned), reads, slack=1)


@settings(max_examples=150)
@given(LENGTHS, st.floats(0.2, 4.0), st.booleans())
def test_linear_by_a_factor(length: int, factor: float, aligned: bool) -> None:
    assume(int(length * factor) >= 1)
    reads = reads_of(
        lambda x: functional.interpolate(x, scale_factor=factor, mode="linear", align_corners=aligned), length
    )
    check(linear(length, len(reads), factor, aligned), reads, slack=1)
