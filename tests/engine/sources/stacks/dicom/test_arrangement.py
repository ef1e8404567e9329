"""Where slices lie: their order, spacing and affine by PS3.3 C.7.6.2.1.1, and what is odd about them."""

from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from tests.engine.sources.stacks.dicom.dicom_files import ACROSS, DOWN, dataset
from wholefield.sources.stacks.dicom.arrangement import Arrangement, arrange
from wholefield.sources.stacks.dicom.slices import Slice, slices_of

AXIAL = (*ACROSS, *DOWN)


def plane(position: tuple[float, ...] | None, number: int = 0, frame: int = 0, **changes: Any) -> Slice:
    """An axial slice with pixels 0.5 mm apart between rows and 0.25 mm between columns."""
    usual: dict[str, Any] = {"orientation": AXIAL, "pixel_spacing": (0.5, 0.25), "thickness": 3.0}
    return Slice(Path(f"{number}"), frame, number, position, scale=(1.0, 0.0), **usual | changes)


def heights(arrangement: Arrangement) -> list[float]:
    return [each.position[2] for each in arrangement.slices if each.position is not None]


def test_any_order_gives_the_same_stack() -> None:
    slices = [plane((1, 2, z), number) for number, z in enumerate((9.0, 3.0, 5.0, 7.0))]
    for some in permutations(slices):
        found = arrange(some)
        assert heights(found) == [3, 5, 7, 9]
        assert found.geometry.spacing == (2.0, 0.5, 0.25)
        assert found.geometry.unit == "mm"
        assert found.warnings == ()


@given(
    st.lists(st.floats(-1, 1), min_size=3, max_size=3),
    st.floats(-np.pi, np.pi),
    st.floats(0.1, 9),
    st.tuples(*[st.floats(-500, 500)] * 3),
)
def test_the_affine_places_every_voxel(
    axis: list[float], angle: float, depth: float, origin: tuple[float, float, float]
) -> None:
    """Against the equation of the standard, for planes turned about any axis (Rodrigues)."""
    length = float(np.linalg.norm(axis))
    k = np.array(axis) / length if length > 0.1 else np.array([0.0, 0.0, 1.0])
    cross = np.array([[0, -k[2], k[1]], [k[2], 0, -k[0]], [-k[1], k[0], 0]])
    turn = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    along, down, normal = turn.T
    places = [np.array(origin) + index * depth * normal for index in range(4)]
    slices = [plane(tuple(place), orientation=(*along, *down)) for place in places[::-1]]
    found = arrange(slices)
    assert found.geometry.affine is not None
    assert found.geometry.spacing == pytest.approx((depth, 0.5, 0.25), rel=1e-6)
    for x, y, z in ((0, 0, 0), (7, 0, 0), (0, 5, 0), (3, 2, 3)):
        left, posterior, superior = places[z] + along * 0.25 * x + down * 0.5 * y
        np.testing.assert_allclose(
            found.geometry.affine @ [x, y, z, 1], [-left, -posterior, superior, 1], rtol=1e-6, atol=1e-6
        )


def test_one_slice_is_as_thick_as_it_says() -> None:
    assert arrange([plane((0, 0, 5))]).geometry.spacing == (3.0, 0.5, 0.25)
    assert arrange([plane((0, 0, 5), thickness=None)]).geometry.spacing is None


@pytest.mark.parametrize("changes", [{"orientation": None}, {"orientation": (1, 0, 0, 1, 0, 0)}])
def test_without_a_normal_numbers_count(changes: dict[str, Any]) -> None:
    found = arrange([plane((0, 0, z), number, **changes) for number, z in ((2, 0.0), (1, 9.0), (3, 4.0))])
    assert [each.number for each in found.slices] == [1, 2, 3]
    assert found.geometry.spacing is None
    assert found.warnings == ("The slices have no position; they are in the order of their numbers.",)


def test_one_slice_without_a_position_sorts_all_by_number_and_frame() -> None:
    found = arrange([plane((0, 0, 9), 1, 1), plane(None, 1, 0), plane((0, 0, 1), 0, 2)])
    assert [(each.number, each.frame) for each in found.slices] == [(0, 2), (1, 0), (1, 1)]
    assert arrange([plane(None)]).warnings == ()


@pytest.mark.parametrize(("shift", "warns"), [(0.0, False), (0.016, False), (0.02, True), (0.5, True)])
def test_a_tilt_above_half_a_degree_warns(shift: float, warns: bool) -> None:
    """0.5 degrees are a shift of 0.0175 mm in 2 mm."""
    found = arrange([plane((0, index * shift, 2.0 * index)) for index in range(3)])
    assert any("gantry was tilted" in warning for warning in found.warnings) == warns


@pytest.mark.parametrize(("last", "warns"), [(6.0, False), (6.019, False), (6.03, True), (7.0, True)])
def test_steps_that_differ_by_more_than_a_hundredth_warn(last: float, warns: bool) -> None:
    found = arrange([plane((0, 0, z)) for z in (0.0, 2.0, 4.0, last)])
    assert any("spaced unevenly" in warning for warning in found.warnings) == warns


def test_frames_take_what_is_their_own_before_what_is_shared() -> None:
    image = dataset(np.zeros((2, 3), np.int16), InstanceNumber=4, NumberOfFrames=3)
    for name in ("PixelSpacing", "SliceThickness", "ImageOrientationPatient"):
        delattr(image, name)
    image.SharedFunctionalGroupsSequence = Sequence(
        [group(PlaneOrientationSequence={"ImageOrientationPatient": list(AXIAL)},
               PixelMeasuresSequence={"PixelSpacing": [0.5, 0.25], "SliceThickness": 3},
               PixelValueTransformationSequence={"RescaleSlope": 2, "RescaleIntercept": -1})]
    )  # fmt: skip
    image.PerFrameFunctionalGroupsSequence = Sequence(
        [group(PlanePositionSequence={"ImagePositionPatient": [0, 0, 1]}),
         group(PlanePositionSequence={"ImagePositionPatient": [0, 0, 3]},
               PixelMeasuresSequence={"PixelSpacing": [1, 1]})]
    )  # fmt: skip
    first, second, third = slices_of(Path("a.dcm"), image)
    assert [each.frame for each in (first, second, third)] == [0, 1, 2]
    assert (first.position, second.position, third.position) == ((0, 0, 1), (0, 0, 3), None)
    assert (first.pixel_spacing, second.pixel_spacing) == ((0.5, 0.25), (1, 1))
    assert (first.thickness, second.thickness) == (3.0, 3.0)
    assert first.scale == third.scale == (2.0, -1.0)
    assert third.orientation == AXIAL


@pytest.mark.parametrize("value", [[1, 2], None, [1, 2, float("inf")]])
def test_positions_that_are_none_do_not_count(value: Any) -> None:
    image = Dataset()
    image.PixelSpacing = [1, 1]
    if value is not None:
        image.ImagePositionPatient = value
    (found,) = slices_of(Path("a"), image)
    assert found.position is None
    assert found.scale == (1.0, 0.0)


def group(**sequences: dict[str, Any]) -> Dataset:
    """A functional group: one item in each of its sequences."""
    found = Dataset()
    for name, values in sequences.items():
        inner = Dataset()
        for key, value in values.items():
            setattr(inner, key, value)
        setattr(found, name, Sequence([inner]))
    return found
