"""Values of label files become classes and come back; what cannot be labels is told."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from wholefield.errors import SettingError
from wholefield.sources.stacks.opening import open_stack
from wholefield.tasks.stacks.data.label_values import count_labels, values_of
from wholefield.tasks.stacks.data.labels import LabelSet, label_set
from wholefield.tasks.stacks.settings import StackSegmentationSettings


def config(**options: Any) -> StackSegmentationSettings:
    return StackSegmentationSettings(stack=Path("a"), target=Path("b"), **options)


def test_classes_come_back_as_values() -> None:
    labels = LabelSet((0, 7, 1000))
    array = np.array([[1000, 0], [7, 7]], np.uint16)
    classes = labels.classes(array, "here")
    assert classes.tolist() == [[2, 0], [1, 1]]
    back = labels.in_file(classes.numpy().astype(np.uint8))
    assert back.dtype == np.uint16
    np.testing.assert_array_equal(back, array)
    with pytest.raises(SettingError, match=r"here holds 5, which is none of the labels 0, 7, 1000"):
        labels.classes(np.array([0, 5]), "here")


def test_the_ignored_values_have_a_class_of_their_own() -> None:
    labels = LabelSet((0, 2), ignored=(7, 255))
    assert labels.classes(np.array([2, 255, 0, 7], np.uint8), "here").tolist() == [1, 2, 0, 2]
    assert labels.ignored_class == 2
    assert labels.in_file(np.array([0, 1, 2], np.uint8)).tolist() == [0, 2, 7]
    assert LabelSet((0, 2)).ignored_class is None
    with pytest.raises(SettingError, match="here holds 3"):
        labels.classes(np.array([255, 3]), "here")


def test_counts_and_the_set_that_follows(tmp_path: Path) -> None:
    volume = np.zeros((3, 4, 5), np.uint8)
    volume[1, :2], volume[2, 0, 0] = 3, 255
    tifffile.imwrite(tmp_path / "labels.tif", volume, photometric="minisblack")
    done: list[int] = []
    with open_stack(tmp_path / "labels.tif") as stack:
        counts = count_labels(stack, [0, 1, 2], done.append)
    assert counts == {0: 49, 3: 10, 255: 1}
    assert done == [1, 2, 3]
    assert label_set(counts, config(), "x") == LabelSet((0, 3, 255))
    assert label_set(counts, config(ignore_label="255"), "x") == LabelSet((0, 3), (255,))
    chosen = config(label_values="0-1", ignore_label="3, 255")
    assert label_set(counts, chosen, "x") == LabelSet((0, 1), (3, 255))
    with pytest.raises(SettingError, match=r"x holds 3, 255 besides the labels 0, 1; add what is missing"):
        label_set(counts, config(label_values="0-1"), "x")
    with pytest.raises(SettingError, match="x holds 1 label"):
        label_set({4: 2}, config(), "x")


@pytest.mark.parametrize("dtype", ["u1", "u2", "i2", "u4", "f4"])
def test_values_are_counted_in_any_type(dtype: str) -> None:
    plane = np.random.default_rng(0).integers(0, 9, (13, 17)).astype(dtype)
    values, times = values_of(plane)
    assert dict(zip(values.tolist(), times.tolist(), strict=True)) == Counter(plane.ravel().tolist())


@pytest.mark.parametrize(
    ("volume", "sentence"),
    [
        (np.full((2, 4, 5), 0.5, np.float32), r"holds 0\.5 in slice 0"),
        (np.full((2, 4, 5), -1, np.int16), "holds -1 in slice 0"),
        (np.arange(2 * 20 * 20, dtype=np.uint16).reshape(2, 20, 20), "look like intensities"),
    ],
)
def test_intensities_are_no_labels(tmp_path: Path, volume: np.ndarray, sentence: str) -> None:
    tifffile.imwrite(tmp_path / "s.tif", volume, photometric="minisblack")
    with open_stack(tmp_path / "s.tif") as stack, pytest.raises(SettingError, match=sentence):
        count_labels(stack, [0, 1], lambda number: None)
