"""Shapes between two slices."""

import numpy as np
import pytest

from wholefield.labels import between


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
