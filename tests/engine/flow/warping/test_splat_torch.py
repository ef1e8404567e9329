"""Splatting and sampling in torch: values of a slow loop and of numba, gradients."""

import numpy as np
import pytest
import torch

from tests.engine.flow.warping.slow import slow_splat
from wholefield.flow.warping.splat_torch import sample, splat as torch_splat


def test_splats_of_several_weights_are_those_of_a_loop() -> None:
    rng = np.random.default_rng(0)
    x, y, weights = rng.uniform(-3, 14, 500), rng.uniform(-3, 10, 500), rng.normal(size=500)
    x[:20], y[10:30] = np.round(x[:20]), np.round(y[10:30])
    tensors = torch.from_numpy(x), torch.from_numpy(y)
    image = torch_splat(*tensors, (7, 11), torch.from_numpy(np.stack([weights, weights**2])))
    np.testing.assert_allclose(image[0], slow_splat(x, y, (7, 11), weights), atol=1e-12)
    np.testing.assert_allclose(image[1], slow_splat(x, y, (7, 11), weights**2), atol=1e-12)


def test_gradients_of_splatting_and_sampling() -> None:
    generator = torch.Generator().manual_seed(0)

    def random(*shape: int) -> torch.Tensor:
        return torch.rand(shape, generator=generator, dtype=torch.float64)

    x = (random(9) * 7 - 1).requires_grad_()
    y = (random(9) * 6 - 1).requires_grad_()
    weights = random(2, 9).requires_grad_()
    assert torch.autograd.gradcheck(lambda a, b, w: torch_splat(a, b, (5, 6), w), (x, y, weights))
    flow = random(3, 2, 5, 6).requires_grad_()
    index = torch.arange(9) % 3
    assert torch.autograd.gradcheck(lambda f, a, b: sample(f, index, a, b), (flow, x, y))


@pytest.mark.parametrize("shape", [(5, 6), (1, 6), (5, 1)])
def test_sampling_agrees_between_numba_and_torch(shape: tuple[int, int]) -> None:
    from wholefield.flow.warping.splat_kernels import flow_at

    rng = np.random.default_rng(0)
    flow, x, y = rng.normal(size=(4, 2, *shape)), rng.uniform(-2, 8, 60), rng.uniform(-2, 8, 60)
    index = rng.integers(0, 4, 60)
    u, v = sample(*map(torch.from_numpy, (flow, index, x, y)))
    expected = [flow_at(flow[k], a, b) for k, a, b in zip(index, x, y, strict=True)]
    np.testing.assert_allclose(torch.stack([u, v], 1), expected, atol=1e-12)
