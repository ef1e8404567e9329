"""Convolution with symmetric borders and its gradients, as pure functions."""

import torch
from torch import Tensor
from torch.nn import functional

from wholefield.compat.msd_pytorch.errors import ShapeError
from wholefield.streaming import symmetric_pad


def reach_of(weight: Tensor, dilation: int) -> tuple[int, ...]:
    """Pixels that an odd kernel reads beyond a position, along rows and columns."""
    return tuple(dilation * (size // 2) for size in weight.shape[2:])


def convolve(input: Tensor, weight: Tensor, bias: Tensor, stride: int = 1, dilation: int = 1) -> Tensor:
    """Convolution of (batch, channels, row, column) that reflects the image symmetrically at its borders.

    Raises:
        ShapeError: The kernel reaches further than the image is wide (a RuntimeError).
    """
    reach = reach_of(weight, dilation)
    if any(distance > length for distance, length in zip(reach, input.shape[2:], strict=True)):
        raise ShapeError(
            f"A dilation of {dilation} is larger than the image {tuple(input.shape[2:])}: "
            f"use larger images or smaller dilations."
        )
    padded = symmetric_pad(input, (reach[1], reach[1], reach[0], reach[0]))
    return functional.conv2d(padded, weight, bias, stride, 0, dilation)


def convolution_gradients(
    input: Tensor, weight: Tensor, bias: Tensor, gradient: Tensor, stride: int, dilation: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of input, weight and bias, given that of the output of :func:`convolve`."""
    with torch.enable_grad():
        leaves = [each.detach().requires_grad_() for each in (input, weight, bias)]
        output = convolve(leaves[0], leaves[1], leaves[2], stride, dilation)
        found = torch.autograd.grad(output, leaves, gradient)
    return found[0], found[1], found[2]
