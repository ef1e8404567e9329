"""Regularizing losses against brute force in float64."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from wholefield.flow.losses.regularization import l1_loss, smoothness2_loss, smoothness_loss


def rho(x: float) -> float:
    return float((x**2 + 1e-6) ** 0.45)


def brute(flow: np.ndarray, mask: np.ndarray, second: bool) -> float:
    """Mean over directions of the mean over the pixels that count."""
    bins, batch, _, height, width = flow.shape
    steps = ((0, 1), (1, 0), (1, 1), (1, -1)) if second else ((0, 1), (1, 0))
    means = []
    for dr, dc in steps:
        values = []
        for t, b, axis, r, c in np.ndindex(bins, batch, 2, height, width):
            image = flow[t, b, axis]
            if not (0 <= r + dr < height and 0 <= c + dc < width and mask[t, b, 0, r, c]):
                continue
            if not second:
                values.append(rho(image[r + dr, c + dc] - image[r, c]))
            elif 0 <= r - dr < height and 0 <= c - dc < width:
                values.append(rho(image[r - dr, c - dc] - 2 * image[r, c] + image[r + dr, c + dc]))
        means.append(float(np.mean(values)) if values else 0.0)
    return float(np.mean(means))


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("second", [False, True])
def test_against_brute_force(masked: bool, second: bool) -> None:
    torch.manual_seed(0)
    flow = torch.randn(2, 2, 2, 5, 6, dtype=torch.float64)
    mask = torch.rand(2, 2, 1, 5, 6) > 0.4
    loss = smoothness2_loss if second else smoothness_loss
    expected = brute(flow.numpy(), mask.numpy() if masked else np.ones((2, 2, 1, 5, 6), bool), second)
    assert float(loss(flow, mask if masked else None)) == pytest.approx(expected, rel=1e-10)


def test_linear_flow_costs_nothing_of_second_order() -> None:
    y, x = torch.meshgrid(torch.arange(6.0), torch.arange(9.0), indexing="ij")
    flow = torch.stack([2 * x - y, 0.5 * y + x]).double()[None, None]
    nothing = rho(0.0)
    assert float(smoothness2_loss(flow)) == pytest.approx(nothing)
    assert float(smoothness_loss(flow)) > 100 * nothing


def test_l1_counts_masked_pixels_only() -> None:
    flow = torch.tensor([[3.0, -1.0], [0.0, 4.0]]).double().view(1, 1, 2, 1, 2)
    assert float(l1_loss(flow)) == 2
    assert float(l1_loss(flow, torch.tensor([True, False]).view(1, 1, 1, 1, 2))) == 1.5
    assert float(l1_loss(flow, torch.zeros(1, 1, 1, 1, 2))) == 0


@pytest.mark.parametrize("loss", [smoothness_loss, smoothness2_loss, l1_loss])
def test_gradients(loss: Callable[..., torch.Tensor]) -> None:
    torch.manual_seed(1)
    flow = torch.randn(1, 2, 2, 4, 3, dtype=torch.float64, requires_grad=True)
    mask = torch.rand(1, 2, 1, 4, 3) > 0.3
    assert torch.autograd.gradcheck(loss, (flow,))
    assert torch.autograd.gradcheck(lambda u: loss(u, mask), (flow,))


@pytest.mark.parametrize("size", [(1, 1), (1, 2), (2, 1)])
def test_too_small_for_any_difference(size: tuple[int, int]) -> None:
    flow = torch.randn(1, 1, 2, *size, dtype=torch.float64)
    assert bool(torch.isfinite(smoothness_loss(flow)))
    assert bool(torch.isfinite(smoothness2_loss(flow)))
