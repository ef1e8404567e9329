"""Blocks against a reference in NumPy and float64; wrong images are refused."""

from collections.abc import Sequence

import numpy as np
import pytest
import torch

from tests.engine.networks.msd.kernel.cases import CASES, parameters
from tests.engine.networks.msd.reference import block
from wholefield.networks.msd.errors import ShapeError
from wholefield.networks.msd.kernel.functions import msd_block, msd_network


@pytest.mark.parametrize(("shape", "depth", "width", "dilations", "group"), CASES)
def test_a_block_equals_the_reference(
    shape: Sequence[int], depth: int, width: int, dilations: Sequence[int], group: int
) -> None:
    image, bias, weights, each = parameters(shape, depth, width, dilations)
    found = msd_block(image, each, bias, weights, group)
    arrays = [weight.detach().numpy() for weight in weights]
    expected = block(image.detach().numpy(), each, bias.detach().numpy(), arrays)
    np.testing.assert_allclose(found.detach().numpy(), expected, rtol=0, atol=1e-12)
    with torch.no_grad():
        assert torch.equal(msd_block(image, each, bias, weights, group), found)


@pytest.mark.parametrize(("shape", "depth", "width", "dilations", "group"), CASES)
def test_a_network_equals_the_reference(
    shape: Sequence[int], depth: int, width: int, dilations: Sequence[int], group: int
) -> None:
    image, bias, weights, each = parameters(shape, depth, width, dilations)
    channels = shape[1] + depth * width
    final = torch.linspace(-1, 1, 2 * channels, dtype=torch.float64).view(2, channels)
    final_bias = torch.tensor([1.0, -2.0], dtype=torch.float64)
    with torch.no_grad():
        found = msd_network(image, each, bias, weights, final, final_bias, group).numpy()
    arrays = [weight.detach().numpy() for weight in weights]
    all_channels = block(image.detach().numpy(), each, bias.detach().numpy(), arrays)
    expected = np.einsum("oc,bc...->bo...", final.numpy(), all_channels)
    expected += final_bias.numpy().reshape(-1, *(1,) * (len(shape) - 2))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def test_same_inputs_give_the_same_bits() -> None:
    image, bias, weights, each = parameters((2, 1, 40, 33), 12, 1, range(1, 11), torch.float32)
    runs = []
    for _ in range(2):
        out = msd_block(image, each, bias, weights)
        runs.append((out, *torch.autograd.grad(out.square().sum(), [image, bias, *weights])))
    assert all(torch.equal(a, b) for a, b in zip(*runs, strict=True))


def test_wrong_images_are_refused_with_a_sentence() -> None:
    image, bias, weights, each = parameters((1, 2, 8, 9), 2, 1, (1, 2))
    with pytest.raises(RuntimeError, match="dilation of 9 is larger than the image"):
        msd_block(image, (1, 9), bias, weights)
    with pytest.raises(ShapeError, match="2 channels"):
        msd_block(image[:, :1], each, bias, weights)
    with pytest.raises(ShapeError, match="2 spatial axes"):
        msd_block(image[None], each, bias, weights)
    with pytest.raises(ShapeError, match="float32"):
        msd_block(image.float(), each, bias, weights)
    with pytest.raises(ShapeError, match="as many kernels"):
        msd_block(image, (1, 2, 3), bias, weights)
