"""From pixels of a slide to what the network sees, and back to where it lies."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import tifffile
import torch

from wholefield.errors import SettingError
from wholefield.export.pyramid import PyramidSettings, write_pyramid
from wholefield.sources import SlideImage, open_image
from wholefield.sources.rect import Rect
from wholefield.sources.slides.orientation import Orientation
from wholefield.sources.slides.slide_image import Pixels

PIXELS = Pixels((0.5, 0.25, 0.0), (0.25, 0.5, 1.0))


class TestPixels:
    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
    def test_scales_by_channel(self, dtype: type[np.unsignedinteger[Any]]) -> None:
        top = np.iinfo(dtype).max
        region: npt.NDArray[Any] = np.array([[[0, 0, 0], [top, top, top]]], dtype=dtype)
        expected = torch.tensor([[[-2.0, 2.0]], [[-0.5, 1.5]], [[0.0, 1.0]]])
        torch.testing.assert_close(PIXELS.tensor(region, "x"), expected)

    def test_floats_are_taken_as_they_are(self) -> None:
        region = np.full((2, 3, 3), 0.5, np.float32)
        assert PIXELS.tensor(region, "x")[:, 0, 0].tolist() == [0.0, 0.5, 0.5]

    def test_gray_is_repeated_and_alpha_left_out(self) -> None:
        gray = np.full((2, 2, 1), 255, np.uint8)
        assert PIXELS.tensor(gray, "x").shape == (3, 2, 2)
        color = np.zeros((2, 2, 4), np.uint8)
        color[..., 3] = 255
        assert PIXELS.tensor(color, "x")[:, 0, 0].tolist() == [-2.0, -0.5, 0.0]

    def test_other_channels_are_refused(self) -> None:
        with pytest.raises(SettingError, match=r"stack\.tif has 5 channels, but the model takes 3"):
            PIXELS.tensor(np.zeros((2, 2, 5), np.uint8), "stack.tif")


@pytest.fixture
def slide(tmp_path: Path) -> Path:
    """A slide with two levels."""
    pixels = np.random.default_rng(0).integers(0, 256, (131, 150, 3), np.uint8)
    write_pyramid(tmp_path / "slide.tif", pixels, (0.5, 0.5), PyramidSettings(tile_size=64, coarsest=80))
    return tmp_path / "slide.tif"


def test_reads_the_pixels_of_the_area(slide: Path) -> None:
    with open_image(slide) as source:
        image = SlideImage(source, 1, area=Rect(10, 20, 30, 5), mean=PIXELS.mean, std=PIXELS.std)
        values = image.read(((0, 5), (0, 30)))
        pixels = source.read_region(1, 10, 20, 30, 5)
    assert values.shape == (1, 3, 5, 30)
    back = values[0].permute(1, 2, 0).numpy() * PIXELS.std + PIXELS.mean
    np.testing.assert_allclose(back * 255, pixels, atol=1e-3)
    assert image.slide == slide
    assert image.downsample == pytest.approx(2, rel=0.01)
    assert image.origin == pytest.approx((20, 40), rel=0.01)
    assert image.box(((0, 5), (10, 30))) == ((40, 50), (40, 80))


def script_and_window(path: Path, mean: tuple[float, ...], std: tuple[float, ...]) -> list[torch.Tensor]:
    """The whole of a slide as a script reads it, and as a training in the window does, turned back."""
    with open_image(path) as source:
        whole = (0, source.height), (0, source.width)
        script = SlideImage(source, mean=mean, std=std).read(whole)
        window = SlideImage(
            source,
            area=Rect(0, 0, source.width, source.height),
            mean=Pixels(mean, std).mean,
            std=Pixels(mean, std).std,
            orientation=Orientation(2),
        ).on(torch.zeros((), dtype=torch.float64))
        return [script, window.read(whole).rot90(2, (2, 3))]


@pytest.mark.parametrize("shape", [(40, 50, 3), (40, 50)], ids=["color", "gray"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32], ids=["u1", "u2", "f4"])
def test_script_and_window_see_the_same_values(
    tmp_path: Path, shape: tuple[int, ...], dtype: type[np.unsignedinteger[Any]] | type[np.floating[Any]]
) -> None:
    random = np.random.default_rng(1)
    unit = random.random(shape)
    unit.flat[0], unit.flat[-1] = 0, 1
    top = 1 if issubclass(dtype, np.floating) else np.iinfo(dtype).max
    pixels: npt.NDArray[Any] = (unit * top).astype(dtype)
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb" if pixels.ndim == 3 else "minisblack")
    script, window = script_and_window(tmp_path / "a.tif", (0.5, 0.5, 0.5), (0.25, 0.25, 0.25))
    colors = pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)
    expected = (colors.astype(np.float64) / top - 0.5) / 0.25
    assert (script.shape, float(script.min()), float(script.max())) == ((1, 3, 40, 50), -2.0, 2.0)
    np.testing.assert_allclose(script[0].permute(1, 2, 0).numpy(), expected, atol=1e-6)
    torch.testing.assert_close(window, script.double(), rtol=0, atol=0)


def test_channels_without_mean_and_deviation(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.full((4, 5), 255, np.uint8))
    with open_image(tmp_path / "a.tif") as source:
        assert SlideImage(source).shape == (1, 1, 4, 5)
        image = SlideImage(source, channels=3, dtype=torch.float64)
        assert image.shape == (1, 3, 4, 5)
        assert image.read(((0, 2), (0, 5))).tolist() == torch.ones(1, 3, 2, 5).tolist()
        assert image.read(((0, 2), (0, 5))).dtype == torch.float64
        assert SlideImage(source, std=(0.5,)).read(((0, 1), (0, 1))).item() == 2.0
