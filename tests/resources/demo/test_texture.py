import cv2
import numpy as np
import pytest

from wholefield_resources.demo.texture import FIBER_SIDE, directed_fibers, fibers, layered_noise, smooth_noise


@pytest.mark.parametrize("scale", [5.0, 40.0])
def test_noise_has_the_asked_width_and_strength(scale: float) -> None:
    noise = smooth_noise(np.random.default_rng(0), (611, 503), scale)
    assert noise.shape == (611, 503)
    assert abs(float(noise.mean())) < 0.3
    assert 0.7 < float(noise.std()) < 1.3
    spectrum = np.abs(np.fft.rfft(noise - noise.mean(), axis=1)).mean(0) ** 2
    mean_frequency = (spectrum * np.arange(len(spectrum))).sum() / spectrum.sum() / 503
    assert 0.1 / scale < mean_frequency < 0.6 / scale


def test_layers_add_detail() -> None:
    coarse = smooth_noise(np.random.default_rng(0), (400, 400), 80.0)
    layered = layered_noise(np.random.default_rng(0), (400, 400), 80.0, 4)
    assert np.abs(np.diff(layered, axis=0)).mean() > 1.5 * np.abs(np.diff(coarse, axis=0)).mean()


@pytest.mark.parametrize("angle", [0.0, 0.8, np.pi / 2, 2.4])
def test_fibers_run_along_their_direction(angle: float) -> None:
    rng = np.random.default_rng(1)
    shape = (301, 403)
    drawn = fibers(rng, directed_fibers(rng), np.full(shape, angle + np.pi, np.float32), shape)
    y, x = np.gradient(cv2.GaussianBlur(drawn, (0, 0), 1.0))
    along = np.abs(x * np.cos(angle) + y * np.sin(angle)).mean()
    across = np.abs(y * np.cos(angle) - x * np.sin(angle)).mean()
    assert across > 2.5 * along


def test_fiber_textures_can_be_laid_side_by_side() -> None:
    texture = directed_fibers(np.random.default_rng(2))[3]
    assert texture.shape == (FIBER_SIDE, FIBER_SIDE)
    inside = np.abs(np.diff(texture, axis=0)).mean()
    assert np.abs(texture[0] - texture[-1]).mean() < 1.3 * inside
