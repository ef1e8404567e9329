"""Convolutions without padding, the fastest way; and convolutions and linear layers whose result is known already."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

from wholefield.kernels import depthwise, unrolled, winograd

_CONVOLVE = (functional.conv1d, functional.conv2d, functional.conv3d)

_KERNELS = (winograd, depthwise, unrolled)

_Options: TypeAlias = tuple[Sequence[int], Sequence[int], int]
"""Stride and dilation per axis, and the groups of channels."""


def convolved(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Sequence[int],
    dilation: Sequence[int],
    groups: int,
    known: Tensor | None = None,
) -> Tensor:
    """A convolution without padding.

    Args:
        input: What it reads, (batch, channels in, *axes).
        weight: (channels out, channels in / groups, *kernel).
        bias: (channels out,) or None.
        stride: Per axis.
        dilation: Per axis.
        groups: Groups of channels.
        known: Its result, (batch, channels out, *axes), to be put into the graph without computing it; what is
            returned takes its memory.
    """
    options = (stride, dilation, groups)
    if known is not None:
        return _Convolution.apply((known,), options, *_in_type_of(known, input, weight, bias))
    if any(kernel.suits(input, weight, *options) for kernel in _KERNELS):
        return _Convolution.apply((), options, input, weight, bias)
    return _convolved(input, weight, bias, options)


def _convolved(input: Tensor, weight: Tensor, bias: Tensor | None, options: _Options) -> Tensor:
    if winograd.suits(input, weight, *options):
        return winograd.convolve(input, weight, bias)
    stride, dilation, groups = options
    return _CONVOLVE[input.ndim - 3](input, weight, bias, stride, 0, dilation, groups)


def recalled_linear(known: Tensor, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """The known result of a linear layer, put into the graph without computing it.

    Args:
        known: Its values, (..., channels out); the result takes their memory.
        input: (..., channels in).
        weight: (channels out, channels in).
        bias: (channels out,) or None.
    """
    return _KnownLinear.apply((known,), *_in_type_of(known, input, weight, bias))


def _in_type_of(known: Tensor, *operands: Tensor | None) -> list[Tensor | None]:
    """Operands in the type of a result: under autocast that is the one in which it was computed."""
    return [operand if operand is None else operand.to(known.dtype) for operand in operands]


class _KnownLinear(torch.autograd.Function):
    """A known result with the gradient of a linear layer."""

    @staticmethod
    def forward(ctx: Any, known: tuple[Tensor], input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """The known values."""
        ctx.save_for_backward(input, weight)
        return known[0]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        """The gradients of input, weight and bias."""
        input, weight = ctx.saved_tensors
        _, wants_input, wants_weight, wants_bias = ctx.needs_input_grad
        rows = grad.reshape(-1, grad.shape[-1])
        return (
            None,
            (rows @ weight).view(input.shape) if wants_input else None,
            rows.mT @ input.reshape(-1, input.shape[-1]) if wants_weight else None,
            rows.sum(0) if wants_bias else None,
        )


class _Convolution(torch.autograd.Function):
    """A convolution whose gradient has a kernel of ours, or one whose result is known."""

    @staticmethod
    def forward(
        ctx: Any,
        known: tuple[Tensor, ...],
        options: _Options,
        input: Tensor,
        weight: Tensor,
        bias: Tensor | None,
    ) -> Tensor:
        """The values; known ones come in a tuple, where autograd does not take them for an input."""
        ctx.save_for_backward(input, weight)
        ctx.options = options
        ctx.bias_sizes = None if bias is None else list(bias.shape)
        return known[0] if known else _convolved(input, weight, bias, options)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        """The gradients of input, weight and bias."""
        input, weight = ctx.saved_tensors
        stride, dilation, groups = ctx.options
        wants = ctx.needs_input_grad[2:]
        for kernel in (winograd, depthwise):
            if kernel.suits(input, weight, stride, dilation, groups):
                return (None, None, *kernel.gradients(grad, input, weight, wants))
        if unrolled.suits(input, weight, stride, dilation, groups):
            return (None, None, *unrolled.gradients(grad, input, weight, stride, dilation, wants))
        nothing = [0] * len(stride)
        grads = torch.ops.aten.convolution_backward(
            grad, input, weight, ctx.bias_sizes, list(stride), nothing, list(dilation), False, nothing, groups, wants
        )  # fmt: skip
        return (None, None, *grads)
