from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st

from wholefield.sources.slides.image import (
    AnyArray,
    Description,
    ImageSource,
    Level,
    levels_from_sizes,
    plausible_spacing,
)
from wholefield.sources.slides.pixels import shrink


class Pyramid(ImageSource):
    """Levels in memory; remembers which regions were read."""

    def __init__(self, levels: list[AnyArray]) -> None:
        sizes = [(level.shape[1], level.shape[0]) for level in levels]
        first = levels[0]
        description = Description("memory", levels_from_sizes(sizes), first.shape[2], first.dtype, None, {})
        super().__init__(Path("memory"), description)
        self.pixels = levels
        self.read: list[tuple[int, int]] = []

    def _read_inside(self, level: int, x: int, y: int, width: int, height: int) -> AnyArray:
        assert 0 <= x < x + width <= self.levels[level].width
        assert 0 <= y < y + height <= self.levels[level].height
        self.read.append((level, height))
        return self.pixels[level][y : y + height, x : x + width].copy()


def noise(height: int, width: int, channels: int = 3, dtype: str = "u1") -> AnyArray:
    return np.random.default_rng(5).integers(0, 200, (height, width, channels)).astype(dtype)


COLOR = noise(23, 31)
GRAY = noise(23, 31, 1, "u2")


@given(
    st.sampled_from([COLOR, GRAY]),
    st.integers(-60, 60),
    st.integers(-60, 60),
    st.integers(1, 80),
    st.integers(1, 80),
)
def test_regions_inside_outside_and_across_the_border(
    image: AnyArray, x: int, y: int, width: int, height: int
) -> None:
    reach = 150
    fill = 255 if image is COLOR else 0
    padded = np.pad(image, ((reach, reach), (reach, reach), (0, 0)), constant_values=fill)
    expected = padded[reach + y : reach + y + height, reach + x : reach + x + width]
    region = Pyramid([image]).read_region(0, x, y, width, height)
    assert region.dtype == image.dtype
    np.testing.assert_array_equal(region, expected)


@pytest.mark.parametrize("size", [(0, 5), (5, 0), (-1, 5)])
def test_an_empty_region_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="positive width and height"):
        Pyramid([COLOR]).read_region(0, 0, 0, *size)


@pytest.mark.parametrize("level", [-1, 1])
def test_a_level_that_is_not_there_is_refused(level: int) -> None:
    with pytest.raises(IndexError, match="memory has levels 0 to 0"):
        Pyramid([COLOR]).read_region(level, 0, 0, 1, 1)


def test_levels_and_downsample() -> None:
    assert levels_from_sizes([(100, 51), (50, 26)]) == (
        Level(100, 51, 1.0),
        Level(50, 26, (2.0 + 51 / 26) / 2),
    )


@pytest.mark.parametrize(("downsample", "level"), [(0.3, 0), (1, 0), (1.9, 0), (2, 1), (3.99, 1), (64, 2)])
def test_level_for_never_loses_detail(downsample: float, level: int) -> None:
    pyramid = Pyramid([noise(64, 64), noise(32, 32), noise(16, 16)])
    assert pyramid.level_for(downsample) == level


def test_thumbnail_reads_the_level_that_is_just_large_enough() -> None:
    pyramid = Pyramid([noise(128, 96), noise(64, 48), noise(32, 24)])
    thumbnail = pyramid.thumbnail(40)
    assert thumbnail.shape == (40, 30, 3)
    assert {level for level, _ in pyramid.read} == {1}


@pytest.mark.parametrize("dtype", ["u1", "u2", "f4", "i4"])
def test_thumbnail_in_bands_is_that_of_the_whole(monkeypatch: pytest.MonkeyPatch, dtype: str) -> None:
    image = noise(203, 90, 2, dtype)
    whole = Pyramid([image]).thumbnail(50)
    monkeypatch.setattr("wholefield.sources.slides.image.THUMBNAIL_BAND_BYTES", 90 * 2 * image.itemsize * 13)
    banded = Pyramid([image])
    np.testing.assert_array_equal(banded.thumbnail(50), whole)
    assert len(banded.read) > 10
    assert max(height for _, height in banded.read) <= 16


def test_thumbnail_is_an_area_average() -> None:
    image = noise(200, 120)
    expected = shrink(image, 4).astype(int)
    difference = Pyramid([image]).thumbnail(50).astype(int) - expected
    assert np.abs(difference).max() <= 1


def test_thumbnail_never_enlarges() -> None:
    np.testing.assert_array_equal(Pyramid([COLOR]).thumbnail(1000), COLOR)


def test_thumbnail_of_a_thin_image_keeps_a_pixel() -> None:
    assert Pyramid([noise(1000, 3)]).thumbnail(10).shape == (10, 1, 3)


@pytest.mark.parametrize(
    ("y", "x", "expected"),
    [
        (0.5, 0.25, (0.5, 0.25)),
        (None, 0.5, None),
        (0.0, 0.5, None),
        (352.8, 352.8, None),
        (float("nan"), 1.0, None),
    ],
)
def test_spacing_is_believed_only_if_plausible(
    y: float | None, x: float, expected: tuple[float, float] | None
) -> None:
    assert plausible_spacing(y, x) == expected
