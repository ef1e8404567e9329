import pytest
from hypothesis import given, strategies as st

from wholefield_app.viewer.stacks.planes import moved, plane_axes, plane_shape, stepped


def test_cubes_without_spacing() -> None:
    plane = plane_shape((5, 7, 9), None, 0)
    assert (plane.rows, plane.columns, plane.width, plane.height, plane.unit) == (7, 9, 9, 7, None)


@pytest.mark.parametrize(
    ("axis", "size"), [(0, (7 * 2.0, 9 * 1.0)), (1, (5 * 6.0, 9)), (2, (5 * 3.0, 7 * 1.0))]
)
def test_voxels_are_drawn_true_to_the_spacing(axis: int, size: tuple[float, float]) -> None:
    plane = plane_shape((5, 7, 9), (3.0, 1.0, 0.5), axis)
    assert (plane.height, plane.width) == size
    assert plane.unit == min(3.0 if axis else 1.0, 0.5 if axis < 2 else 1.0)


@given(
    st.integers(0, 2), st.tuples(*[st.floats(0.1, 10)] * 3), st.tuples(*[st.integers(1, 30)] * 3), st.data()
)
def test_the_middle_of_a_voxel_lies_in_it(
    axis: int, spacing: tuple[float, float, float], shape: tuple[int, int, int], data: st.DataObject
) -> None:
    plane = plane_shape(shape, spacing, axis)
    row = data.draw(st.integers(0, plane.rows - 1))
    column = data.draw(st.integers(0, plane.columns - 1))
    assert plane.voxel(*plane.middle_of(row, column)) == (row, column)
    assert plane.voxel(-0.01, 0) is None
    assert plane.voxel(0, plane.height + 0.01) is None


def test_a_click_on_a_plane_moves_the_two_coordinates_it_shows() -> None:
    assert [plane_axes(axis) for axis in range(3)] == [(1, 2), (0, 2), (0, 1)]
    assert moved((1, 2, 3), 0, 8, 9) == (1, 8, 9)
    assert moved((1, 2, 3), 1, 8, 9) == (8, 2, 9)
    assert moved((1, 2, 3), 2, 8, 9) == (8, 9, 3)
    assert stepped((1, 2, 3), 1, 99, (5, 7, 9)) == (1, 6, 3)
    assert stepped((1, 2, 3), 1, -1, (5, 7, 9)) == (1, 0, 3)
