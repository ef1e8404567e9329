"""Training on images that do not fit in memory: rows stream forward, and strip by strip backward.

The forward pass keeps of its channels only the few rows in front of every strip. From them the backward pass computes
one strip after the other again, so that neither outputs nor gradients differ from those of the whole image.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from wholefield.networks.msd.kernel.autograd import as_parameters, select
from wholefield.networks.msd.kernel.backward import Wanted
from wholefield.networks.msd.kernel.functions import own_precision, spec_of
from wholefield.networks.msd.kernel.parameters import Parameters
from wholefield.networks.msd.spec import BlockSpec
from wholefield.networks.msd.streaming.cuts import Cuts
from wholefield.networks.msd.streaming.reverse import ReverseStream
from wholefield.networks.msd.streaming.rows import STEP, RowStream, SeeRows


class StripNetworkFunction(torch.autograd.Function):
    """apply(image, spec, strip, bias, final, final_bias, *weights)."""

    @staticmethod
    def forward(
        ctx: Any,
        image: Tensor,
        spec: BlockSpec,
        strip: int,
        bias: Tensor,
        final: Tensor,
        final_bias: Tensor,
        *weights: Tensor,
    ) -> Tensor:
        """Stream the batch: (batch, c_out, [slice,] row, column)."""
        ctx.spec, ctx.strip = spec, strip
        ctx.save_for_backward(image, bias, final, *weights)
        ctx.cuts = [Cuts(image.shape[2], strip, spec.margin) for _ in image]
        return stream_batch(image, bias, weights, final, final_bias, spec, [each.see for each in ctx.cuts])

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of image, bias, final weight and bias, and kernels."""
        image, bias, final, *weights = ctx.saved_tensors
        needs = (ctx.needs_input_grad[0], *ctx.needs_input_grad[3:])
        wanted = Wanted.of(needs[0], needs[1], needs[4:])
        parameters = Parameters.pack(ctx.spec, weights, bias)
        stream = ReverseStream(ctx.spec, parameters, final, image.shape[2:], ctx.strip, wanted)
        images = torch.empty_like(image) if needs[0] else None
        for index, (one, cuts) in enumerate(zip(image, ctx.cuts, strict=True)):
            for first, block in stream.run(one, cuts, gradient[index]):
                if images is not None:
                    images[index, :, first : first + block.shape[1]] = block
        biases, kernels = as_parameters(ctx.spec, stream.matrices(), weights, bias)
        final_bias = gradient.transpose(0, 1).flatten(1).sum(1)
        final_gradient = stream.final_gradient.view_as(final).to(final.dtype)
        image_gradient, *others = select([images, biases, final_gradient, final_bias, *kernels], needs)
        return image_gradient, None, None, *others


def stream_batch(
    image: Tensor,
    bias: Tensor,
    weights: Sequence[Tensor],
    final: Tensor,
    final_bias: Tensor,
    spec: BlockSpec,
    see: Sequence[SeeRows | None],
) -> Tensor:
    """A network over a batch, row by row: (batch, c_out, [slice,] row, column); `see` is shown the channels."""
    parameters = Parameters.pack(spec, weights, bias)
    output = image.new_empty(image.shape[0], len(final), *image.shape[2:])
    for one, result, each in zip(image, output, see, strict=True):
        stream = RowStream(spec, parameters, one.shape[1:], one, STEP)

        def read(first: int, end: int, one: Tensor = one) -> Tensor:
            return one[:, first:end]

        for first, block in stream.run(read, final.flatten(1), final_bias, each):
            result[:, first : first + block.shape[1]] = block
    return output


def network_in_strips(
    image: Tensor,
    dilations: Sequence[int],
    bias: Tensor,
    weights: Sequence[Tensor],
    final: Tensor,
    final_bias: Tensor,
    strip: int,
) -> Tensor:
    """What msd_network computes, in bounded memory: output and gradients are the same.

    In memory at once are the channels over strip + sum(dilations) rows (slices), twice, over one strip, and over
    max(dilations) rows for every strip of the image. The backward pass computes the forward pass once more.

    Args:
        image: (batch, c_in, [slice,] row, column).
        dilations: One for each layer, in pixels.
        bias: (depth * width,).
        weights: For each layer (width, c_in + layer * width, 3, 3[, 3]).
        final: (c_out, c_in + depth * width) or with a last axis of one.
        final_bias: (c_out,).
        strip: Rows (slices) that the backward pass computes again at once.

    Returns:
        (batch, c_out, [slice,] row, column).

    Raises:
        ShapeError: The image does not fit the parameters or is smaller than a dilation (a RuntimeError).
    """
    with own_precision(image, weights) as image:
        spec = spec_of(image, dilations, bias, weights)
        tensors = (bias, final, final_bias, *weights)
        if torch.is_grad_enabled() and any(each.requires_grad for each in (image, *tensors)):
            return StripNetworkFunction.apply(image, spec, strip, *tensors)
        return stream_batch(image, bias, weights, final, final_bias, spec, [None] * len(image))
