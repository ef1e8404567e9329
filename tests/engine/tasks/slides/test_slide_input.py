"""From pixels of a slide to what the network sees, and back to where it lies."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, strategies as st

from wholefield.errors import SettingError
from wholefield.sources import open_source
from wholefield.tasks.slides.labels import LabelledSlide
from wholefield.tasks.slides.slide_input import Area, Pixels, SlideArea, View, labelled_area, random_square
from wholefield.tasks.slides.tables import Region

PIXELS = Pixels((0.5, 0.25, 0.0), (0.25, 0.5, 1.0))


class TestPixels:
    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
    def test_scales_by_channel(self, dtype: type) -> None:
        top = np.iinfo(dtype).max
        region = np.array([[[0, 0, 0], [top, top, top]]], dtype=dtype)
        expected = torch.tensor([[[-2.0, 2.0]], [[-0.5, 1.5]], [[0.0, 1.0]]])
        torch.testing.assert_close(PIXELS.tensor(region, "x"), expected)

    def test_floats_are_taken_as_they_are(self) -> None:
        region = np.full((2, 3, 3), 0.5, np.float32)
        assert PIXELS.tensor(region, "x")[:, 0, 0].tolist() == [0.0, 0.5, 0.5]

    def test_grey_is_repeated_and_alpha_left_out(self) -> None:
        grey = np.full((2, 2, 1), 255, np.uint8)
        assert PIXELS.tensor(grey, "x").shape == (3, 2, 2)
        colour = np.zeros((2, 2, 4), np.uint8)
        colour[..., 3] = 255
        assert PIXELS.tensor(colour, "x")[:, 0, 0].tolist() == [-2.0, -0.5, 0.0]

    def test_other_channels_are_refused(self) -> None:
        with pytest.raises(SettingError, match=r"stack\.tif has 5 channels, but the model takes 3"):
            PIXELS.tensor(np.zeros((2, 2, 5), np.uint8), "stack.tif")


def test_view_places_boxes_on_the_slide() -> None:
    view = View(Path("s.svs"), x=100, y=40, downsample=4.0)
    assert view.box(((0, 10), (5, 8))) == ((40, 80), (120, 132))


class TestLabelledArea:
    def test_whole_level(self, slides: Path) -> None:
        with open_source(slides / "red0.tif") as source:
            row = LabelledSlide(source.path, "red")
            assert labelled_area(source, row.region, 0) == Area(0, 0, 150, 131)
            assert labelled_area(source, row.region, 1) == Area(0, 0, 75, 66)

    def test_region_on_both_levels(self, slides: Path) -> None:
        row = LabelledSlide(slides / "red0.tif", "red", Region(100, 50, 50, 81))
        with open_source(row.path) as source:
            assert labelled_area(source, row.region, 0) == Area(100, 50, 50, 81)
            area = labelled_area(source, row.region, 1)
            assert area == Area(50, 25, 25, 41)
            assert area.y + area.height <= 66

    def test_region_outside(self, slides: Path) -> None:
        row = LabelledSlide(slides / "red0.tif", "red", Region(100, 50, 51, 81))
        with (
            open_source(row.path) as source,
            pytest.raises(SettingError, match=r"region of red0\.tif leaves its 150 x 131"),
        ):
            labelled_area(source, row.region, 0)

    def test_absent_level(self, slides: Path) -> None:
        with open_source(slides / "red0.tif") as source, pytest.raises(SettingError, match="levels up to 1"):
            labelled_area(source, None, 2)


def test_reads_the_pixels_of_the_place(slides: Path) -> None:
    with open_source(slides / "red0.tif") as source:
        area = SlideArea(source, 1, Area(10, 20, 30, 5), PIXELS)
        image, view = area.read(((0, 5), (0, 30))), area.view
        pixels = source.read_region(1, 10, 20, 30, 5)
    assert image.shape == (1, 3, 5, 30)
    back = image[0].permute(1, 2, 0).numpy() * PIXELS.std + PIXELS.mean
    np.testing.assert_allclose(back * 255, pixels, atol=1e-3)
    assert view.slide == slides / "red0.tif"
    assert (view.x, view.y) == pytest.approx((20, 40), rel=0.01)


@given(
    st.integers(1, 300), st.integers(1, 300), st.integers(0, 50), st.integers(1, 400), st.integers(0, 2**32)
)
def test_random_squares_stay_inside(width: int, height: int, origin: int, side: int, seed: int) -> None:
    area = Area(origin, 2 * origin, width, height)
    square = random_square(area, side, np.random.default_rng(seed))
    assert (square.width, square.height) == (min(side, width), min(side, height))
    assert area.x <= square.x <= square.x + square.width <= area.x + area.width
    assert area.y <= square.y <= square.y + square.height <= area.y + area.height


def test_random_squares_reach_every_place() -> None:
    random = np.random.default_rng(0)
    squares = [random_square(Area(0, 0, 4, 5), 3, random) for _ in range(200)]
    assert {(square.x, square.y) for square in squares} == {(x, y) for x in range(2) for y in range(3)}
