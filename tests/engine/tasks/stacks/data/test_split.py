"""Every slice has exactly one use; validation is a block in the middle or what was listed."""

import itertools
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from wholefield.errors import SettingError
from wholefield.runs.folder import RunFolder
from wholefield.tasks.stacks.data.split import (
    Split,
    kept_of,
    preview_slice,
    runs_of,
    split_of_run,
    split_slices,
)
from wholefield.tasks.stacks.settings import StackRegressionSettings
from wholefield.training.kept_split import keep_split


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


class TestGoingOn:
    """A run keeps the slices that it validates with."""

    def kept(self, folder: RunFolder, count: int, settings: StackRegressionSettings) -> Split:
        split, notes = split_of_run(count, settings, folder)
        assert notes == ()
        keep_split(folder, kept_of(split))
        folder.last.touch()
        return split

    def test_other_settings_change_nothing(self, tmp_path: Path) -> None:
        folder = RunFolder(tmp_path)
        first = self.kept(folder, 20, config(validation_fraction=0.2))
        again, notes = split_of_run(20, config(validation_slices="0-3"), folder)
        assert again == first
        assert "The validation slices stay those of the earlier part of the run (slices 8-11)" in notes[0]
        assert split_of_run(20, config(validation_fraction=0.2), folder) == (first, ())

    def test_new_slices_are_trained_on(self, tmp_path: Path) -> None:
        folder = RunFolder(tmp_path)
        first = self.kept(folder, 20, config(validation_fraction=0.2))
        again, notes = split_of_run(24, config(validation_fraction=0.2), folder)
        assert again.validation == first.validation
        assert again.training == (*first.training, 20, 21, 22, 23)
        assert notes[0] == "The stack has slices 20-23 more than before; they are trained on."
        with pytest.raises(SettingError, match=r"used slice 19, but the stack now has slices 0 to 17"):
            split_of_run(18, config(), folder)

    def test_nothing_is_kept_for_validation(self, tmp_path: Path) -> None:
        folder = RunFolder(tmp_path)
        first = self.kept(folder, 6, config(validation_fraction=0.0))
        assert first.validation == ()
        assert split_of_run(6, config(validation_fraction=0.5), folder)[0] == first
