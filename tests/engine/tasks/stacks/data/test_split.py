"""Every slice has exactly one use; validation is a block in the middle or what was listed."""

import itertools
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from wholefield.errors import SettingError
from wholefield.tasks.stacks.data.split import Split, preview_slice, runs_of, split_slices
from wholefield.tasks.stacks.settings import StackRegressionSettings


def config(**options: Any) -> StackRegressionSettings:
    return StackRegressionSettings(stack=Path("a"), target=Path("b"), **options)


@given(st.integers(1, 300), st.floats(0, 0.99))
def test_every_slice_has_one_use(count: int, fraction: float) -> None:
    split = split_slices(count, config(validation_fraction=fraction))
    assert sorted(split.training + split.validation) == list(range(count))
    assert split.training
    assert bool(split.validation) == (fraction > 0 and count > 1)
    assert len(list(runs_of(split.validation))) <= 1


def test_the_middle_is_kept_unless_slices_are_listed() -> None:
    assert split_slices(10, config(validation_fraction=0.2)).validation == (4, 5)
    assert split_slices(10, config(validation_slices="9,0-1")) == Split(tuple(range(2, 9)), (0, 1, 9))


@given(st.integers(1, 300), st.floats(0, 0.99), st.integers(1, 40))
def test_volumes_keep_two_runs_that_a_network_can_take(count: int, fraction: float, dilation: int) -> None:
    asked = config(validation_fraction=fraction, ndim=3, dilations=str(dilation))
    split = split_slices(count, asked)
    assert split.training + split.validation == tuple(range(count))
    assert split.training
    if fraction > 0 and count >= 2 * dilation:
        assert len(split.validation) >= dilation
    if fraction <= 0.5 and count >= 2 * dilation:
        assert len(split.training) >= dilation


@pytest.mark.parametrize(
    ("slices", "sentence"), [("10", "names slice 10, but the stack has slices 0 to 9"), ("0-9", "leave some")]
)
def test_impossible_lists(slices: str, sentence: str) -> None:
    with pytest.raises(SettingError, match=sentence):
        split_slices(10, config(validation_slices=slices))


def test_the_preview_shows_a_validation_slice_unless_one_is_named() -> None:
    split = Split((0, 1, 5, 6, 7), (2, 3, 4))
    assert preview_slice(8, split, config()) == 3
    assert preview_slice(8, Split((0, 1), ()), config()) == 1
    assert preview_slice(8, split, config(preview_slice=7)) == 7
    with pytest.raises(SettingError, match="preview_slice is 8"):
        preview_slice(8, split, config(preview_slice=8))


@given(st.sets(st.integers(0, 60)))
def test_runs_have_no_gaps(slices: set[int]) -> None:
    runs = list(runs_of(sorted(slices)))
    assert [at for run in runs for at in run] == sorted(slices)
    assert all(a.stop < b.start for a, b in itertools.pairwise(runs))
