import numpy as np
import pytest

from wholefield_resources.demo.stains import DENSITIES, GLASS, Staining, develop, random_staining


def plain(noise: float = 0.0) -> Staining:
    return Staining(np.array(DENSITIES, np.float32), 0.5, noise)


def test_glass_is_nearly_white() -> None:
    picture = develop(np.random.default_rng(0), np.zeros((9, 8, 3), np.float32), plain())
    assert (picture == np.array(GLASS, np.uint8)).all()


@pytest.mark.parametrize("stain", range(3))
def test_light_falls_by_the_law_of_beer_and_lambert(stain: int) -> None:
    planes = np.zeros((9, 8, 3), np.float32)
    planes[..., stain] = 1.7
    picture = develop(np.random.default_rng(0), planes, plain())
    expected = np.array(GLASS) * np.exp(-1.7 * np.array(DENSITIES[stain]))
    np.testing.assert_allclose(picture.mean((0, 1)), expected, atol=0.51)


def test_noise_has_its_strength() -> None:
    planes = np.full((200, 200, 3), 0.5, np.float32)
    picture = develop(np.random.default_rng(0), planes, plain(2.0))
    np.testing.assert_allclose(picture.std((0, 1)), np.hypot(2.0, 0.29), rtol=0.03)


def test_laboratories_differ_but_not_much() -> None:
    rng = np.random.default_rng(0)
    densities = np.array([random_staining(rng).densities for _ in range(50)])
    spread = densities.std(0) / np.array(DENSITIES)
    assert (spread[:2] > 0.03).all()
    assert (spread < 0.12).all()
