"""Gradients of convolutions as matrix products, on a CPU and with the channels last.

That of the weights is a product of the gradient with unrolled patches: the pixels under the kernel side by side, one
row a result. torch computes it at a quarter of the speed: tests/bench/bench_convolutions.py. Those of a 1x1 convolution
are products as they stand.
"""

from collections.abc import Sequence
from math import prod
from typing import Any, TypeAlias

import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.flop_counter import register_flop_formula

from wholefield.kernels.compiled import compiled
from wholefield.kernels.scratch import Use, room
from wholefield.kernels.threads import parts_of, run_torch
from wholefield.kernels.winograd_tiles import LEAST_SCRATCH, SCRATCH, Image

Array: TypeAlias = NDArray[Any]

_TYPES = (torch.float32, torch.float64)


def suits(input: Tensor, weight: Tensor, stride: Sequence[int], dilation: Sequence[int], groups: int) -> bool:
    """Whether a convolution without padding is one whose `gradients` are computed faster here than by torch.

    Args:
        input: (batch, channels in, *axes).
        weight: (channels out, channels in / groups, *kernel).
        stride: Per axis.
        dilation: Per axis.
        groups: Groups of channels.
    """
    return (
        weight.ndim == 4
        and groups == 1
        and input.stride(1) == 1
        and input.device.type == "cpu"
        and input.dtype == weight.dtype
        and input.dtype in _TYPES
        and not torch.is_autocast_enabled("cpu")
    )


def gradients(
    gradient: Tensor,
    input: Tensor,
    weight: Tensor,
    stride: Sequence[int],
    dilation: Sequence[int],
    wants: tuple[bool, bool, bool],
) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
    """The gradients of a convolution without padding and groups.

    Args:
        gradient: Of the result, (batch, channels out, height, width).
        input: (batch, channels in, *axes), its channels last.
        weight: (channels out, channels in, *kernel).
        stride: Per axis.
        dilation: Per axis.
        wants: Whether those of input, weight and bias are requested.

    Returns:
        Those of input, weight and bias, None where it was not requested.
    """
    grad_bias = gradient.sum((0, 2, 3)) if wants[2] else None
    if prod(weight.shape[2:]) == prod(stride) == 1:
        rows, matrix = _pixels(gradient), weight.flatten(1)
        return (
            (rows @ matrix).view(input.permute(0, 2, 3, 1).shape).permute(0, 3, 1, 2) if wants[0] else None,
            (rows.mT @ _pixels(input)).view_as(weight) if wants[1] else None,
            grad_bias,
        )
    grad_weight = None
    if wants[1]:
        grad_weight = torch.ops.wholefield.unrolled_weights(
            gradient, input, weight.shape[2:], stride, dilation
        )
    grad_input = None
    if wants[0]:
        grad_input = torch.ops.aten.convolution_backward(
            gradient, input, weight, None, stride, [0, 0], dilation, False, [0, 0], 1, (True, False, False)
        )[0]
    return grad_input, grad_weight, grad_bias


def scratch_bytes(weight: Sequence[int], width: int, dtype: torch.dtype) -> int:
    """Bytes of scratch memory that the gradient of weights of that shape takes in each thread.

    Args:
        weight: (channels out, channels in, *kernel).
        width: Of a row of results.
        dtype: Type of the weights.
    """
    return _rows_together(weight, width, dtype) * width * prod(weight[1:]) * dtype.itemsize


def _rows_together(weight: Sequence[int], width: int, dtype: torch.dtype) -> int:
    """Of how many rows the patches are unrolled at a time: products add to sums that are read for each of them."""
    size = min(SCRATCH, max(LEAST_SCRATCH, prod(weight) * dtype.itemsize))
    return max(1, size // (width * prod(weight[1:]) * dtype.itemsize))


def _weight_gradient(
    gradient: Tensor, input: Tensor, kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int]
) -> Tensor:
    batch, filters, height, width = gradient.shape
    channels, taps = input.shape[1], prod(kernel) * input.shape[1]
    arriving, pixels = _pixels(gradient), Image.of(input)
    window = (*kernel, *stride, *dilation, channels)
    together = _rows_together((filters, channels, *kernel), width, gradient.dtype)
    parts = parts_of(0, batch * height, width * max(filters, taps))
    sums = gradient.new_empty(len(parts), filters, taps)

    def add_up(number: int) -> None:
        begin, end = parts[number]
        for first in range(begin, end, together):
            last = min(end, first + together)
            patches = room(Use.PATCHES, ((last - first) * width, taps), gradient.dtype)
            _unroll(pixels.flat, pixels.shape[2:], patches.numpy(), (height, width), window, first, last)
            # With beta 0 what the memory held is not read.
            sums[number].addmm_(arriving[first * width : last * width].mT, patches, beta=int(first > begin))

    run_torch([(add_up, number) for number in range(len(parts))])
    for more in sums[1:]:
        sums[0] += more
    return sums[0].view(filters, *kernel, channels).permute(0, 3, 1, 2)


@compiled
def _unroll(
    pixels: Array,
    steps: tuple[int, int],
    patches: Array,
    size: tuple[int, int],
    window: tuple[int, ...],
    first: int,
    last: int,
) -> None:
    """Lay the pixels under the kernel side by side.

    Args:
        pixels: An image with its channels last, flat.
        steps: Values from image to image and from row to row.
        patches: (results, taps * channels).
        size: Rows and columns of the results.
        window: Rows and columns of the kernel, of its stride and of its dilation; channels.
        first: The first row of results, counted over the batch.
        last: Behind the last.
    """
    down, across, stride_down, stride_across, dilation_down, dilation_across, channels = window
    height, width = size
    together, apart = (across, 1) if dilation_across == 1 else (1, across)
    run = together * channels
    for row in range(first, last):
        begin = row // height * steps[0] + row % height * stride_down * steps[1]
        for x in range(width):
            patch = patches[(row - first) * width + x]
            for y in range(down):
                start = begin + y * dilation_down * steps[1] + x * stride_across * channels
                for tap in range(apart):
                    at, source = (y * apart + tap) * run, start + tap * dilation_across * channels
                    for c in range(run):
                        patch[at + c] = pixels[source + c]


def _pixels(image: Tensor) -> Tensor:
    """(pixels, channels), copied only where they do not lie side by side."""
    return image.detach().permute(0, 2, 3, 1).reshape(-1, image.shape[1])


_library = torch.library.Library("wholefield", "FRAGMENT")
_library.define(
    "unrolled_weights(Tensor gradient, Tensor input, int[] kernel, int[] stride, int[] dilation) -> Tensor"
)
_library.impl("unrolled_weights", _weight_gradient, "CPU")


@register_flop_formula(torch.ops.wholefield.unrolled_weights)
def _operations(gradient: Sequence[int], *_: Any, out_shape: Sequence[int], **__: Any) -> int:
    return 2 * prod(gradient) * prod(out_shape[1:])
