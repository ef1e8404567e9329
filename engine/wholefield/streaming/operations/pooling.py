"""Maximum and average pooling over windows, with ceil_mode and every way of counting the padding."""

from collections.abc import Sequence
from math import prod
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from wholefield.streaming.geometry.axis import Window, pooling
from wholefield.streaming.geometry.spans import Span
from wholefield.streaming.operations.border import with_borders
from wholefield.streaming.operations.call import Call, Local, Ref, Take
from wholefield.streaming.operations.convolution import per_axis, require_channels_first
from wholefield.streaming.operations.registry import Refusal, register

_MAX = (functional.max_pool1d, functional.max_pool2d, functional.max_pool3d)
_AVERAGE = (functional.avg_pool1d, functional.avg_pool2d, functional.avg_pool3d)


@register("max_pool1d", "max_pool2d", "max_pool3d")
def max_pool(call: Call) -> Local:
    """The largest value in each window; padding never wins."""
    _check_axes(call)
    return _max_pool(*call.args, **call.kwargs)


def _max_pool(
    input: Ref,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Local:
    if return_indices:
        raise Refusal("it returns positions in the whole image; use max pooling without return_indices.")
    count = len(input.axes)
    kernel, dilations = per_axis(kernel_size, count), per_axis(dilation, count)
    steps = kernel if stride is None or stride == [] else per_axis(stride, count)
    maps = _maps(input, kernel, steps, dilations, per_axis(padding, count), ceil_mode)
    pool = _MAX[count - 1]

    def compute(take: Take, out: Sequence[Span]) -> Tensor:
        block = take(input)
        block = _surround(block, maps, input.axes, out, _lowest(block.dtype))
        return pool(block, kernel, steps, 0, dilations)

    return Local(maps, input.axes, compute, kernel, dilations)


@register("avg_pool1d", "avg_pool2d", "avg_pool3d")
def average_pool(call: Call) -> Local:
    """The mean of each window."""
    _check_axes(call)
    return _average_pool(*call.args, **call.kwargs)


def _average_pool(
    input: Ref,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Local:
    count = len(input.axes)
    kernel, pads = per_axis(kernel_size, count), per_axis(padding, count)
    steps = kernel if stride is None or stride == [] else per_axis(stride, count)
    maps = _maps(input, kernel, steps, (1,) * count, pads, ceil_mode)
    pool = _AVERAGE[count - 1]

    def compute(take: Take, out: Sequence[Span]) -> Tensor:
        mean = pool(take(input), kernel, steps, 0)
        if divisor_override is not None:
            return mean * (prod(kernel) / divisor_override)
        for axis_map, axis, pad, span in zip(maps, input.axes, pads, out, strict=True):
            sizes = [_counted(axis_map, position, pad, count_include_pad) for position in range(*span)]
            if any(size != axis_map.kernel for size in sizes):
                shape = [1] * mean.ndim
                shape[axis] = -1
                factor = [axis_map.kernel / size for size in sizes]
                mean = mean * torch.tensor(factor, dtype=mean.dtype, device=mean.device).reshape(shape)
        return mean

    return Local(maps, input.axes, compute, kernel, (1,) * count, zeros_around=True)


def _counted(axis_map: Window, position: int, padding: int, include: bool) -> int:
    """By how many positions torch divides along one axis: windows never count what ceil_mode adds."""
    start = position * axis_map.step - padding
    stop = min(start + axis_map.kernel, axis_map.length_in + padding)
    if include:
        return stop - start
    return min(stop, axis_map.length_in) - max(start, 0)


def _check_axes(call: Call) -> None:
    input = call.refs[0]
    require_channels_first(input)
    if f"{len(input.axes)}d" != call.name[-2:]:
        raise Refusal(
            f"it works on images with {call.name[-2]} axes and gets one of shape {input.shape}. "
            "Pass (batch, channels, *axes)."
        )


def _surround(
    block: Tensor, maps: Sequence[Window], axes: Sequence[int], out: Sequence[Span], value: float
) -> Tensor:
    """Add the part of the true padding that the windows of an output range cover.

    Where the range lies far outside the image its block holds a position that no window reads; it is cut off.
    """
    borders = {
        axis: axis_map.border(start, stop)
        for axis_map, axis, (start, stop) in zip(maps, axes, out, strict=True)
    }
    return with_borders(block, borders, value)


def _maps(
    input: Ref,
    kernel: tuple[int, ...],
    steps: tuple[int, ...],
    dilations: tuple[int, ...],
    pads: tuple[int, ...],
    ceil_mode: bool,
) -> tuple[Window, ...]:
    return tuple(
        pooling(length, k, step, dilation, pad, ceil_mode)
        for length, k, step, dilation, pad in zip(input.lengths, kernel, steps, dilations, pads, strict=True)
    )


def _lowest(dtype: torch.dtype) -> float:
    return float("-inf") if dtype.is_floating_point else torch.iinfo(dtype).min
