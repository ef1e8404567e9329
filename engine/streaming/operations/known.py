"""A convolution whose result is known: only its backward is computed."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


def recalled(
    known: Tensor,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Sequence[int],
    dilation: Sequence[int],
    groups: int,
) -> Tensor:
    """The result of a convolution without padding, put into the graph without computing it.

    Args:
        known: Its values, (batch, channels out, *axes); the result takes their memory.
        input: What it reads, (batch, channels in, *axes).
        weight: (channels out, channels in / groups, *kernel).
        bias: (channels out,) or None.
        stride: Per axis.
        dilation: Per axis.
        groups: Groups of channels.
    """
    # Under autocast the convolution computed in the type of its result.
    operands = [operand if operand is None else operand.to(known.dtype) for operand in (input, weight, bias)]
    return _Recalled.apply((known,), (stride, dilation, groups), *operands)


class _Recalled(torch.autograd.Function):
    """The known values with the gradient of a convolution."""

    @staticmethod
    def forward(
        ctx: Any,
        known: tuple[Tensor],
        options: tuple[Any, ...],
        input: Tensor,
        weight: Tensor,
        bias: Tensor | None,
    ) -> Tensor:
        """Hand the values out; in a tuple autograd does not take them for an input."""
        ctx.save_for_backward(input, weight)
        ctx.options = options
        ctx.bias_sizes = None if bias is None else list(bias.shape)
        return known[0]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        """The gradients of input, weight and bias."""
        input, weight = ctx.saved_tensors
        stride, dilation, groups = ctx.options
        nothing = [0] * len(stride)
        grads = torch.ops.aten.convolution_backward(
            grad, input, weight, ctx.bias_sizes, list(stride), nothing, list(dilation), False, nothing, groups,
            ctx.needs_input_grad[2:],
        )  # fmt: skip
        return (None, None, *grads)
