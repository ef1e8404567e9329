"""Textures of every generator: contrast, limits, seams, and that the generators differ."""

import numpy as np
import pytest

from wholefield.flow.simulator.textures import GENERATORS, LARGEST, random_texture


@pytest.mark.parametrize("seed", range(6))
def test_a_texture_has_its_contrast_and_repeats_without_a_seam(seed: int) -> None:
    texture = random_texture(np.random.default_rng(seed), 0.5, 128)
    assert texture.shape == (128, 128)
    assert texture.dtype == np.float32
    assert 0.3 < texture.std() <= 0.5 * (1 + 1e-5)
    assert np.abs(texture).max() <= 0.5 * LARGEST * (1 + 1e-5)
    for axis in (0, 1):
        steps = np.abs(np.diff(texture, axis=axis))
        seam = np.abs(np.take(texture, 0, axis) - np.take(texture, -1, axis))
        assert seam.mean() < 2.5 * steps.mean()


def test_the_same_seed_gives_the_same_texture() -> None:
    first, again, other = (random_texture(np.random.default_rng(seed), 1, 64) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.1


@pytest.mark.parametrize("generator", GENERATORS)
def test_every_generator_makes_pictures_that_vary(generator: object) -> None:
    assert callable(generator)
    first, second = (generator(np.random.default_rng(seed), 64) for seed in (0, 1))
    assert first.shape == (64, 64)
    assert np.isfinite(first).all()
    assert first.std() > 0
    assert not np.array_equal(first, second)
