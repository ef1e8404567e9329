"""Convolutions with symmetric borders, and the same written into memory given to them, over images and volumes."""

from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

from wholefield.compat.msd_pytorch.errors import ShapeError
from wholefield.streaming import symmetric_pad

__all__ = [
    "Conv2dInPlaceFunction",
    "Conv2dInPlaceModule",
    "Conv3dInPlaceFunction",
    "Conv3dInPlaceModule",
    "conv2d",
    "conv2dInPlace",
    "conv3d",
    "conv3dInPlace",
]


def convolve(input: Tensor, weight: Tensor, bias: Tensor, stride: int = 1, dilation: int = 1) -> Tensor:
    """Convolution of (batch, channels, [slice,] row, column) that reflects the image symmetrically at its borders.

    Raises:
        ShapeError: The kernel reaches further than the image is wide (a RuntimeError).
    """
    reach = [dilation * (size // 2) for size in weight.shape[2:]]
    if any(distance > length for distance, length in zip(reach, input.shape[2:], strict=True)):
        raise ShapeError(
            f"A dilation of {dilation} is larger than the image {tuple(input.shape[2:])}: "
            f"use larger images or smaller dilations."
        )
    padded = symmetric_pad(input, [distance for each in reversed(reach) for distance in (each, each)])
    operation = functional.conv2d if input.ndim == 4 else functional.conv3d
    return operation(padded, weight, bias, stride, 0, dilation)


def conv2d(input: Tensor, weight: Tensor, bias: Tensor, stride: int = 1, dilation: int = 1) -> Tensor:
    """Convolve images, reflecting them symmetrically at their borders (the border pixel is repeated).

    Args:
        input: (batch, channels, row, column), float32 or float64.
        weight: (out_channels, channels, rows, columns), odd sizes.
        bias: (out_channels,).
        stride: Distance of the results, in pixels.
        dilation: Distance of the taps, in pixels; at most the size of the image.

    Returns:
        (batch, out_channels, row, column); with a stride of 1 as large as the input.

    Raises:
        ShapeError: The kernel reaches further than the image is wide (a RuntimeError).

    Example:
        >>> import torch
        >>> from wholefield.compat.msd_pytorch.conv import conv2d
        >>> conv2d(torch.ones(1, 1, 5, 6), torch.ones(2, 1, 3, 3), torch.zeros(2), dilation=3)[0, 0, 0, 0]
        tensor(9.)
    """
    return convolve(input, weight, bias, stride, dilation)


def conv3d(input: Tensor, weight: Tensor, bias: Tensor, stride: int = 1, dilation: int = 1) -> Tensor:
    """Convolve volumes, reflecting them symmetrically at their borders (the border voxel is repeated).

    Args:
        input: (batch, channels, slice, row, column), float32 or float64.
        weight: (out_channels, channels, slices, rows, columns), odd sizes.
        bias: (out_channels,).
        stride: Distance of the results, in voxels.
        dilation: Distance of the taps, in voxels; at most the size of the volume.

    Returns:
        (batch, out_channels, slice, row, column); with a stride of 1 as large as the input.

    Raises:
        ShapeError: The kernel reaches further than the volume is wide (a RuntimeError).

    Example:
        >>> import torch
        >>> from wholefield.compat.msd_pytorch.conv import conv3d
        >>> conv3d(torch.ones(1, 1, 4, 5, 6), torch.ones(1, 1, 3, 3, 3), torch.zeros(1)).max()
        tensor(27.)
    """
    return convolve(input, weight, bias, stride, dilation)


def convolution_gradients(
    input: Tensor, weight: Tensor, bias: Tensor, gradient: Tensor, stride: int, dilation: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of input, weight and bias, given that of the output of :func:`convolve`."""
    with torch.enable_grad():
        leaves = [each.detach().requires_grad_() for each in (input, weight, bias)]
        output = convolve(leaves[0], leaves[1], leaves[2], stride, dilation)
        found = torch.autograd.grad(output, leaves, gradient)
    return found[0], found[1], found[2]


def gradients_of(ctx: Any, weight: Tensor, bias: Tensor, gradient: Tensor) -> tuple[Tensor | None, ...]:
    """What the backward pass of an in-place convolution gives: gradients where they are needed."""
    found = convolution_gradients(ctx.input, weight, bias, gradient, ctx.stride, ctx.dilation)
    needed = (each if need else None for each, need in zip(found, ctx.needs_input_grad, strict=False))
    return *needed, None, None, None


class Conv2dInPlaceFunction(torch.autograd.Function):
    """apply(input, weight, bias, output, stride, dilation): symmetric borders, result written into output.

    Example:
        >>> import torch
        >>> from wholefield.compat.msd_pytorch.conv import Conv2dInPlaceFunction
        >>> image, weight, output = torch.ones(1, 1, 4, 5), torch.ones(1, 1, 3, 3), torch.empty(1, 1, 4, 5)
        >>> Conv2dInPlaceFunction.apply(image, weight, torch.zeros(1), output, 1, 2).mean()
        tensor(9.)
    """

    @staticmethod
    def forward(
        ctx: Any, input: Tensor, weight: Tensor, bias: Tensor, output: Tensor, stride: int, dilation: int
    ) -> Tensor:
        """Convolve (batch, channels, [slice,] row, column) into output, and return it."""
        ctx.save_for_backward(weight, bias)
        # Later layers write beside the input into the same buffer, which autograd would take for a change of it.
        ctx.input, ctx.stride, ctx.dilation = input.detach(), stride, dilation
        return output.data.copy_(convolve(input, weight, bias, stride, dilation))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_output: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of input, weight and bias."""
        weight, bias = ctx.saved_tensors
        return gradients_of(ctx, weight, bias, grad_output)


class Conv3dInPlaceFunction(Conv2dInPlaceFunction):
    """The same over volumes.

    Example:
        >>> import torch
        >>> from wholefield.compat.msd_pytorch.conv import Conv3dInPlaceFunction
        >>> image, weight, output = torch.ones(1, 1, 3, 4, 5), torch.ones(1, 1, 3, 3, 3), torch.empty(1, 1, 3, 4, 5)
        >>> Conv3dInPlaceFunction.apply(image, weight, torch.zeros(1), output, 1, 2).mean()
        tensor(27.)
    """


conv2dInPlace = Conv2dInPlaceFunction.apply
conv3dInPlace = Conv3dInPlaceFunction.apply


class Conv2dInPlaceModule(nn.Module):
    """Convolution with symmetric borders into a given tensor.

    Args:
        output: Where the result is written, (batch, out_channels, row, column); may be set later.
        in_channels: Input channels.
        out_channels: Output channels.
        kernel_size: Taps along each axis, odd.
        dilation: Distance of the taps in pixels.

    Example:
        >>> import torch
        >>> from wholefield.compat.msd_pytorch.conv import Conv2dInPlaceModule
        >>> output = torch.empty(1, 2, 4, 5)
        >>> result = Conv2dInPlaceModule(output, 1, 2, dilation=2)(torch.ones(1, 1, 4, 5))
        >>> torch.equal(result, output)
        True
    """

    ndim: ClassVar[int] = 2
    apply_function: ClassVar[Any] = staticmethod(conv2dInPlace)

    def __init__(
        self,
        output: Tensor | None,
        in_channels: int,
        out_channels: int,
        kernel_size: int = 3,
        dilation: int = 1,
    ) -> None:
        super().__init__()
        self.output = output
        self.stride, self.dilation = 1, dilation
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels, *(kernel_size,) * self.ndim))
        self.bias = nn.Parameter(torch.zeros(out_channels))
        nn.init.kaiming_normal_(self.weight)

    def forward(self, input: Tensor) -> Tensor:
        """(batch, in_channels, [slice,] row, column) to out_channels of them, in the memory of output."""
        result: Tensor = self.apply_function(
            input, self.weight, self.bias, self.output, self.stride, self.dilation
        )
        return result


class Conv3dInPlaceModule(Conv2dInPlaceModule):
    """Convolution of volumes with symmetric borders into a given tensor; see Conv2dInPlaceModule.

    Example:
        >>> import torch
        >>> from wholefield.compat.msd_pytorch.conv import Conv3dInPlaceModule
        >>> output = torch.empty(1, 2, 3, 4, 5)
        >>> result = Conv3dInPlaceModule(output, 1, 2, dilation=2)(torch.ones(1, 1, 3, 4, 5))
        >>> torch.equal(result, output)
        True
    """

    ndim = 3
    apply_function = staticmethod(conv3dInPlace)
