"""Convolutions, in place and not, against one in NumPy, and their gradients against finite differences."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.engine.networks.msd.reference import convolved
from wholefield.compat.msd_pytorch.conv import (
    Conv2dInPlaceModule,
    Conv3dInPlaceModule,
    conv2d,
    conv2dInPlace,
    conv3d,
    conv3dInPlace,
)
from wholefield.compat.msd_pytorch.conv_relu import (
    ConvRelu2dInPlaceModule,
    ConvRelu3dInPlaceModule,
    conv_relu2d,
    conv_relu2dInPlace,
    conv_relu3d,
    conv_relu3dInPlace,
)

Function = Callable[..., Tensor]


def parameters(ndim: int) -> tuple[Tensor, Tensor, Tensor]:
    """Image, weight and bias, float64."""
    generator = torch.Generator().manual_seed(0)
    shapes = ((2, 2, *(7, 6, 5)[-ndim:]), (3, 2, *(3,) * ndim), (3,))
    image, weight, bias = (torch.randn(shape, generator=generator, dtype=torch.float64) for shape in shapes)
    return image.requires_grad_(), weight.requires_grad_(), bias.requires_grad_()


@pytest.mark.parametrize(
    ("plain", "in_place", "ndim", "clip"),
    [
        (conv2d, conv2dInPlace, 2, False),
        (conv3d, conv3dInPlace, 3, False),
        (conv_relu2d, conv_relu2dInPlace, 2, True),
        (conv_relu3d, conv_relu3dInPlace, 3, True),
    ],
)
@pytest.mark.parametrize(("stride", "dilation"), [(1, 1), (1, 3), (2, 2), (1, 5)])
def test_functions(
    plain: Function, in_place: Function, ndim: int, clip: bool, stride: int, dilation: int
) -> None:
    image, weight, bias = parameters(ndim)
    arrays = [each.detach().numpy() for each in (image, weight, bias)]
    expected = convolved(arrays[0], arrays[1], arrays[2], stride, dilation)
    expected = np.maximum(expected, 0) if clip else expected
    found = plain(image, weight, bias, stride, dilation)
    np.testing.assert_allclose(found.detach().numpy(), expected, rtol=0, atol=1e-12)
    output = torch.empty_like(found)
    written = in_place(image, weight, bias, output, stride, dilation)
    assert torch.equal(written, found)
    assert torch.equal(output, found)
    assert written.data_ptr() == output.data_ptr()


@pytest.mark.parametrize("function", [conv2dInPlace, conv_relu2dInPlace, conv3dInPlace, conv_relu3dInPlace])
def test_gradients(function: Function) -> None:
    ndim = 3 if "3d" in str(function.__self__) else 2  # type: ignore[attr-defined]
    image, weight, bias = parameters(ndim)
    output = torch.empty(2, 3, *image.shape[2:], dtype=torch.float64)
    small = image[:, :, :3, :3].detach().requires_grad_()
    assert torch.autograd.gradcheck(
        lambda x, w, b: function(x, w, b, output[:, :, :3, :3].clone(), 1, 2), (small, weight, bias)
    )
    weight.requires_grad_(False)
    function(image, weight, bias, output, 1, 1).sum().backward()
    assert weight.grad is None
    assert bias.grad is not None


@pytest.mark.parametrize(
    "kind", [Conv2dInPlaceModule, ConvRelu2dInPlaceModule, Conv3dInPlaceModule, ConvRelu3dInPlaceModule]
)
def test_modules_write_into_their_output(kind: type[Conv2dInPlaceModule]) -> None:
    spatial = (8, 9, 7)[: kind.ndim]
    output = torch.zeros(1, 4, *spatial)
    module = kind(output[:, 1:3], 2, 2, dilation=2)
    result = module(torch.randn(1, 2, *spatial))
    assert torch.equal(output[:, 1:3], result)
    assert not output[:, 0].any()
    with pytest.raises(RuntimeError, match="dilation of 2 is larger"):
        module(torch.randn(1, 2, 1, *spatial[1:]))


def test_kernels_of_other_sizes() -> None:
    image, _, bias = parameters(2)
    module = Conv2dInPlaceModule(torch.empty(2, 3, 6, 5), 2, 3, kernel_size=5)
    with torch.no_grad():
        module.bias.copy_(bias)
        found = module(image.float())
    weight = module.weight.detach().double().numpy()
    expected = convolved(
        image.detach().float().double().numpy(), weight, module.bias.detach().double().numpy()
    )
    np.testing.assert_allclose(found.numpy(), expected, rtol=0, atol=1e-5)
