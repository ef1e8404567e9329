"""Convolution and clipping at zero, and the same written into memory given to them, over images and volumes."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from wholefield.compat.msd_pytorch.conv import Conv2dInPlaceModule, convolve, gradients_of

__all__ = [
    "ConvRelu2dInPlaceFunction",
    "ConvRelu2dInPlaceModule",
    "ConvRelu3dInPlaceFunction",
    "ConvRelu3dInPlaceModule",
    "conv_relu2d",
    "conv_relu2dInPlace",
    "conv_relu3d",
    "conv_relu3dInPlace",
]


def conv_relu2d(input: Tensor, weight: Tensor, bias: Tensor, stride: int = 1, dilation: int = 1) -> Tensor:
    """Convolve images with symmetric borders and clip at zero; arguments and result as for conv.conv2d."""
    return convolve(input, weight, bias, stride, dilation).relu()


def conv_relu3d(input: Tensor, weight: Tensor, bias: Tensor, stride: int = 1, dilation: int = 1) -> Tensor:
    """Convolve volumes with symmetric borders and clip at zero; arguments and result as for conv.conv3d."""
    return convolve(input, weight, bias, stride, dilation).relu()


class ConvRelu2dInPlaceFunction(torch.autograd.Function):
    """apply(input, weight, bias, output, stride, dilation): relu(convolution), written into output."""

    @staticmethod
    def forward(
        ctx: Any, input: Tensor, weight: Tensor, bias: Tensor, output: Tensor, stride: int, dilation: int
    ) -> Tensor:
        """Convolve (batch, channels, [slice,] row, column), clip at zero into output, and return it."""
        result = convolve(input, weight, bias, stride, dilation).clamp_min_(0)
        ctx.save_for_backward(weight, bias, result > 0)
        # Later layers write beside the input into the same buffer, which autograd would take for a change of it.
        ctx.input, ctx.stride, ctx.dilation = input.detach(), stride, dilation
        return output.data.copy_(result)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_output: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of input, weight and bias."""
        weight, bias, positive = ctx.saved_tensors
        return gradients_of(ctx, weight, bias, grad_output * positive)


class ConvRelu3dInPlaceFunction(ConvRelu2dInPlaceFunction):
    """The same over volumes."""


conv_relu2dInPlace = ConvRelu2dInPlaceFunction.apply
conv_relu3dInPlace = ConvRelu3dInPlaceFunction.apply


class ConvRelu2dInPlaceModule(Conv2dInPlaceModule):
    """Convolution with symmetric borders and clipping at zero into a given tensor; see Conv2dInPlaceModule."""

    apply_function = staticmethod(conv_relu2dInPlace)


class ConvRelu3dInPlaceModule(Conv2dInPlaceModule):
    """Convolution of volumes with symmetric borders and clipping at zero into a given tensor."""

    ndim = 3
    apply_function = staticmethod(conv_relu3dInPlace)
