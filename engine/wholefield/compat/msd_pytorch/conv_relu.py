"""Convolution and clipping at zero that write their result into memory given to them."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from wholefield.compat.msd_pytorch.conv import Conv2dInPlaceModule
from wholefield.compat.msd_pytorch.convolution import convolution_gradients, convolve


class ConvRelu2dInPlaceFunction(torch.autograd.Function):
    """apply(input, weight, bias, output, stride, dilation): relu(convolution), written into output."""

    @staticmethod
    def forward(
        ctx: Any, input: Tensor, weight: Tensor, bias: Tensor, output: Tensor, stride: int, dilation: int
    ) -> Tensor:
        """Convolve (batch, channels, row, column), clip at zero into output, and return it."""
        result = convolve(input, weight, bias, stride, dilation).clamp_min_(0)
        ctx.save_for_backward(weight, bias, result)
        # Later layers write beside the input into the same buffer, which autograd would take for a change of it.
        ctx.input, ctx.stride, ctx.dilation = input.detach(), stride, dilation
        return output.detach().copy_(result)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_output: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of input, weight and bias."""
        weight, bias, result = ctx.saved_tensors
        masked = grad_output * (result > 0)
        found = convolution_gradients(ctx.input, weight, bias, masked, ctx.stride, ctx.dilation)
        return *(each if need else None for each, need in zip(found, ctx.needs_input_grad, strict=False)), *(
            None,
        ) * 3


conv_relu2dInPlace = ConvRelu2dInPlaceFunction.apply


class ConvRelu2dInPlaceModule(Conv2dInPlaceModule):
    """Convolution with symmetric borders and clipping at zero into a given tensor.

    Args:
        output: Where the result is written, (batch, out_channels, row, column); may be set later.
        in_channels: Input channels.
        out_channels: Output channels.
        kernel_size: Taps along both axes, odd.
        dilation: Distance of the taps in pixels.
    """

    def forward(self, input: Tensor) -> Tensor:
        """(batch, in_channels, row, column) to (batch, out_channels, row, column), in the memory of output."""
        result: Tensor = conv_relu2dInPlace(
            input, self.weight, self.bias, self.output, self.stride, self.dilation
        )
        return result
