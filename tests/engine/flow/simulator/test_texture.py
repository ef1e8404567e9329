"""Textures: contrast, seams, and detail that a pixel can show."""

import numpy as np
import pytest

from wholefield.flow.simulator.texture import make_texture


@pytest.mark.parametrize("size", [64, 256])
def test_a_texture_has_its_contrast_and_repeats_without_a_seam(size: int) -> None:
    texture = make_texture(np.random.default_rng(3), 0.7, size)
    assert texture.shape == (size, size)
    assert texture.dtype == np.float32
    assert texture.std() == pytest.approx(0.7, rel=1e-3)
    assert texture.mean() == pytest.approx(0, abs=1e-3)
    for axis in (0, 1):
        steps = np.abs(np.diff(texture, axis=axis))
        seam = np.abs(np.take(texture, 0, axis) - np.take(texture, -1, axis))
        assert seam.mean() < 1.5 * steps.mean()
    # What a pixel shows is smooth: neighbors agree far more than any two pixels.
    assert np.abs(np.diff(texture, axis=1)).mean() < 0.5 * texture.std()
