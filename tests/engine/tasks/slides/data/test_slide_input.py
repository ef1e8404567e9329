"""Regions of slides at their levels, and random squares inside them."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st

from wholefield.errors import SettingError
from wholefield.sources import open_image
from wholefield.sources.rect import Rect
from wholefield.tasks.slides.data.slide_input import labeled_area, random_square
from wholefield.tasks.slides.labels import LabeledSlide


class TestLabelledArea:
    def test_whole_level(self, slides: Path) -> None:
        with open_image(slides / "red0.tif") as source:
            row = LabeledSlide(source.path, "red")
            assert labeled_area(source, row.region, 0) == Rect(0, 0, 150, 131)
            assert labeled_area(source, row.region, 1) == Rect(0, 0, 75, 66)

    def test_region_on_both_levels(self, slides: Path) -> None:
        row = LabeledSlide(slides / "red0.tif", "red", Rect(100, 50, 50, 81))
        with open_image(row.path) as source:
            assert labeled_area(source, row.region, 0) == Rect(100, 50, 50, 81)
            area = labeled_area(source, row.region, 1)
            assert area == Rect(50, 25, 25, 41)
            assert area.y + area.height <= 66

    def test_region_outside(self, slides: Path) -> None:
        row = LabeledSlide(slides / "red0.tif", "red", Rect(100, 50, 51, 81))
        with (
            open_image(row.path) as source,
            pytest.raises(SettingError, match=r"A region extends beyond the 150 x 131 pixels of red0\.tif"),
        ):
            labeled_area(source, row.region, 0)

    def test_absent_level(self, slides: Path) -> None:
        with open_image(slides / "red0.tif") as source, pytest.raises(SettingError, match="levels up to 1"):
            labeled_area(source, None, 2)


@given(
    st.integers(1, 300), st.integers(1, 300), st.integers(0, 50), st.integers(1, 400), st.integers(0, 2**32)
)
def test_random_squares_stay_inside(width: int, height: int, origin: int, side: int, seed: int) -> None:
    area = Rect(origin, 2 * origin, width, height)
    square = random_square(area, side, np.random.default_rng(seed))
    assert (square.width, square.height) == (min(side, width), min(side, height))
    assert area.x <= square.x <= square.x + square.width <= area.x + area.width
    assert area.y <= square.y <= square.y + square.height <= area.y + area.height


def test_random_squares_reach_every_place() -> None:
    random = np.random.default_rng(0)
    squares = [random_square(Rect(0, 0, 4, 5), 3, random) for _ in range(200)]
    assert {(square.x, square.y) for square in squares} == {(x, y) for x in range(2) for y in range(3)}
