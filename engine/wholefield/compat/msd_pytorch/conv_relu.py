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
    """Convolve images with symmetric borders and clip at zero.

    Args:
        input: (batch, channels, row, column), float32 or float64.
        weight: (out_channels, channels, rows, columns), odd sizes.
        bias: (out_channels,).
        stride: Distance of the results, in pixels.
        dilation: Distance of the taps, in pixels; at most the size of the image.

    Returns:
        (batch, out_channels, row, column), nothing negative.

    Example:
        >>> import torch
        >>> from wholefield.compat.msd_pytorch.conv_relu import conv_relu2d
        >>> conv_relu2d(torch.ones(1, 1, 5, 6), torch.ones(1, 1, 3, 3), torch.tensor([-10.0])).max()
        tensor(0.)
    """
    return convolve(input, weight, bias, stride, dilation).relu()


def conv_relu3d(input: Tensor, weight: Tensor, bias: Tensor, stride: int = 1, dilation: int = 1) -> Tensor:
    """Convolve volumes with symmetric borders and clip at zero.

    Args:
        input: (batch, channels, slice, row, column), float32 or float64.
        weight: (out_channels, channels, slices, rows, columns), odd sizes.
        bias: (out_channels,).
        stride: Distance of the results, in voxels.
        dilation: Distance of the taps, in voxels; at most the size of the volume.

    Returns:
        (batch, out_channels, slice, row, column), nothing negative.

    Example:
        >>> import torch
        >>> from wholefield.compat.msd_pytorch.conv_relu import conv_relu3d
        >>> conv_relu3d(torch.ones(1, 1, 4, 5, 6), torch.ones(1, 1, 3, 3, 3), torch.tensor([-26.0])).max()
        tensor(1.)
    """
    return convolve(input, weight, bias, stride, dilation).relu()


class ConvRelu2dInPlaceFunction(torch.autograd.Function):
    """apply(input, weight, bias, output, stride, dilation): relu(convolution), written into output.

    Example:
        >>> import torch
        >>> from wholefield.compat.msd_pytorch.conv_relu import ConvRelu2dInPlaceFunction
        >>> image, weight, output = torch.ones(1, 1, 4, 5), torch.ones(1, 1, 3, 3), torch.empty(1, 1, 4, 5)
        >>> ConvRelu2dInPlaceFunction.apply(image, weight, torch.zeros(1), output, 1, 2).mean()
        tensor(9.)
    """

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
    """The same over volumes.

    Example:
        >>> import torch
        >>> from wholefield.compat.msd_pytorch.conv_relu import ConvRelu3dInPlaceFunction
        >>> image, weight, output = torch.ones(1, 1, 3, 4, 5), torch.ones(1, 1, 3, 3, 3), torch.empty(1, 1, 3, 4, 5)
        >>> ConvRelu3dInPlaceFunction.apply(image, weight, torch.zeros(1), output, 1, 2).mean()
        tensor(27.)
    """


conv_relu2dInPlace = ConvRelu2dInPlaceFunction.apply
conv_relu3dInPlace = ConvRelu3dInPlaceFunction.apply


class ConvRelu2dInPlaceModule(Conv2dInPlaceModule):
    """Convolution with symmetric borders and clipping at zero into a given tensor; see Conv2dInPlaceModule.

    Example:
        >>> import torch
        >>> from wholefield.compat.msd_pytorch.conv_relu import ConvRelu2dInPlaceModule
        >>> output = torch.empty(1, 2, 4, 5)
        >>> result = ConvRelu2dInPlaceModule(output, 1, 2, dilation=2)(torch.ones(1, 1, 4, 5))
        >>> torch.equal(result, output)
        True
    """

    apply_function = staticmethod(conv_relu2dInPlace)


class ConvRelu3dInPlaceModule(Conv2dInPlaceModule):
    """Convolution of volumes with symmetric borders and clipping at zero into a given tensor.

    Example:
        >>> import torch
        >>> from wholefield.compat.msd_pytorch.conv_relu import ConvRelu3dInPlaceModule
        >>> output = torch.empty(1, 2, 3, 4, 5)
        >>> result = ConvRelu3dInPlaceModule(output, 1, 2, dilation=2)(torch.ones(1, 1, 3, 4, 5))
        >>> torch.equal(result, output)
        True
    """

    ndim = 3
    apply_function = staticmethod(conv_relu3dInPlace)
