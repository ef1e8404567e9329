"""Affines and spacings, and geometries that are alike."""

import numpy as np
import pytest

from wholefield.sources.stacks.geometry import LPS_TO_RAS, StackGeometry, affine_from_axes, geometry_of

AXES = np.array([[0.0, 0.5, 0.0], [-0.75, 0.0, 0.0], [0.0, 0.0, 2.0]])


@pytest.mark.parametrize("signs", [(1, 1, 1), (-1, -1, 1), (1, -1, -1)])
def test_rows_are_the_steps_between_voxels(signs: tuple[int, int, int]) -> None:
    affine = affine_from_axes(AXES, (10, 20, 30), signs)
    for voxel in ((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (3, 5, 7)):
        place = np.array([10, 20, 30]) + sum(count * axis for count, axis in zip(voxel, AXES, strict=True))
        np.testing.assert_allclose(affine @ [*voxel, 1], [*(place * signs), 1])


def test_the_signs_of_dicom() -> None:
    np.testing.assert_array_equal(
        affine_from_axes(AXES, (1, 2, 3), (-1, -1, 1)), LPS_TO_RAS @ affine_from_axes(AXES, (1, 2, 3))
    )


def test_spacings_are_lengths_of_columns_whatever_the_turn() -> None:
    affine = affine_from_axes(AXES, (0, 0, 0))
    found = geometry_of(affine, "um")
    assert found.spacing == (2.0, 0.75, 0.5)
    assert found.unit == "um"
    np.testing.assert_array_equal(found.affine, affine)


@pytest.mark.parametrize("wrong", [None, np.nan, np.inf, 0.0])
def test_affines_that_are_none(wrong: float | None) -> None:
    affine = None if wrong is None else affine_from_axes(AXES, (0, 0, 0))
    if affine is not None:
        affine[:3, 1] = wrong
    assert geometry_of(affine) == StackGeometry()


def test_geometries_that_are_alike() -> None:
    affine = affine_from_axes(AXES, (1, 2, 3))
    one, other = geometry_of(affine), geometry_of(affine.copy())
    assert one == other
    assert hash(one) == hash(other)
    assert one != geometry_of(affine + np.eye(4)[3])
    assert one != StackGeometry(one.spacing, "mm")
    assert StackGeometry(one.spacing, "mm") == StackGeometry(one.spacing, "mm")
    assert StackGeometry(one.spacing, "mm") != StackGeometry(one.spacing, "um")
    assert StackGeometry() != (None, "")
