"""Convolution that writes its result into memory given to it."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from wholefield.compat.msd_pytorch.convolution import convolution_gradients, convolve


class Conv2dInPlaceFunction(torch.autograd.Function):
    """apply(input, weight, bias, output, stride, dilation): symmetric borders, result written into output."""

    @staticmethod
    def forward(
        ctx: Any, input: Tensor, weight: Tensor, bias: Tensor, output: Tensor, stride: int, dilation: int
    ) -> Tensor:
        """Convolve (batch, channels, row, column) into output, and return it."""
        ctx.save_for_backward(weight, bias)
        # Later layers write beside the input into the same buffer, which autograd would take for a change of it.
        ctx.input, ctx.stride, ctx.dilation = input.detach(), stride, dilation
        return output.detach().copy_(convolve(input, weight, bias, stride, dilation))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_output: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of input, weight and bias."""
        weight, bias = ctx.saved_tensors
        found = convolution_gradients(ctx.input, weight, bias, grad_output, ctx.stride, ctx.dilation)
        return *(each if need else None for each, need in zip(found, ctx.needs_input_grad, strict=False)), *(
            None,
        ) * 3


conv2dInPlace = Conv2dInPlaceFunction.apply


class Conv2dInPlaceModule(nn.Module):
    """Convolution with symmetric borders into a given tensor.

    Args:
        output: Where the result is written, (batch, out_channels, row, column); may be set later.
        in_channels: Input channels.
        out_channels: Output channels.
        kernel_size: Taps along both axes, odd.
        dilation: Distance of the taps in pixels.
    """

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
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels, kernel_size, kernel_size))
        self.bias = nn.Parameter(torch.zeros(out_channels))
        nn.init.kaiming_normal_(self.weight)

    def forward(self, input: Tensor) -> Tensor:
        """(batch, in_channels, row, column) to (batch, out_channels, row, column), in the memory of output."""
        result: Tensor = conv2dInPlace(input, self.weight, self.bias, self.output, self.stride, self.dilation)
        return result
