"""In-place convolution, with and without clipping, against a plain one over symmetric padding."""

from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from wholefield.compat.msd_pytorch.conv import Conv2dInPlaceModule, conv2dInPlace
from wholefield.compat.msd_pytorch.conv_relu import ConvRelu2dInPlaceModule, conv_relu2dInPlace
from wholefield.compat.msd_pytorch.relu_inplace import ReLUInplaceModule


@pytest.mark.parametrize(("function", "clip"), [(conv2dInPlace, False), (conv_relu2dInPlace, True)])
@pytest.mark.parametrize(("stride", "dilation"), [(1, 1), (1, 3), (2, 2)])
def test_function(function: Any, clip: bool, stride: int, dilation: int) -> None:
    torch.manual_seed(0)
    image = torch.randn(2, 2, 7, 6, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(3, 2, 3, 3, dtype=torch.float64, requires_grad=True)
    bias = torch.randn(3, dtype=torch.float64, requires_grad=True)
    edges = [(0, 0), (0, 0), (dilation, dilation), (dilation, dilation)]
    padded = torch.from_numpy(np.pad(image.detach().numpy(), edges, mode="symmetric"))
    expected = functional.conv2d(padded, weight, bias, stride, 0, dilation)
    expected = functional.relu(expected) if clip else expected
    output = torch.empty_like(expected.detach())
    found = function(image, weight, bias, output, stride, dilation)
    torch.testing.assert_close(found, expected)
    assert found.data_ptr() == output.data_ptr()
    assert torch.autograd.gradcheck(
        lambda x, w, b: function(x, w, b, output.clone(), stride, dilation), (image, weight, bias)
    )
    weight.requires_grad_(False)
    function(image, weight, bias, output, stride, dilation).sum().backward()
    assert weight.grad is None
    assert bias.grad is not None


@pytest.mark.parametrize("kind", [Conv2dInPlaceModule, ConvRelu2dInPlaceModule])
def test_module_writes_into_its_output(kind: type[Conv2dInPlaceModule]) -> None:
    output = torch.zeros(1, 4, 8, 9)
    module = kind(output[:, 1:3], 2, 2, dilation=2)
    result = module(torch.randn(1, 2, 8, 9))
    assert torch.equal(output[:, 1:3], result)
    assert not output[:, 0].any()
    with pytest.raises(RuntimeError, match="dilation of 2 is larger"):
        module(torch.randn(1, 2, 1, 9))


def test_relu_in_place() -> None:
    values = torch.randn(3, 4, dtype=torch.float64, requires_grad=True)
    inner = values * 1
    clipped = ReLUInplaceModule()(inner)
    assert clipped.data_ptr() == inner.data_ptr()
    assert torch.equal(clipped, values.clamp_min(0))
    clipped.sum().backward()
    assert torch.equal(values.grad, (values > 0).double())
