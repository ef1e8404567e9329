"""Windows cover a plane once, with all that a network reads around them, and keep to the size asked for."""

import numpy as np
from hypothesis import given, strategies as st

from wholefield.tasks.stacks.inference.windows import SMALLEST_CORE, pieces, windows

LENGTHS = st.integers(1, 300)


@given(LENGTHS, st.integers(1, 9), st.integers(0, 50))
def test_pieces_cover_an_axis_once(length: int, count: int, reach: int) -> None:
    count = min(count, length)
    parts = pieces(length, count, reach)
    assert [index for part in parts for index in range(part.core.start, part.core.stop)] == list(
        range(length)
    )
    for part in parts:
        assert part.outer.start == max(0, part.core.start - reach)
        assert part.outer.stop == min(length, part.core.stop + reach)
        assert list(range(length))[part.outer][part.within] == list(range(length))[part.core]


@given(LENGTHS, LENGTHS, st.integers(0, 40), st.integers(1, 60_000))
def test_windows_cover_a_plane_once_and_keep_small(rows: int, columns: int, reach: int, most: int) -> None:
    found = windows((rows, columns), reach, most)
    seen = np.zeros((rows, columns), int)
    for down, across in found:
        seen[down.core, across.core] += 1
    assert (seen == 1).all()
    largest = max(down.length * across.length for down, across in found)
    cores = [max(piece.core.stop - piece.core.start for piece in axis) for axis in zip(*found, strict=True)]
    assert largest <= most or max(cores) <= SMALLEST_CORE + 1
    if rows * columns <= most:
        assert len(found) == 1
