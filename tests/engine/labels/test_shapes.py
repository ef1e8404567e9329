"""How tools make shapes."""

import numpy as np
import pytest
import shapely

from wholefield.labels import ellipse, freehand, rectangle, stroke
from wholefield.labels.shapes import areas_of


def test_areas() -> None:
    assert rectangle(1, 2, 3, 4).bounds == (1, 2, 4, 6)
    assert ellipse(0, 0, 10, 4).area == pytest.approx(np.pi * 10, rel=2e-3)
    assert stroke([(5, 5)], 3).area == pytest.approx(np.pi * 9, rel=2e-3)
    assert stroke([(0, 0), (10, 0)], 2).area == pytest.approx(40 + np.pi * 4, rel=2e-3)


def test_a_stroke_of_many_points_has_few_corners() -> None:
    points = [(x / 10, np.sin(x / 50)) for x in range(2000)]
    found = stroke(points, 5)
    assert shapely.get_num_coordinates(found) < 200
    exact = shapely.LineString(points).buffer(5, quad_segs=64)
    assert found.symmetric_difference(exact).area < 0.01 * exact.area


def test_lines_that_cross_themselves_give_areas() -> None:
    assert freehand([(0, 0), (4, 4), (4, 0), (0, 4)]).area == 8
    assert freehand([(0, 0), (4, 4)]).is_empty
    assert freehand([(0, 0), (2, 2), (4, 4)]).is_empty


def test_only_what_has_an_area_is_left() -> None:
    mixed = shapely.GeometryCollection(
        [shapely.Point(0, 0), rectangle(0, 0, 1, 1), shapely.LineString([(0, 0), (5, 5)])]
    )
    assert areas_of(mixed).equals(rectangle(0, 0, 1, 1))
    assert areas_of(shapely.Point(0, 0)).is_empty
