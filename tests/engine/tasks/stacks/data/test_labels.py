"""The labels of a stack are counted slice by slice."""

from pathlib import Path

import numpy as np
import pytest
import tifffile

from wholefield.errors import SettingError
from wholefield.sources.stacks.opening import open_stack
from wholefield.tasks.stacks.data.labels import count_labels
from wholefield.training.label_values import LabelOptions, LabelSet, label_set


def test_counts_and_the_set_that_follows(tmp_path: Path) -> None:
    volume = np.zeros((3, 4, 5), np.uint8)
    volume[1, :2], volume[2, 0, 0] = 3, 255
    tifffile.imwrite(tmp_path / "labels.tif", volume, photometric="minisblack")
    done: list[int] = []
    with open_stack(tmp_path / "labels.tif") as stack:
        counts = count_labels(stack, [0, 1, 2], done.append)
        ignoring = count_labels(stack, [0, 1, 2], done.append, LabelOptions.parse("0-1", "3, 255"))
    assert counts.counts == {0: 49, 3: 10, 255: 1}
    assert done[:3] == [1, 2, 3]
    assert label_set(counts) == LabelSet((0, 3, 255))
    assert label_set(ignoring) == LabelSet((0, 1), (3, 255))


@pytest.mark.parametrize(
    ("volume", "sentence"),
    [
        (np.full((2, 4, 5), 0.5, np.float32), r"s\.tif holds 0\.5 in slice 0"),
        (np.full((2, 4, 5), -1, np.int16), r"s\.tif holds negative labels \(-1\)"),
        (np.arange(2 * 20 * 20, dtype=np.uint16).reshape(2, 20, 20), "look like intensities"),
    ],
)
def test_intensities_are_no_labels(tmp_path: Path, volume: np.ndarray, sentence: str) -> None:
    tifffile.imwrite(tmp_path / "s.tif", volume, photometric="minisblack")
    with open_stack(tmp_path / "s.tif") as stack, pytest.raises(SettingError, match=sentence):
        label_set(count_labels(stack, [0, 1], lambda number: None))
