"""Affines from axes, and spacings from affines."""

import numpy as np
import pytest

from wholefield.sources.stacks.geometry import StackGeometry, affine_from_axes, geometry_of


def test_an_affine_places_voxels_where_the_axes_say() -> None:
    axes, origin, signs = np.random.default_rng(0).normal(size=(3, 3)), np.array([5.0, 6, 7]), (-1, -1, 1)
    affine = affine_from_axes(axes, origin, signs)
    position = (origin + 2 * axes[0] + 3 * axes[1] + 4 * axes[2]) * signs
    np.testing.assert_allclose(affine @ [2, 3, 4, 1], [*position, 1])


def test_the_spacing_is_the_length_of_the_columns() -> None:
    affine = np.diag([0.5, -0.75, 2.0, 1.0])
    geometry = geometry_of(affine)
    assert geometry.spacing == pytest.approx((2, 0.75, 0.5))
    assert geometry == StackGeometry((2.0, 0.75, 0.5), "mm", affine.copy())
    assert geometry != StackGeometry((2.0, 0.75, 0.5), "mm")
    assert hash(geometry) == hash(StackGeometry((2.0, 0.75, 0.5), "mm"))


@pytest.mark.parametrize("value", [0.0, np.nan, np.inf])
def test_without_lengths_there_is_no_geometry(value: float) -> None:
    assert geometry_of(np.diag([1.0, value, 1.0, 1.0])) == StackGeometry()
    assert geometry_of(None) == StackGeometry()
