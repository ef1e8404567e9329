"""Sliding windows as a dimension of their own or as channels (unfold), and sums of overlapping windows (fold)."""

from collections.abc import Sequence
from math import prod
from typing import Any

from torch import Tensor
from torch.nn import functional

from wholefield.streaming.geometry.axis import Transposed, Window, window
from wholefield.streaming.geometry.spans import Span
from wholefield.streaming.operations.border import with_borders
from wholefield.streaming.operations.call import Call, Local, Ref, Take
from wholefield.streaming.operations.convolution import per_axis, require_channels_first
from wholefield.streaming.operations.layout import Part, dims_of, regroup, stored_as
from wholefield.streaming.operations.pointwise import same_maps
from wholefield.streaming.operations.registry import Refusal, register


@register("unfold")
def unfold(call: Call) -> Local:
    """torch.nn.functional.unfold: windows as tokens; Tensor.unfold: windows along one dimension."""
    if len(call.shape) == len(call.refs[0].seen) + 1:
        return _along(*call.args, **call.kwargs)
    return _windows(*call.args, **call.kwargs)


def _along(input: Ref, dimension: int, size: int, step: int) -> Local:
    dim = dimension % len(input.shape)
    maps = list(same_maps(input))
    if dim in input.axes:
        length = input.shape[dim]
        maps[input.axes.index(dim)] = Window(length, (length - size) // step + 1, size, step, 1, 0)

    def compute(take: Take, _: Sequence[Span]) -> Tensor:
        return take(input).unfold(dim, size, step)

    return Local(tuple(maps), input.axes, compute)


def _windows(input: Ref, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Local:
    require_channels_first(input)
    kernel, dilations, steps = (per_axis(value, 2) for value in (kernel_size, dilation, stride))
    maps = tuple(
        window(length, k, step, d, pad)
        for length, k, step, d, pad in zip(
            input.lengths, kernel, steps, dilations, per_axis(padding, 2), strict=True
        )
    )
    shape = (input.shape[0], input.shape[1] * prod(kernel), *(one.length_out for one in maps))

    def compute(take: Take, out: Sequence[Span]) -> Tensor:
        windows = functional.unfold(take(input), kernel, dilations, 0, steps)
        return windows.reshape(*shape[:2], *(stop - start for start, stop in out))

    return Local(maps, (2, 3), compute, kernel, dilations, zeros_around=True, shape=shape, groups=(1, 1, 2))


@register("fold", "col2im")
def fold(call: Call) -> Local:
    """torch.nn.functional.fold: windows that overlap are added up where they lie."""
    return _folded(*call.args, **call.kwargs)


def _folded(
    input: Ref,
    output_size: Any,
    kernel_size: Any,
    dilation: Any = 1,
    padding: Any = 0,
    stride: Any = 1,
) -> Local:
    kernel, dilations, steps, pads = (
        per_axis(value, 2) for value in (kernel_size, dilation, stride, padding)
    )
    sizes = per_axis(output_size, 2)
    counts = tuple(
        window(size, k, step, d, pad).length_out
        for size, k, step, d, pad in zip(sizes, kernel, steps, dilations, pads, strict=True)
    )
    dims = regroup(dims_of(input), (*input.seen[:2], *counts))
    stored, axes, _ = stored_as(dims)
    if axes != (2, 3) or dims[2:] != tuple((Part(count, axis),) for axis, count in enumerate(counts)):
        raise Refusal("it puts windows together that are not one for every position of the image.")
    maps = tuple(
        Transposed(count, size, k, step, d, pad)
        for count, size, k, step, d, pad in zip(counts, sizes, kernel, steps, dilations, pads, strict=True)
    )

    def compute(take: Take, out: Sequence[Span]) -> Tensor:
        block = take(input)
        rows, columns = (block.shape[at] for at in input.axes)
        full = tuple(
            (count - 1) * step + d * (k - 1) + 1
            for count, step, d, k in zip((rows, columns), steps, dilations, kernel, strict=True)
        )
        # The windows of inputs [first, last) start at output first*step - padding of the whole image.
        image = functional.fold(block.reshape(*stored[:2], rows * columns), full, kernel, dilations, 0, steps)
        borders = {}
        for axis, (one, (start, stop)) in enumerate(zip(maps, out, strict=True)):
            origin = one.needs(start, stop)[0] * one.step - one.padding
            borders[axis + 2] = origin - start, stop - origin - full[axis]
        return with_borders(image, borders, 0.0)

    return Local(maps, (2, 3), compute, kernel, dilations)
