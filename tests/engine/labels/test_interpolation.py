"""Shapes between two slices."""

import numpy as np
import pytest

from wholefield.labels import VoxelLabels, between
from wholefield.labels.interpolation import fill_between


def disc(radius: float, middle: tuple[float, float] = (20, 20)) -> np.ndarray:
    rows, columns = np.ogrid[:41, :41]
    return (rows - middle[0]) ** 2 + (columns - middle[1]) ** 2 <= radius**2


def test_a_disc_grows_evenly() -> None:
    masks = between(disc(4), disc(16), 3)
    radii = [np.sqrt(mask.sum() / np.pi) for mask in masks]
    np.testing.assert_allclose(radii, [7, 10, 13], atol=0.3)


def test_equal_slices_stay() -> None:
    for mask in between(disc(7), disc(7), 4):
        np.testing.assert_array_equal(mask, disc(7))


def test_what_touches_the_border_is_like_anything_else() -> None:
    (mask,) = between(disc(10, (0, 20)), disc(10, (0, 20)), 1)
    np.testing.assert_array_equal(mask, disc(10, (0, 20)))


def test_an_empty_slice_has_no_outline() -> None:
    with pytest.raises(ValueError, match="need a label"):
        between(disc(3), np.zeros((41, 41), bool), 1)


def paint_disc(labels: VoxelLabels, axis: int, at: int, radius: float, value: int = 1) -> None:
    box = [slice(3, 44)] * 3
    box[axis] = slice(at, at + 1)
    labels.paint((box[0], box[1], box[2]), np.expand_dims(disc(radius), axis), value)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_gaps_are_filled_as_the_whole_slices_say(axis: int) -> None:
    labels = VoxelLabels((50, 50, 50))
    paint_disc(labels, axis, 10, 4)
    paint_disc(labels, axis, 14, 12)
    assert fill_between(labels, 1, axis, 11) == 3
    found = np.moveaxis(labels.region((slice(0, 50),) * 3), axis, 0)
    first, last = (found[at] == 1 for at in (10, 14))
    for at, mask in zip((11, 12, 13), between(first, last, 3), strict=True):
        np.testing.assert_array_equal(found[at] == 1, mask)
    assert labels.history.undo()
    assert labels.slices_of(1, axis) == [10, 14]


def test_which_gaps_are_filled() -> None:
    labels = VoxelLabels((50, 50, 50))
    for at in (3, 6, 9, 20):
        paint_disc(labels, 0, at, 5)
    paint_disc(labels, 0, 7, 3, value=2)
    assert fill_between(labels, 1, 0, 30) == fill_between(labels, 2, 0, 7) == 0
    assert fill_between(labels, 1, 0, 6, frozenset({2})) == 4
    assert labels.slices_of(1, 0) == [3, 4, 5, 6, 7, 8, 9, 20]
    kept = int(disc(3).sum())
    assert labels.counts()[2] == kept
    assert labels.history.undo()
    assert labels.slices_of(1, 0) == [3, 6, 9, 20]
