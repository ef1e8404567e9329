"""Lists of numbers as users type them."""

import pytest
from hypothesis import given, strategies as st

from wholefield.errors import SettingError
from wholefield.tasks.stacks.numbers import whole_numbers


def test_ranges_hold_both_ends() -> None:
    assert whole_numbers("slices", " 1-3, 7 ,5 - 5") == (1, 2, 3, 7, 5)


@given(st.lists(st.integers(0, 10**6), min_size=1))
def test_lists_come_back(numbers: list[int]) -> None:
    assert whole_numbers("slices", ",".join(map(str, numbers))) == tuple(numbers)


@pytest.mark.parametrize("text", ["", "a", "1,,2", "3-1", "-1", "1.5", "1-", "١"])
def test_mistakes_name_the_setting(text: str) -> None:
    with pytest.raises(SettingError, match="The setting slices is"):
        whole_numbers("slices", text)
