"""Regions: boxes, polygons, pictures, hot pixels."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, strategies as st
from shapely import Point, Polygon

from wholefield.errors import SettingError, SourceError
from wholefield.sources.events.filters.chain import FilterChain
from wholefield.sources.events.filters.regions import hot_pixels, picture_mask, region_mask


def test_a_box_ends_before_its_right_and_bottom() -> None:
    mask = region_mask((2, 1, 4, 3), 6, 5)
    assert np.argwhere(mask).tolist() == [[1, 2], [1, 3], [2, 2], [2, 3]]


@given(st.lists(st.tuples(st.integers(-3, 20), st.integers(-3, 20)), min_size=3, max_size=7))
def test_a_polygon_holds_the_centers_within(corners: list[tuple[int, int]]) -> None:
    polygon = Polygon(corners)
    if not polygon.is_valid:
        return
    points = [float(value) for corner in corners for value in corner]
    centers = [[Point(x + 0.5, y + 0.5) for x in range(12)] for y in range(9)]
    inside = np.array([[polygon.contains(center) for center in row] for row in centers])
    border = np.array([[polygon.boundary.distance(center) < 1e-9 for center in row] for row in centers])
    try:
        mask = region_mask(points, 12, 9)
    except SettingError:
        assert not inside[~border].any()
        return
    np.testing.assert_array_equal(mask[~border], inside[~border])


def test_a_region_beside_the_sensor_is_refused() -> None:
    with pytest.raises(SettingError, match=r"The filter roi holds no pixel of the 7 x 5 px"):
        FilterChain.parse("roi=10:10:20:20").start((7, 5))


def test_a_picture_is_a_mask(tmp_path: Path) -> None:
    picture = np.zeros((5, 7, 3), np.uint8)
    picture[1, 2] = 0, 0, 9
    path = str(tmp_path / "mask.png")
    cv2.imwrite(path, picture)
    assert np.argwhere(picture_mask(path, 7, 5)).tolist() == [[1, 2]]
    with pytest.raises(SettingError, match=r"with 7 x 5 px, but the sensor has 8 x 5 px here"):
        picture_mask(path, 8, 5)
    with pytest.raises(SourceError, match="cannot be read as a mask"):
        picture_mask(str(tmp_path / "none.png"), 7, 5)
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(SourceError, match="not a picture"):
        picture_mask(str(tmp_path / "text.png"), 7, 5)


def test_hot_pixels_stand_out_from_all_and_from_those_around() -> None:
    counts = np.full((20, 20), 10, np.int64)
    counts[5:12, 5:12] = 200
    counts[2, 2] = counts[2, 3] = 5000
    assert np.argwhere(hot_pixels(counts, 10)).tolist() == [[2, 2], [2, 3]]
    assert not hot_pixels(np.zeros((3, 3), np.int64), 10).any()
