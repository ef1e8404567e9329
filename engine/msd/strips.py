"""Training on images that do not fit in memory: forward row by row, backward strip by strip.

The forward pass streams and keeps nothing. The backward pass recomputes one strip of rows (slices) at a time, together
with as many true rows around it as its outputs depend on, and adds up its gradients. What is wrong near the cuts of a
strip does not reach its outputs, so gradients are those of the whole image.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from engine.msd.autograd import compute, network_gradients
from engine.msd.kernel import spec_of
from engine.msd.parameters import Parameters
from engine.msd.precision import own_precision
from engine.msd.rows import GROUP, STEP, RowStream
from engine.msd.spec import BlockSpec


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
        return stream_batch(image, bias, weights, final, final_bias, spec)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of image, bias, final weight and bias, and kernels, summed over all strips."""
        image, bias, final, *weights = ctx.saved_tensors
        needs = (ctx.needs_input_grad[0], *ctx.needs_input_grad[3:])
        parameters = Parameters.pack(ctx.spec, weights, bias)
        images = torch.zeros_like(image) if needs[0] else None
        sums: list[Tensor | None] = [None] * (len(needs) - 1)
        for index in range(len(image)):
            for first, end, low, high in strips(image.shape[2], ctx.strip, sum(ctx.spec.dilations)):
                computed = compute(ctx.spec, [image[index : index + 1, :, low:high]], parameters)
                part = gradient.new_zeros(1, gradient.shape[1], high - low, *gradient.shape[3:])
                part[0, :, first - low : end - low] = gradient[index, :, first:end]
                found, *others = network_gradients(computed, bias, final, weights, part, needs)
                if images is not None and found is not None:
                    images[index, :, low:high] += found[0]
                sums = [
                    b if a is None else a if b is None else a.add_(b)
                    for a, b in zip(sums, others, strict=True)
                ]
        return images, None, None, *sums


def strips(length: int, strip: int, reach: int) -> Iterator[tuple[int, int, int, int]]:
    """Strips (first, end) of an axis, and what they depend on (low, high)."""
    for first in range(0, length, strip):
        end = min(first + strip, length)
        yield first, end, max(0, first - reach), min(length, end + reach)


def stream_batch(
    image: Tensor,
    bias: Tensor,
    weights: Sequence[Tensor],
    final: Tensor,
    final_bias: Tensor,
    spec: BlockSpec,
    step: int = STEP,
) -> Tensor:
    """A network over a batch, row by row: (batch, c_out, [slice,] row, column)."""
    streamed = BlockSpec(spec.c_in, spec.width, spec.dilations, spec.ndim, GROUP)
    parameters = Parameters.pack(streamed, weights, bias)
    output = image.new_empty(image.shape[0], len(final), *image.shape[2:])
    for one, result in zip(image, output, strict=True):
        stream = RowStream(streamed, parameters, one.shape[1:], one, step)

        def read(first: int, end: int, one: Tensor = one) -> Tensor:
            return one[:, first:end]

        for first, block in stream.run(read, final.flatten(1), final_bias):
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

    The channels of strip + 2 * sum(dilations) rows (slices) are in memory at once. The backward pass computes
    (1 + 2 * sum(dilations) / strip) times as much as that of the network on the whole image.

    Args:
        image: (batch, c_in, [slice,] row, column).
        dilations: One for each layer, in pixels.
        bias: (depth * width,).
        weights: For each layer (width, c_in + layer * width, 3, 3[, 3]).
        final: (c_out, c_in + depth * width) or with a last axis of one.
        final_bias: (c_out,).
        strip: Rows (slices) whose gradients are computed at once.

    Returns:
        (batch, c_out, [slice,] row, column).

    Raises:
        ShapeError: The image does not fit the parameters or is smaller than a dilation (a RuntimeError).
    """
    with own_precision(image, weights) as image:
        spec = spec_of(image, dilations, bias, weights)
        return StripNetworkFunction.apply(image, spec, strip, bias, final, final_bias, *weights)
