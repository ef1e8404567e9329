"""What convolutions with and without clipping are checked for."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.engine.networks.msd.reference import convolved
from wholefield.compat.msd_pytorch.conv import Conv2dInPlaceModule

Function = Callable[..., Tensor]
# stride, dilation
STEPS = ((1, 1), (1, 3), (2, 2), (1, 5))


def parameters(ndim: int) -> tuple[Tensor, Tensor, Tensor]:
    """Image, weight and bias, float64."""
    generator = torch.Generator().manual_seed(0)
    shapes = ((2, 2, *(7, 6, 5)[-ndim:]), (3, 2, *(3,) * ndim), (3,))
    image, weight, bias = (torch.randn(shape, generator=generator, dtype=torch.float64) for shape in shapes)
    return image.requires_grad_(), weight.requires_grad_(), bias.requires_grad_()


def check_values(plain: Function, in_place: Function, ndim: int, clip: bool) -> None:
    """Both equal the reference, and the one in place writes where it is told to."""
    image, weight, bias = parameters(ndim)
    arrays = [each.detach().numpy() for each in (image, weight, bias)]
    for stride, dilation in STEPS:
        expected = convolved(arrays[0], arrays[1], arrays[2], stride, dilation)
        expected = np.maximum(expected, 0) if clip else expected
        found = plain(image, weight, bias, stride, dilation)
        np.testing.assert_allclose(found.detach().numpy(), expected, rtol=0, atol=1e-12)
        output = torch.empty_like(found)
        written = in_place(image, weight, bias, output, stride, dilation)
        assert torch.equal(written, found)
        assert torch.equal(output, found)
        assert written.data_ptr() == output.data_ptr()


def check_gradients(function: Function, ndim: int) -> None:
    """They are those of finite differences; frozen parameters get none."""
    image, weight, bias = parameters(ndim)
    small = image[:, :, :3, :3].detach().requires_grad_()
    output = torch.empty(2, 3, *small.shape[2:], dtype=torch.float64)
    for stride, dilation in ((1, 2), (2, 1)):
        smaller = output.new_empty(2, 3, *(len(range(0, length, stride)) for length in small.shape[2:]))
        assert torch.autograd.gradcheck(
            lambda x, w, b, out=smaller, s=stride, d=dilation: function(x, w, b, out.clone(), s, d),
            (small, weight, bias),
        )
    weight.requires_grad_(False)
    function(small, weight, bias, output, 1, 1).sum().backward()
    assert weight.grad is None
    assert bias.grad is not None


def check_module(kind: type[Conv2dInPlaceModule]) -> None:
    """It writes into its output and nowhere else, and refuses images smaller than its dilation."""
    spatial = (8, 9, 7)[: kind.ndim]
    output = torch.zeros(1, 4, *spatial)
    module = kind(output[:, 1:3], 2, 2, dilation=2)
    result = module(torch.randn(1, 2, *spatial))
    assert torch.equal(output[:, 1:3], result)
    assert not output[:, 0].any()
    with pytest.raises(RuntimeError, match="dilation of 2 is larger"):
        module(torch.randn(1, 2, 1, *spatial[1:]))
