"""Gradients against those of concatenation and of finite differences, on every device."""

from collections.abc import Sequence

import pytest
import torch

from tests.engine.networks.msd.kernel.cases import CASES, parameters, with_cat
from wholefield.networks.msd.kernel.functions import msd_block, msd_network


@pytest.mark.parametrize(("shape", "depth", "width", "dilations", "group"), CASES)
def test_gradients_equal_those_of_concatenation(
    shape: Sequence[int], depth: int, width: int, dilations: Sequence[int], group: int
) -> None:
    image, bias, weights, each = parameters(shape, depth, width, dilations)
    expected = with_cat(image, each, bias, weights)
    along = torch.randn_like(expected)
    found = msd_block(image, each, bias, weights, group)
    everything = [image, bias, *weights]
    for a, b in zip(
        torch.autograd.grad(found, everything, along),
        torch.autograd.grad(expected, everything, along),
        strict=True,
    ):
        torch.testing.assert_close(a, b, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("shape", [(1, 2, 5, 4), (2, 1, 3, 4, 3)])
@pytest.mark.parametrize("width", [1, 2])
def test_gradcheck(shape: Sequence[int], width: int) -> None:
    image, bias, weights, each = parameters(shape, 3, width, (1, 3))
    channels = shape[1] + 3 * width
    final = torch.randn(2, channels, 1, dtype=torch.float64, requires_grad=True)
    final_bias = torch.randn(2, dtype=torch.float64, requires_grad=True)
    # Along random directions: every single element is compared with concatenation above.
    assert torch.autograd.gradcheck(
        lambda x, b, *w: msd_block(x, each, b, w, 2), (image, bias, *weights), fast_mode=True
    )
    assert torch.autograd.gradcheck(
        lambda x, b, f, g, *w: msd_network(x, each, b, w, f, g, 2),
        (image, bias, final, final_bias, *weights),
        fast_mode=True,
    )


def test_several_passes_before_one_backward_do_not_share_buffers() -> None:
    image, bias, weights, each = parameters((1, 1, 12, 9), 5, 1, (1, 2, 3))
    other = torch.randn_like(image)
    total = msd_block(image, each, bias, weights).square().sum() + msd_block(other, each, bias, weights).sum()
    expected = (
        with_cat(image, each, bias, weights).square().sum() + with_cat(other, each, bias, weights).sum()
    )
    asked = [image, bias, *weights]
    first = torch.autograd.grad(total, asked, retain_graph=True)
    again = torch.autograd.grad(total, asked)
    for a, b, c in zip(first, again, torch.autograd.grad(expected, asked), strict=True):
        assert torch.equal(a, b)
        torch.testing.assert_close(a, c, rtol=1e-11, atol=1e-11)


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize(("shape", "depth", "width", "dilations", "group"), CASES)
def test_cuda_equals_cpu(
    shape: Sequence[int], depth: int, width: int, dilations: Sequence[int], group: int
) -> None:
    image, bias, weights, each = parameters(shape, depth, width, dilations)
    on_device = [tensor.detach().cuda().requires_grad_() for tensor in (image, bias, *weights)]
    expected = msd_block(image, each, bias, weights, group)
    found = msd_block(on_device[0], each, on_device[1], on_device[2:], group)
    torch.testing.assert_close(found.cpu(), expected, rtol=1e-10, atol=1e-10)
    along = torch.randn_like(expected)
    references = torch.autograd.grad(expected, [image, bias, *weights], along)
    for a, b in zip(torch.autograd.grad(found, on_device, along.cuda()), references, strict=True):
        torch.testing.assert_close(a.cpu(), b, rtol=1e-10, atol=1e-10)
