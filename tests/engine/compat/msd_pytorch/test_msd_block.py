"""Blocks and modules by their documented names, over images and volumes, against a reference in float64."""

import numpy as np
import pytest
import torch

from tests.engine.networks.msd.reference import block as reference
from wholefield.compat.msd_pytorch.msd_block import (
    MSDBlock2d,
    MSDBlock3d,
    MSDBlockImpl2d,
    MSDModule2d,
    MSDModule3d,
    msdblock2d,
    msdblock3d,
)


def test_the_autograd_function_takes_the_documented_arguments() -> None:
    block = MSDBlock2d(1, (1, 2, 3), 2).double()
    image = torch.randn(1, 1, 6, 5, dtype=torch.float64, requires_grad=True)
    assert torch.equal(msdblock2d(image, block.dilations, block.bias, *block.weights), block(image))
    assert torch.autograd.gradcheck(
        lambda x, b, *w: MSDBlockImpl2d.apply(x, (1, 2, 3), b, *w), (image, block.bias, *block.weights)
    )
    assert block(image).shape == (1, 7, 6, 5)
    assert block.out_channels == 7


@pytest.mark.parametrize(("kind", "shape"), [(MSDBlock2d, (2, 2, 9, 8)), (MSDBlock3d, (1, 2, 5, 6, 7))])
def test_blocks_equal_the_reference(kind: type[MSDBlock2d | MSDBlock3d], shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    block = kind(2, (1, 3, 2), width=2).double()
    torch.nn.init.normal_(block.bias, std=0.1)
    image = torch.randn(shape, dtype=torch.float64)
    weights = [weight.detach().numpy() for weight in block.weights]
    expected = reference(image.numpy(), block.dilations, block.bias.detach().numpy(), weights)
    np.testing.assert_allclose(block(image).detach().numpy(), expected, rtol=0, atol=1e-12)


def test_volumes_have_functions_and_modules_of_their_own() -> None:
    block = MSDBlock3d(1, (1, 2)).double()
    image = torch.randn(1, 1, 3, 4, 5, dtype=torch.float64, requires_grad=True)
    assert torch.equal(msdblock3d(image, (1, 2), block.bias, *block.weights), block(image))
    assert torch.autograd.gradcheck(
        lambda x, b, *w: msdblock3d(x, (1, 2), b, *w), (image, block.bias, *block.weights)
    )
    assert (MSDModule2d(1, 1, 2, 1).ndim, MSDModule3d(1, 1, 2, 1).ndim) == (2, 3)
