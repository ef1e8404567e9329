"""Convolutions and transposed convolutions over one, two or three axes, and linear layers over channels."""

from collections.abc import Sequence
from math import prod
from typing import Any

from torch import Tensor
from torch.nn import functional

from wholefield.kernels import unrolled, winograd
from wholefield.streaming.geometry.axis import transposed, window
from wholefield.streaming.geometry.spans import Span
from wholefield.streaming.operations.border import with_borders
from wholefield.streaming.operations.call import Call, Local, Operand, Ref, Take
from wholefield.streaming.operations.convolve import convolved, recalled_linear
from wholefield.streaming.operations.pointwise import same_maps
from wholefield.streaming.operations.registry import Refusal, register

_TRANSPOSE = (functional.conv_transpose1d, functional.conv_transpose2d, functional.conv_transpose3d)


def per_axis(value: Any, count: int) -> tuple[int, ...]:
    """An integer option of torch, given once or per axis, as one value per axis."""
    values = tuple(value) if isinstance(value, Sequence) else (value,)
    return tuple(int(v) for v in (values * count if len(values) == 1 else values))


@register("conv1d", "conv2d", "conv3d")
def convolution(call: Call) -> Local:
    """A convolution with zero padding (other padding modes arrive as a border of their own)."""
    return _convolution(*call.args, **call.kwargs)


def _convolution(
    input: Ref,
    weight: Operand,
    bias: Operand = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Local:
    require_channels_first(input, weight)
    count = len(input.axes)
    kernel = tuple(weight.shape[2:])
    steps, dilations = per_axis(stride, count), per_axis(dilation, count)
    if isinstance(padding, str):
        total = [d * (k - 1) if padding == "same" else 0 for k, d in zip(kernel, dilations, strict=True)]
        before = tuple(t // 2 for t in total)
        after = tuple(t - t // 2 for t in total)
    else:
        before = after = per_axis(padding, count)
    maps = tuple(
        window(length, k, step, dilation, first, last)
        for length, k, step, dilation, first, last in zip(
            input.lengths, kernel, steps, dilations, before, after, strict=True
        )
    )

    def compute(take: Take, out: Sequence[Span]) -> Tensor:
        return convolved(take(input), take(weight), take(bias), steps, dilations, groups)

    def recall(take: Take, known: Tensor) -> Tensor:
        return convolved(take(input), take(weight), take(bias), steps, dilations, groups, known)

    def scratch(block: Sequence[int], training: bool) -> int:
        if not winograd.is_kind(weight, steps, dilations, groups):
            return unrolled.scratch_bytes(weight.shape, block[1], input.dtype) if training else 0
        rows = (input.shape[0], *block)
        filters, channels = weight.shape[0], weight.shape[1]
        return winograd.scratch_bytes(channels, filters, rows, input.dtype, training)

    return Local(
        maps,
        input.axes,
        compute,
        kernel,
        dilations,
        macs=prod(weight.shape),
        zeros_around=True,
        recall=recall,
        scratch=scratch if count == 2 and groups == 1 else None,
    )


@register("conv_transpose1d", "conv_transpose2d", "conv_transpose3d")
def transposed_convolution(call: Call) -> Local:
    """A transposed convolution; blocks overlap where the kernel is larger than the stride."""
    return _transposed(*call.args, **call.kwargs)


def _transposed(
    input: Ref,
    weight: Operand,
    bias: Operand = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Local:
    require_channels_first(input, weight)
    count = len(input.axes)
    kernel = tuple(weight.shape[2:])
    steps, dilations = per_axis(stride, count), per_axis(dilation, count)
    maps = tuple(
        transposed(length, *options)
        for length, *options in zip(
            input.lengths,
            kernel,
            steps,
            dilations,
            per_axis(padding, count),
            per_axis(output_padding, count),
            strict=True,
        )
    )
    convolve = _TRANSPOSE[count - 1]

    def compute(take: Take, out: Sequence[Span]) -> Tensor:
        # The result for inputs [first, last) starts at output first*step - padding of the whole image.
        full = convolve(take(input), take(weight), None, steps, 0, 0, groups, dilations)
        borders = {}
        for axis_map, axis, (start, stop) in zip(maps, input.axes, out, strict=True):
            origin = axis_map.needs(start, stop)[0] * axis_map.step - axis_map.padding
            borders[axis] = origin - start, stop - origin - full.shape[axis]
        block = with_borders(full, borders, 0.0)
        if bias is None:
            return block
        return block + take(bias).reshape(-1, *[1] * count)

    # Every input position meets every tap once; per output position that is the kernel over the stride.
    macs = prod(weight.shape) // prod(steps)
    return Local(maps, input.axes, compute, kernel, dilations, macs=macs)


@register("linear")
def linear(call: Call) -> Local:
    """A linear layer over the last dimension, which must hold channels."""
    return _linear(*call.args, **call.kwargs)


def _linear(input: Ref, weight: Operand, bias: Operand = None) -> Local:
    _require_channels_last(input)

    def compute(take: Take, _: Sequence[Span]) -> Tensor:
        return functional.linear(take(input), take(weight), take(bias))

    def recall(take: Take, known: Tensor) -> Tensor:
        return recalled_linear(known, take(input), take(weight), take(bias))

    return Local(same_maps(input), input.axes, compute, macs=prod(weight.shape), recall=recall)


def require_channels_first(input: Operand, weight: Operand = None) -> None:
    """Check that a layer gets (batch, channels, axes of the image) and, if it has one, a weight of its own.

    Raises:
        Refusal: It does not.
    """
    if not isinstance(input, Ref) or isinstance(weight, Ref):
        raise Refusal("its weights are computed from the image. Use weights that do not depend on it.")
    if input.axes != tuple(range(2, len(input.shape))):
        raise Refusal("it needs (batch, channels, axes of the image) in this order; permute its input first.")
    if weight is not None and len(weight.shape) != len(input.shape):
        raise Refusal(
            f"it works on images with {len(weight.shape) - 2} axes and gets one of shape {input.shape}. "
            "Pass (batch, channels, *axes)."
        )


def _require_channels_last(input: Ref) -> None:
    if len(input.shape) - 1 in input.axes:
        raise Refusal(
            "a fully connected layer over space: it mixes the whole image. Move it to the head, behind the streamed "
            "network; for a linear layer over channels, permute them to the last dimension first."
        )
