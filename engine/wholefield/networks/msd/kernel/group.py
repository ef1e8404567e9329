"""A few consecutive layers of a mixed-scale dense network as one function of all channels before them.

This is the piece that streams: it reads a fixed distance around every position, and no layer inside it is handed out
until all of them are done.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from wholefield.networks.msd.kernel.autograd import Computed, compute, differentiate, inward, outward, select
from wholefield.networks.msd.kernel.backward import Wanted
from wholefield.networks.msd.kernel.buffers import borrowed
from wholefield.networks.msd.kernel.parameters import Parameters
from wholefield.networks.msd.spec import BlockSpec


class MSDGroupFunction(torch.autograd.Function):
    """apply(spec, number of parts, bias, *parts, *weights): the channels of the layers."""

    @staticmethod
    def forward(ctx: Any, spec: BlockSpec, count: int, bias: Tensor, *tensors: Tensor) -> Tensor:
        """Compute (batch, layers * width, [slice,] row, column)."""
        parts, weights = tensors[:count], tensors[count:]
        ctx.computed = compute(spec, parts, Parameters.pack(spec, weights, bias))
        ctx.channels = [part.shape[1] for part in parts]
        ctx.save_for_backward(bias, *weights)
        return outward(ctx.computed.frame, ctx.computed.flat[spec.c_in :])

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of bias, parts and weights."""
        bias, *weights = ctx.saved_tensors
        computed: Computed = ctx.computed
        spec, count = computed.spec, len(ctx.channels)
        needs = ctx.needs_input_grad[2:]
        wanted = Wanted.of(any(needs[1 : 1 + count]), needs[0], needs[1 + count :])
        wide = gradient.new_empty(0, dtype=torch.promote_types(gradient.dtype, torch.float32))
        with borrowed(computed.lease.tensor.shape, wide) as gradients:
            gradients[1 : 1 + spec.c_in].zero_()
            inward(computed.frame, gradient, gradients[1 + spec.c_in :].flatten(1))
            parameters = Parameters.pack(spec, weights, bias)
            images, biases, kernels = differentiate(computed, parameters, weights, gradients, wanted)
        parts = [None] * count if images is None else images.split(ctx.channels, 1)
        found = [biases, *parts, *kernels]
        return None, None, *select(found, needs)


def msd_group(
    parts: Sequence[Tensor], dilations: Sequence[int], bias: Tensor, weights: Sequence[Tensor]
) -> Tensor:
    """The channels of consecutive layers, from all channels before them.

    Args:
        parts: All channels before the layers, in one or several tensors (batch, channels, [slice,] row, column).
        dilations: One for each layer, in pixels; at most the size of the image.
        bias: (layers * width,).
        weights: For each layer (width, channels before it, 3, 3[, 3]).

    Returns:
        (batch, layers * width, [slice,] row, column).
    """
    if torch.overrides.has_torch_function(tuple(parts)):
        return torch.overrides.handle_torch_function(
            msd_group, tuple(parts), list(parts), dilations, bias, list(weights)
        )
    width = weights[0].shape[0]
    learns = torch.is_grad_enabled() and any(each.requires_grad for each in (bias, *parts, *weights))
    if parts[0].is_meta:
        shape = (parts[0].shape[0], len(weights) * width, *parts[0].shape[2:])
        return parts[0].new_empty(shape).requires_grad_(learns)
    spec = BlockSpec(weights[0].shape[1], width, tuple(dilations), weights[0].ndim - 2, len(weights))
    if learns:
        return MSDGroupFunction.apply(spec, len(parts), bias, *parts, *weights)
    with torch.no_grad():
        computed = compute(spec, parts, Parameters.pack(spec, weights, bias))
        return outward(computed.frame, computed.flat[spec.c_in :])
