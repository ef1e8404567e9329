import numpy as np
import pytest
from hypothesis import given, strategies as st

from wholefield.sources.slides.pixels import picked, shrink, shrink_factor


@pytest.mark.parametrize("dtype", ["u1", "u2", "i2", "i4", "u4", "f4", "f8"])
@pytest.mark.parametrize("factor", [2, 3, 5])
def test_is_the_mean_of_blocks(dtype: str, factor: int) -> None:
    rng = np.random.default_rng(factor)
    image = (rng.random((factor * 7, factor * 4, 2)) * 100).astype(dtype)
    blocks = image.astype(np.float64).reshape(7, factor, 4, factor, 2).mean((1, 3))
    tolerance = 0.5 if image.dtype.kind in "iu" else 1e-4
    small = shrink(image, factor)
    assert small.dtype == image.dtype
    np.testing.assert_allclose(small, blocks, atol=tolerance + 1e-9)


def test_a_border_that_does_not_fill_a_block_repeats_its_last_pixel() -> None:
    image = np.array([[[0.0], [2.0], [8.0]]])
    np.testing.assert_array_equal(shrink(image, 2)[..., 0], [[1.0, 8.0]])


def test_seven_channels_at_a_fractional_size() -> None:
    image = np.random.default_rng(0).random((31, 45, 7))
    small = shrink(image, size=(13, 17))
    assert small.shape == (13, 17, 7)
    np.testing.assert_allclose(small.mean((0, 1)), image.mean((0, 1)), rtol=0.02)


def test_nothing_to_do_returns_the_image() -> None:
    image = np.zeros((3, 4, 1))
    assert shrink(image, 1) is image
    assert shrink(image, size=(3, 4)) is image


@given(st.integers(1, 10**6), st.integers(1, 10**4))
def test_factor_never_falls_below_what_is_wanted(side: int, wanted: int) -> None:
    factor = shrink_factor(side, wanted)
    assert factor >= 1
    assert side // factor >= min(wanted, side)
    assert side // (factor + 1) < wanted


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 9))
def test_picked_pixels_are_the_middle_ones(height: int, width: int, factor: int) -> None:
    image = np.arange(height * width).reshape(height, width, 1)
    small = picked(image, factor)
    assert small.shape == shrink(image.astype(np.float64), factor).shape
    for row in range(small.shape[0]):
        for column in range(small.shape[1]):
            y, x = divmod(int(small[row, column, 0]), width)
            assert y == min(row * factor + factor // 2, height - 1)
            assert x == min(column * factor + factor // 2, width - 1)


def test_picked_pixels_of_a_size() -> None:
    image = np.arange(100).reshape(10, 10, 1)
    assert picked(image, size=(2, 5))[..., 0].tolist() == [[21, 23, 25, 27, 29], [71, 73, 75, 77, 79]]
    np.testing.assert_array_equal(picked(image, size=(10, 10)), image)
