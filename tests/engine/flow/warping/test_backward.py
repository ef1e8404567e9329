"""Warping against analytic images and brute force, in float64."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st

from wholefield.flow.warping.backward import Warping, warp, warp_channels, warp_sequence


def brute_force(image: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """(C, h, w) read at p + flow, pixel by pixel."""
    _, height, width = image.shape
    result = np.zeros_like(image)
    for r in range(height):
        for c in range(width):
            x, y = c + flow[0, r, c], r + flow[1, r, c]
            for rr in (int(np.floor(y)), int(np.floor(y)) + 1):
                for cc in (int(np.floor(x)), int(np.floor(x)) + 1):
                    if 0 <= rr < height and 0 <= cc < width:
                        share = (1 - abs(x - cc)) * (1 - abs(y - rr))
                        result[:, r, c] += share * image[:, rr, cc]
    return result


@settings(max_examples=25, deadline=None)
@given(height=st.integers(1, 7), width=st.integers(1, 7), seed=st.integers(0, 1000))
def test_against_brute_force(height: int, width: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    image, flow = random.normal(size=(2, height, width)), random.uniform(-3, 3, (2, height, width))
    found = warp(torch.from_numpy(image)[None], torch.from_numpy(flow)[None])[0].numpy()
    np.testing.assert_allclose(found, brute_force(image, flow), atol=1e-10)


def test_rotation_of_a_linear_image_is_exact() -> None:
    y, x = torch.meshgrid(torch.arange(31.0), torch.arange(41.0), indexing="ij")
    x, y = x.double(), y.double()
    angle = 0.1
    flow = torch.stack([
        (x - 20) * (np.cos(angle) - 1) - (y - 15) * np.sin(angle),
        (x - 20) * np.sin(angle) + (y - 15) * (np.cos(angle) - 1),
    ])  # fmt: skip
    image = 3 * x - 2 * y + 1
    found = warp(image[None, None], flow[None])[0, 0]
    expected = 3 * (x + flow[0]) - 2 * (y + flow[1]) + 1
    inside = (x + flow[0] >= 0) & (x + flow[0] <= 40) & (y + flow[1] >= 0) & (y + flow[1] <= 30)
    assert int(inside.sum()) > 1000
    torch.testing.assert_close(found[inside], expected[inside], rtol=0, atol=1e-10)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_whole_pixels_shift_and_what_is_outside_is_0(dtype: torch.dtype) -> None:
    image = torch.rand(1, 1, 5, 6, dtype=dtype)
    flow = torch.zeros(1, 2, 5, 6, dtype=dtype)
    flow[:, 0] = 2
    found = warp(image, flow)
    torch.testing.assert_close(found[..., :4], image[..., 2:], atol=1e-6, rtol=0)
    assert bool((found[..., 4:] == 0).all())


def test_gradients() -> None:
    torch.manual_seed(0)
    image = torch.randn(1, 2, 4, 5, dtype=torch.float64, requires_grad=True)
    # Away from whole pixels, where the derivative by the flow jumps.
    flow = (torch.randint(-2, 2, (1, 2, 4, 5)) + 0.2 + 0.6 * torch.rand(1, 2, 4, 5)).double().requires_grad_()
    assert torch.autograd.gradcheck(warp, (image, flow))


def test_channels_move_by_their_times() -> None:
    torch.manual_seed(1)
    features, flow = torch.rand(2, 3, 2, 6, 7).double(), torch.rand(2, 3, 2, 6, 7).double()
    found = warp_channels(features, flow, torch.tensor([0.0, -0.5]))
    torch.testing.assert_close(found[:, :, 0], features[:, :, 0], rtol=0, atol=1e-10)
    half = warp_sequence(features, -0.5 * flow)
    torch.testing.assert_close(found[:, :, 1], half[:, :, 1], rtol=0, atol=1e-12)
    torch.testing.assert_close(Warping()(features, -0.5 * flow), half)
