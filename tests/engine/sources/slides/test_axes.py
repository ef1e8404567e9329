import numpy as np
import pytest
from hypothesis import given, strategies as st

from wholefield.sources.slides.axes import other_axes, plane_indices


@given(st.permutations("TCZS"), st.lists(st.integers(1, 4), min_size=4, max_size=4), st.data())
def test_indices_agree_with_numpy(order: list[str], shape: list[int], data: st.DataObject) -> None:
    axes = "".join(order)
    lengths = dict(zip(axes, shape, strict=True))
    at = {letter: data.draw(st.integers(0, lengths[letter] - 1)) for letter in "TZ"}
    numbers = np.arange(np.prod(shape)).reshape(shape)
    expected = numbers[tuple(at.get(letter, slice(None)) for letter in axes)]
    assert plane_indices(axes, tuple(shape), at) == expected.ravel().tolist()


def test_no_leading_axes_is_one_page() -> None:
    assert plane_indices("", (), {}) == [0]


def test_position_outside_is_refused() -> None:
    with pytest.raises(IndexError, match="axis Z has positions 0 to 2, not 3"):
        plane_indices("Z", (3,), {"Z": 3})


def test_other_axes_are_those_to_choose_from() -> None:
    assert other_axes("TCZYXS", (1, 3, 5, 40, 50, 3)) == {"Z": 5}
