"""Areas found in pixels: the brush by its definition, the wand, thresholds and fills."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from wholefield.labels.fills import between_values, brushed, connected, filled, wand

coordinate = st.integers(-30, 90).map(lambda value: value / 4 + 0.03)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(coordinate, coordinate), min_size=1, max_size=4), st.sampled_from([0.3, 1.0, 4.7]))
def test_a_brush_covers_what_is_near_its_way(points: list[tuple[float, float]], radius: float) -> None:
    (top, left), mask = brushed(points, radius)
    for row in range(-14, 30):
        for column in range(-14, 30):
            inside = 0 <= row - top < mask.shape[0] and 0 <= column - left < mask.shape[1]
            found = bool(inside and mask[row - top, column - left])
            middle, near = np.array([row + 0.5, column + 0.5]), False
            for start, end in zip(points, points[1:] or points, strict=False):
                for part in np.linspace(0, 1, 41):
                    near |= (
                        np.hypot(*(middle - (1 - part) * np.array(start) - part * np.array(end))) <= radius
                    )
            first = (row, column) == tuple(np.floor(points[0]).astype(int))
            if near or first:
                assert found
            elif found:
                distances = [
                    _distance(middle, a, b) for a, b in zip(points, points[1:] or points, strict=False)
                ]
                assert min(distances) <= radius + 1e-9


def _distance(p: np.ndarray, a: tuple[float, float], b: tuple[float, float]) -> float:
    start, way = np.array(a), np.array(b) - np.array(a)
    part = np.clip(np.dot(p - start, way) / (np.dot(way, way) or 1), 0, 1)
    return float(np.hypot(*(p - start - part * way)))


def test_the_wand_follows_the_colors_of_all_channels() -> None:
    pixels = np.zeros((5, 6, 3), np.uint8)
    pixels[:, 3:] = (0, 0, 40)
    pixels[2, 1] = 200
    found = wand(pixels, 0, 0, tolerance=30)
    expected = np.zeros((5, 6), bool)
    expected[:, :3] = True
    np.testing.assert_array_equal(found, expected)
    assert wand(pixels, 0, 0, tolerance=40).sum() == 30
    assert wand(pixels, 2, 1, tolerance=1).sum() == 1


def test_smoothing_closes_the_wands_gaps() -> None:
    noise = np.random.default_rng(0).normal(100, 10, (40, 40, 1))
    rough, smooth = wand(noise, 20, 20, 6).sum(), wand(noise, 20, 20, 6, smoothing=3).sum()
    assert rough < 400 < smooth


def test_pixels_that_are_not_numbers_are_no_part_of_it() -> None:
    pixels = np.zeros((3, 3, 1), np.float32)
    pixels[:, 1] = np.nan
    assert wand(pixels, 0, 0, 5).sum() == 3
    assert wand(pixels, 1, 1, 5).sum() == 1


def test_thresholds_holes_and_parts() -> None:
    pixels = np.arange(12).reshape(3, 4, 1)
    assert between_values(pixels, 2, 5).sum() == 4
    ring = np.ones((3, 3), bool)
    ring[1, 1] = False
    assert filled(ring).all()
    two = np.array([[1, 0, 1]], bool)
    assert connected(two, 0, 2).tolist() == [[False, False, True]]
    assert not connected(two, 0, 1).any()


@pytest.mark.parametrize("radius", [0.1, 0.49])
def test_the_smallest_brush_paints_one_pixel(radius: float) -> None:
    (top, left), mask = brushed([(5.9, 7.1)], radius)
    rows, columns = np.nonzero(mask)
    assert (rows + top).tolist() == [5]
    assert (columns + left).tolist() == [7]
