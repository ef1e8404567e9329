"""Trainings on drawn labels: which slices are held out, what is left out, and where crops are taken."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from wholefield.errors import SettingError
from wholefield.labels import LabelClasses, VoxelLabels
from wholefield.labels.voxel_store import VoxelStore
from wholefield.sources import open_stack
from wholefield.tasks.stacks.data.drawn import drawn_training
from wholefield.tasks.stacks.data.labels import count_labels, left_out
from wholefield.tasks.stacks.data.pairs import SlicePairs, Target
from wholefield.training.label_values import LabelOptions, LabelSet
from wholefield.training.pairs import PairLoader, window_around

SHAPE = (20, 90, 80)


def drawn(*places: tuple[int, int]) -> VoxelLabels:
    """Labels with a dot for each (slice, class)."""
    labels = VoxelLabels(SHAPE)
    for z, value in places:
        labels.paint(
            (slice(z, z + 1), slice(70, 71), slice(10 * value, 10 * value + 1)),
            np.ones((1, 1, 1), bool),
            value,
        )
    return labels


def test_one_labeled_slice_in_five_is_held_out() -> None:
    found = drawn_training(drawn(*((z, value) for z in range(4, 14) for value in (1, 3))))
    assert (found.label_values, found.ignore_label, found.validation_slices) == ("1,3", "0", "8,9")


def test_no_class_is_held_out_whole() -> None:
    found = drawn_training(drawn((2, 1), (2, 2), (9, 1), (9, 2), (9, 3), (12, 1), (12, 2)))
    assert found.validation_slices in ("2", "12")


@pytest.mark.parametrize("places", [((3, 1), (3, 2)), ((3, 1), (5, 2)), ((3, 1), (5, 1), (7, 2))])
def test_what_cannot_be_spared_is_not_held_out(places: tuple[tuple[int, int], ...]) -> None:
    assert drawn_training(drawn(*places)).validation_slices is None


def test_classes_to_ignore_count_for_nothing() -> None:
    labels = drawn(*((z, value) for z in range(5) for value in (1, 2, 4)))
    found = drawn_training(labels, frozenset({4, 9}))
    assert (found.label_values, found.ignore_label) == ("1,2", "0,4")
    with pytest.raises(SettingError, match="two classes"):
        drawn_training(labels, frozenset({1, 4}))


def test_slices_without_labels_are_left_out_and_crops_hold_labels(tmp_path: Path) -> None:
    labels = drawn((4, 1), (4, 2), (7, 1))
    classes = LabelClasses()
    for name in ("A", "B"):
        classes.add(name)
    VoxelStore(tmp_path / "a.labels.zarr").save(labels, classes)
    with open_stack(tmp_path / "a.labels.zarr") as stack:
        labeled: set[int] = set()
        options = LabelOptions.parse("1,2", "0")
        counts = count_labels(stack, range(SHAPE[0]), lambda _: None, options, labeled)
        assert counts.counts == {0: int(np.prod(SHAPE)) - 3, 1: 2, 2: 1}
        assert labeled == {4, 7}
        assert (
            left_out(range(SHAPE[0]), labeled) == "18 of 20 training slices have no label and are left out."
        )
        assert left_out([4, 7], labeled) is None
        pairs = SlicePairs(stack, Target(stack, LabelSet((1, 2), (0,))), sorted(labeled))
        loader = PairLoader(pairs, crop=16, repeats=4, seed=3)
        crops = [target for batch in loader for _, target in batch]
        assert len(crops) == 8
        assert all(tuple(crop.shape) == (1, 1, 16, 16) and (crop < 2).any() for crop in crops)


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 30), st.integers(0, 29)), min_size=1, max_size=3), st.integers(1, 40)
)
def test_windows_hold_their_place(axes: list[tuple[int, int]], crop: int) -> None:
    spatial = [length for length, _ in axes]
    place = [min(at, length - 1) for length, at in axes]
    window = window_around(place, spatial, crop, np.random.default_rng(0))
    for at, length, each in zip(place, spatial, window, strict=True):
        assert 0 <= each.start <= at < each.stop <= length
        assert each.stop - each.start == min(crop, length)
