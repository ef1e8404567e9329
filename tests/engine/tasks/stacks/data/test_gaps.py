"""Voxels that are not finite: counted before a run, and not a number in predictions."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import tifffile

from wholefield.errors import SettingError
from wholefield.sources.stacks.opening import open_stack
from wholefield.tasks.stacks.data.gaps import Gaps, count_gaps, gap_note, not_finite, notes_on_gaps, with_gaps


def written(path: Path, volume: np.ndarray) -> Path:
    tifffile.imwrite(path, volume, photometric="minisblack")
    return path


def counted(folder: Path, volume: np.ndarray, target: np.ndarray, *parts: Sequence[int]) -> Gaps:
    with (
        open_stack(written(folder / "in.tif", volume)) as stack,
        open_stack(written(folder / "out.tif", target)) as other,
    ):
        done: list[int] = []
        gaps = count_gaps(stack, other, parts, done.append)
        assert done == list(range(1, sum(map(len, parts)) + 1))
        return gaps


def test_counts(tmp_path: Path) -> None:
    volume = np.ones((4, 5, 6), np.float32)
    volume[0, 0], volume[3, :, 0] = np.nan, np.inf
    target = np.ones((4, 5, 6), np.float32)
    target[1, 1, 1] = -np.inf
    assert counted(tmp_path, volume, target, [0, 1, 2], [3]) == Gaps(11, 1)
    assert counted(tmp_path, volume, target, [1, 2], []) == Gaps(0, 1)
    assert counted(tmp_path, np.ones((4, 5, 6), np.uint8), target, [1], [2]) == Gaps(0, 1)


@pytest.mark.parametrize(("empty", "name"), [([0, 1], "training"), ([3], "validation")])
def test_nothing_to_learn_from(tmp_path: Path, empty: list[int], name: str) -> None:
    """Neither stack is without numbers in those slices, but no voxel has one in both."""
    volume, target = np.ones((4, 5, 6), np.float32), np.ones((4, 5, 6), np.float32)
    volume[empty, :2], target[empty, 2:] = np.nan, np.nan
    with pytest.raises(
        SettingError, match=rf"No voxel of the {name} slices is finite in both in\.tif and out\.tif"
    ):
        counted(tmp_path, volume, target, [0, 1], [3])


def test_what_is_said(tmp_path: Path) -> None:
    path = written(tmp_path / "s.tif", np.zeros((2, 3, 4), np.float32))
    with open_stack(path) as stack:
        assert notes_on_gaps(Gaps(), stack, stack) == ()
        first, second = notes_on_gaps(Gaps(1234, 5), stack, stack)
    assert first.startswith(
        "1,234 voxels of s.tif are not finite; the network is given the mean in their place"
    )
    assert second == "5 voxels of s.tif are not finite; they count for nothing in loss and figures."
    assert "the prediction there is not a number" in gap_note(3, "s.tif", labels=False)
    assert "the labels there are what it makes of that" in gap_note(3, "s.tif", labels=True)


@pytest.mark.parametrize("dtype", ["f4", "u1"])
def test_predictions_keep_their_gaps(tmp_path: Path, dtype: str) -> None:
    volume = np.ones((3, 4, 5), np.float32)
    volume[1, 2, 3] = np.nan
    numbers: list[int] = []
    with open_stack(written(tmp_path / "s.tif", volume)) as stack:
        planes = list(
            with_gaps([np.full((4, 5), 7, dtype)] * 3, lambda at: not_finite(stack, at), numbers.append)
        )
    expected = np.full((3, 4, 5), 7, dtype)
    if dtype == "f4":
        expected[1, 2, 3] = np.nan
    np.testing.assert_array_equal(np.stack(planes), expected)
    assert numbers == [1]
