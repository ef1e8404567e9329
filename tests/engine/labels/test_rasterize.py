"""Shapes as pixels, against the definition: a pixel belongs to a shape if its middle does."""

import numpy as np
import numpy.typing as npt
import shapely
from hypothesis import given, settings, strategies as st

from wholefield.export.geojson import outlines
from wholefield.labels import Shape, freehand, rasterize, rectangle
from wholefield.sources import Rect

# Corners off the middles of pixels, where inside and outside are not in doubt.
corner = st.tuples(*[st.integers(-40, 340).map(lambda n: n / 10 + 0.013)] * 2)


def by_middles(shapes: list[Shape], rect: Rect[float], size: tuple[int, int]) -> npt.NDArray[np.uint8]:
    found = np.zeros(size, np.uint8)
    for row in range(size[0]):
        for column in range(size[1]):
            x = rect.x + (column + 0.5) * rect.width / size[1]
            y = rect.y + (row + 0.5) * rect.height / size[0]
            for shape in shapes:
                if shape.geometry.contains(shapely.Point(x, y)):
                    found[row, column] = shape.value
    return found


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.lists(corner, min_size=3, max_size=8), min_size=1, max_size=3),
    st.integers(-3, 20),
    st.integers(1, 12),
    st.sampled_from([1.0, 2.0, 0.5]),
)
def test_any_shapes(lines: list[list[tuple[float, float]]], left: int, height: int, pixel: float) -> None:
    shapes = [Shape(freehand(line), value) for value, line in enumerate(lines, 1)]
    shapes = [shape for shape in shapes if not shape.geometry.is_empty]
    rect = Rect(float(left), 2.0, 11 * pixel, height * pixel)
    expected = by_middles(shapes, rect, (height, 11))
    np.testing.assert_array_equal(rasterize(shapes, rect, (height, 11)), expected)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**63))
def test_outlines_of_pixels_give_the_pixels_again(seed: int) -> None:
    mask = np.random.default_rng(seed).random((9, 13)) < 0.6
    shapes = [Shape(shapely.Polygon(each.outer, each.holes).buffer(0), 7) for each in outlines(mask)]
    np.testing.assert_array_equal(rasterize(shapes, Rect(0, 0, 13, 9), (9, 13)) == 7, mask)


def test_skipped_classes_and_areas_without_one() -> None:
    shapes = [Shape(rectangle(0, 0, 4, 1), value) for value in (1, 2, 0)]
    rect = Rect(0, 0, 2, 1)
    assert rasterize(shapes, rect, (1, 2)).tolist() == [[2, 2]]
    assert rasterize(shapes, rect, (1, 2), frozenset({2})).tolist() == [[1, 1]]


def test_far_shapes_cost_nothing() -> None:
    huge = Shape(rectangle(-1e6, -1e6, 2e6, 2e6), 5)
    assert (rasterize([huge, Shape(rectangle(9, 9, 1, 1), 1)], Rect(0, 0, 3, 3), (3, 3)) == 5).all()
