"""Filtered back-projection against objects whose image and projections are known exactly."""

import math

import numpy as np
import pytest
import torch
from scipy.integrate import quad

from wholefield.tomography.backprojection import back_project, filter_sinogram, ramp_filter, reconstruct
from wholefield.tomography.enums import Window
from wholefield.tomography.phantom import Ellipse, add_noise, draw, project, random_foam

OBJECT = [Ellipse(0.02, 0.1, -0.2, 0.3, 0.5, 0.4), Ellipse(0.01, -0.4, 0.3, 0.15, 0.15)]


def angles(count: int) -> torch.Tensor:
    return torch.arange(count, dtype=torch.float64) * math.pi / count


@pytest.mark.parametrize("size", [64, 129])
def test_ellipses_come_back(size: int) -> None:
    truth = draw(OBJECT, size, 8)
    found = reconstruct(project(OBJECT, angles(2 * size), size)[None], angles(2 * size))[0]
    assert (found - truth).square().mean().sqrt() < 0.04 * truth.max()
    inside = torch.nn.functional.avg_pool2d(truth[None], 9, 1, 4)[0] > 0.019999
    assert inside.sum() > 20
    assert abs(found[inside].mean() / 0.02 - 1) < 0.005


def test_back_projection_lies_where_the_geometry_says() -> None:
    point = [Ellipse(1.0, 0.5, 0.25, 0.03, 0.03)]
    found = reconstruct(project(point, angles(100), 65)[None], angles(100))[0]
    row, column = divmod(int(found.argmax()), 65)
    assert abs(column - (0.5 * 32.5 + 32)) <= 1
    assert abs(row - (32 - 0.25 * 32.5)) <= 1


def test_one_projection_is_smeared_along_its_rays() -> None:
    sinogram = torch.arange(5, dtype=torch.float64)[None, None] + 1
    along_y = back_project(sinogram, torch.zeros(1))[0]
    assert torch.equal(along_y, (torch.arange(5, dtype=torch.float64) + 1).expand(5, 5))
    along_x = back_project(sinogram, torch.tensor([math.pi / 2], dtype=torch.float64))[0]
    torch.testing.assert_close(along_x, along_y.T.flip(0))
    shifted = back_project(sinogram, torch.zeros(1), center=3.0)[0]
    assert shifted[0].tolist() == [2, 3, 4, 5, 0]
    assert back_project(sinogram, torch.zeros(1), size=3)[0, 0].tolist() == [2, 3, 4]


def test_a_shifted_axis_gives_the_same_slice() -> None:
    size, shift = 80, 6
    wide = project(OBJECT, angles(160), size)
    moved = torch.nn.functional.pad(wide, (shift, 0))[:, :size]
    center = (size - 1) / 2 + shift
    torch.testing.assert_close(
        reconstruct(moved[None], angles(160), center=center)[0, 20:60, 20:60],
        reconstruct(wide[None], angles(160))[0, 20:60, 20:60],
        rtol=0,
        atol=2e-4,
    )


def test_the_ramp_filter_is_its_spatial_series() -> None:
    columns = 9
    sinogram = torch.randn(columns, dtype=torch.float64)
    expected = torch.zeros_like(sinogram)
    for n in range(columns):
        for m in range(columns):
            gap = n - m
            weight = 0.25 if gap == 0 else -1 / (math.pi * gap) ** 2 if gap % 2 else 0.0
            expected[n] += weight * sinogram[m]
    torch.testing.assert_close(filter_sinogram(sinogram), expected, rtol=1e-12, atol=1e-12)
    response, tapered = ramp_filter(64), ramp_filter(64, Window.HANN)
    assert tapered[-1] == pytest.approx(0, abs=1e-12)
    assert tapered[1] == pytest.approx(response[1].item(), rel=1e-3)


def test_projections_are_integrals_along_rays() -> None:
    ellipse, size = OBJECT[0], 40
    sinogram = project([ellipse], torch.tensor([0.7]), size)[0]
    for column in (12, 20, 23):
        at = (column - (size - 1) / 2) / (size / 2)

        def density(s: float, at: float = at) -> float:
            x, y = at * math.cos(0.7) - s * math.sin(0.7), at * math.sin(0.7) + s * math.cos(0.7)
            along = (x - ellipse.x) * math.cos(ellipse.turn) + (y - ellipse.y) * math.sin(ellipse.turn)
            across = (y - ellipse.y) * math.cos(ellipse.turn) - (x - ellipse.x) * math.sin(ellipse.turn)
            return ellipse.density * ((along / ellipse.a) ** 2 + (across / ellipse.b) ** 2 <= 1)

        expected = quad(density, -2, 2, limit=500, epsabs=1e-6)[0] * size / 2
        assert sinogram[column].item() == pytest.approx(expected, abs=2e-4)


def test_single_precision_and_several_slices() -> None:
    sinogram = project(OBJECT, angles(90), 64)
    both = reconstruct(torch.stack([sinogram, 2 * sinogram]).float(), angles(90))
    assert both.dtype == torch.float32
    torch.testing.assert_close(both[1], 2 * both[0])
    torch.testing.assert_close(
        both[0].double(), reconstruct(sinogram[None], angles(90))[0], rtol=0, atol=1e-6
    )


def test_noise_and_foam_repeat_with_their_seed() -> None:
    assert random_foam(5, 3) == random_foam(5, 3) != random_foam(5, 4)
    sinogram = torch.full((200, 200), 1.0, dtype=torch.float64)
    noisy = add_noise(sinogram, 1000, 0)
    assert torch.equal(noisy, add_noise(sinogram, 1000, 0))
    # The variance of -log(Poisson / n) is about exp(p) / n.
    assert noisy.var().item() == pytest.approx(math.e / 1000, rel=0.05)
    np.testing.assert_allclose(noisy.mean(), 1.0, atol=0.005)
