"""A few layers as one function are those of the whole block, outputs and gradients."""

import pytest
import torch

from tests.engine.networks.msd.kernel.cases import parameters, with_cat
from wholefield.networks.msd.kernel.group import msd_group


@pytest.mark.parametrize("shape", [(2, 3, 9, 8), (1, 3, 5, 6, 7)])
@pytest.mark.parametrize("cut", [(3,), (1, 2)])
def test_layers_equal_those_of_the_block(shape: tuple[int, ...], cut: tuple[int, ...]) -> None:
    image, bias, weights, each = parameters(shape, 4, 2, (1, 3, 2))
    expected = with_cat(image, each, bias, weights)[:, 3:]
    found = msd_group(image.split(cut, 1), each, bias, weights)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)
    along, asked = torch.randn_like(expected), [image, bias, *weights]
    for a, b in zip(
        torch.autograd.grad(found, asked, along), torch.autograd.grad(expected, asked, along), strict=True
    ):
        torch.testing.assert_close(a, b, rtol=1e-11, atol=1e-11)


def test_frozen_parts_and_layers_leave_the_other_gradients_right() -> None:
    image, bias, weights, each = parameters((1, 2, 7, 6), 3, 1, (1, 2))
    parts = [image[:, :1].detach(), image[:, 1:].detach().requires_grad_()]
    fixed = [weight.detach().requires_grad_(index == 1) for index, weight in enumerate(weights)]
    asked = [parts[1], fixed[1]]
    found = torch.autograd.grad(msd_group(parts, each, bias.detach(), fixed).square().sum(), asked)
    whole = with_cat(torch.cat(parts, 1), each, bias.detach(), fixed)[:, 2:]
    for a, b in zip(found, torch.autograd.grad(whole.square().sum(), asked), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-11, atol=1e-11)


def test_shapes_without_values() -> None:
    _, bias, weights, each = parameters((1, 2, 7, 6), 3, 2, (1, 2))
    image = torch.empty(1, 2, 7, 6, device="meta")
    found = msd_group([image], each, bias, weights)
    assert found.is_meta
    assert found.shape == (1, 6, 7, 6)
    assert found.requires_grad
