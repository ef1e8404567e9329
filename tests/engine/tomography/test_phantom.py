"""Phantoms: areas, projections by numerical integration, repeatable foam and noise."""

import math

import pytest
import torch
from scipy.integrate import quad

from wholefield.tomography.phantom import Ellipse, add_noise, draw, project, random_foam

OBJECT = [Ellipse(0.02, 0.1, -0.2, 0.3, 0.5, 0.4), Ellipse(-0.01, -0.4, 0.3, 0.15, 0.25, 2.0)]


def density(x: float, y: float, half: float) -> float:
    """Attenuation of the object at a point, in pixels from the center."""
    total = 0.0
    for each in OBJECT:
        right, up = x / half - each.x, y / half - each.y
        along = right * math.cos(each.turn) + up * math.sin(each.turn)
        across = up * math.cos(each.turn) - right * math.sin(each.turn)
        total += each.density * ((along / each.a) ** 2 + (across / each.b) ** 2 <= 1)
    return total


def test_an_image_has_the_mass_of_its_ellipses() -> None:
    size = 200
    expected = sum(each.density * math.pi * each.a * each.b for each in OBJECT) * (size / 2) ** 2
    image = draw(OBJECT, size, 8)
    assert image.dtype == torch.float64
    assert image.sum().item() == pytest.approx(expected, rel=1e-3)


def test_rows_run_downward() -> None:
    row, column = divmod(int(draw([Ellipse(1.0, 0.5, 0.5, 0.1, 0.1)], 40).argmax()), 40)
    assert row < 20 < column


@pytest.mark.parametrize("angle", [0.0, 0.7, math.pi / 2, 2.5])
def test_projections_are_line_integrals(angle: float) -> None:
    columns, half = 16, 8.0
    found = project(OBJECT, torch.tensor([angle], dtype=torch.float64), columns)[0]
    for column in (4, 7, 9, 11):
        at = column - (columns - 1) / 2

        def along_ray(s: float, at: float = at) -> float:
            x, y = at * math.cos(angle) - s * math.sin(angle), at * math.sin(angle) + s * math.cos(angle)
            return density(x, y, half)

        pieces = [quad(along_ray, a, b, limit=200)[0] for a, b in ((-12, -4), (-4, 0), (0, 4), (4, 12))]
        assert found[column].item() == pytest.approx(sum(pieces), abs=2e-4)


def test_foam_and_noise_repeat_with_their_seed() -> None:
    assert random_foam(9, 3) == random_foam(9, 3) != random_foam(9, 4)
    assert len(random_foam(9, 3)) == 10
    sinogram = torch.full((2000,), 0.5, dtype=torch.float64)
    noisy = add_noise(sinogram, 1000, 1)
    assert torch.equal(noisy, add_noise(sinogram, 1000, 1))
    # Poisson: the deviation of a line integral is one over the root of the photons that arrive.
    assert noisy.std().item() == pytest.approx((1000 * math.exp(-0.5)) ** -0.5, rel=0.1)
    assert noisy.mean().item() == pytest.approx(0.5, abs=0.005)
