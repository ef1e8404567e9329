"""Borders around the image (pad) and cut from it (crops, strided slices)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from wholefield.streaming.geometry.axis import AxisMap, Border, BorderMode, Mirrored, Same, Window
from wholefield.streaming.geometry.spans import Span
from wholefield.streaming.operations.call import Call, Local, Ref, Slot, Take
from wholefield.streaming.operations.pointwise import cuts_from_right, cutting
from wholefield.streaming.operations.registry import Refusal, register


def with_borders(block: Tensor, borders: Mapping[int, Span], value: float) -> Tensor:
    """Add positions (before, after) along some dimensions; negative numbers cut off, even more than there is."""
    padding = [0, 0] * block.ndim
    for axis, (before, after) in borders.items():
        size, at = block.shape[axis], 2 * (block.ndim - 1 - axis)
        if before < -size:
            before, after = -size, size + before + after
        elif after < -size:
            before, after = size + before + after, -size
        padding[at], padding[at + 1] = before, after
    return functional.pad(block, padding, value=value) if any(padding) else block


@register("pad")
def pad(call: Call) -> Local:
    """Padding by zeros or a constant, or by repeating the image near its border."""
    return _pad(*call.args, **call.kwargs)


def _pad(input: Ref, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Local:
    border_mode = BorderMode(mode)
    amounts = [(0, 0)] * len(input.shape)
    for k in range(len(pad) // 2):
        amounts[-1 - k] = int(pad[2 * k]), int(pad[2 * k + 1])
    maps = tuple(
        Border(input.shape[axis], input.shape[axis] + sum(amounts[axis]), amounts[axis][0], border_mode)
        for axis in input.axes
    )
    elsewhere = [
        0 if axis in input.axes else amount for axis in range(len(input.shape)) for amount in amounts[axis]
    ]
    if border_mode is not BorderMode.CONSTANT and any(elsewhere):
        raise Refusal("it repeats channels beside the image. Pad channels by a constant only.")
    fill = 0.0 if value is None else float(value)

    def compute(take: Take, out: Sequence[Span]) -> Tensor:
        block = take(input)
        if border_mode is not BorderMode.CONSTANT:
            for axis_map, axis, span in zip(maps, input.axes, out, strict=True):
                block = _repeat(block, axis, axis_map, span)
            return block
        borders = dict(enumerate(amounts))
        for axis_map, axis, span in zip(maps, input.axes, out, strict=True):
            low, high = axis_map.needs(*span)
            start, stop = axis_map.reach(*span)
            borders[axis] = low - start, stop - high
        return with_borders(block, borders, fill)

    return Local(maps, input.axes, compute)


def _repeat(block: Tensor, axis: int, axis_map: Border, span: Span) -> Tensor:
    """Lay out positions of the padded image along one axis, mirrored where they lie outside the image."""
    first, last = axis_map.needs(*span)
    sources = [axis_map.source(position) - first for position in range(*span)]
    if sources == list(range(last - first)):
        return block
    return block.index_select(axis, torch.tensor(sources, device=block.device))


@register("roll")
def roll(call: Call) -> Local:
    """A cyclic shift; along the image what comes from the opposite side is held until it is reached."""
    arguments = dict(zip(("input", "shifts", "dims"), call.args, strict=False)) | dict(call.kwargs)
    input, shifts, dims = arguments["input"], arguments["shifts"], arguments.get("dims")
    if dims is None or dims == ():
        raise Refusal("it shifts all elements as one row. Name the dimensions to shift.")
    shifts, dims = ((value,) if isinstance(value, int) else tuple(value) for value in (shifts, dims))
    by = {int(dim) % len(input.shape): int(shift) for shift, dim in zip(shifts, dims, strict=True)}
    maps = tuple(
        Border(length, length, by[axis] % length, BorderMode.CIRCULAR)
        if by.get(axis)
        else Same(length, length)
        for length, axis in zip(input.lengths, input.axes, strict=True)
    )
    others = {dim: shift for dim, shift in by.items() if dim not in input.axes}

    def compute(take: Take, out: Sequence[Span]) -> Tensor:
        block = take(input)
        if others:
            block = block.roll(tuple(others.values()), tuple(others))
        for axis_map, axis, span in zip(maps, input.axes, out, strict=True):
            if isinstance(axis_map, Border):
                block = _repeat(block, axis, axis_map, span)
        return block

    return Local(maps, input.axes, compute)


@register("flip")
def flip(call: Call) -> Local:
    """Reversed dimensions; along the image the first tile waits for the last."""
    input = call.refs[0]
    given = call.kwargs.get("dims", call.args[1] if len(call.args) == 2 else call.args[1:])
    dims = {int(dim) % len(input.shape) for dim in ((given,) if isinstance(given, int) else given)}
    maps = tuple(
        Mirrored(length, length) if axis in dims else Same(length, length)
        for length, axis in zip(input.lengths, input.axes, strict=True)
    )

    def compute(take: Take, _: Sequence[Span]) -> Tensor:
        return take(input).flip(tuple(dims))

    return Local(maps, input.axes, compute)


def symmetric_pad(image: Tensor, pad: Sequence[int]) -> Tensor:
    """Pad by half-sample symmetric reflection: position -1 repeats 0, position -2 repeats 1, and so on.

    Args:
        image: Any shape; the last len(pad) / 2 dimensions are padded.
        pad: Positions before and after, from the last dimension on, as in torch.nn.functional.pad. At most the size
            of the dimension.

    Returns:
        The padded image, of the same type.

    Raises:
        ValueError: The border is wider than the image.

    Example:
        >>> import torch
        >>> from wholefield.streaming import symmetric_pad
        >>> symmetric_pad(torch.tensor([[1, 2, 3]]), (2, 1))
        tensor([[2, 1, 1, 2, 3, 3]])
    """
    if torch.overrides.has_torch_function((image,)):
        return torch.overrides.handle_torch_function(symmetric_pad, (image,), image, pad)
    for k in range(len(pad) // 2):
        axis, before, after = image.ndim - 1 - k, int(pad[2 * k]), int(pad[2 * k + 1])
        length = image.shape[axis]
        if max(before, after) > length:
            raise ValueError(
                f"A symmetric border of {max(before, after)} is wider than the image ({length})."
            )
        axis_map = Border(length, length + before + after, before, BorderMode.SYMMETRIC)
        image = _repeat(image, axis, axis_map, (0, axis_map.length_out))
    return image


@register("symmetric_pad")
def _symmetric(call: Call) -> Local:
    arguments = dict(zip(("image", "pad"), call.args, strict=False)) | dict(call.kwargs)
    return _pad(arguments["image"], arguments["pad"], "symmetric")


@register("__getitem__", "getitem")
def getitem(call: Call) -> Local:
    """Slices of channels, crops of the image and every n-th position of it."""
    input: Ref = call.args[0]
    key = call.args[1] if isinstance(call.args[1], tuple) else (call.args[1],)
    lists = [k for k in key if isinstance(k, list)]
    plain = all(isinstance(k, int | slice | list | None | type(Ellipsis)) for k in key)
    if (
        not isinstance(input, Ref)
        or not plain
        or len(lists) > 1
        or (lists and any(isinstance(k, int) for k in key))
    ):
        raise Refusal("it picks positions by a tensor of indices. Use slices, or one list of channels.")
    items = _expand(key, len(input.shape))
    maps: list[AxisMap] = [Same(length, length) for length in input.lengths]
    axes = list(input.axes)
    inside: list[Any] = []
    dimension = result = 0
    for item in items:
        if item is None:
            inside.append(None)
            result += 1
            continue
        if dimension in input.axes:
            where = input.axes.index(dimension)
            if item != slice(None):
                maps[where] = _sliced(item, input.shape[dimension])
            inside.append(slice(None, None, getattr(item, "step", None)))
            axes[where] = result
        else:
            inside.append(item)
        result += not isinstance(item, int)
        dimension += 1

    def compute(take: Take, out: Sequence[Span]) -> Tensor:
        return take(input)[tuple(inside)]

    return Local(tuple(maps), tuple(axes), compute)


@register("set_part")
def set_part(call: Call) -> Local:
    """Values written into some of the channels."""
    input, key, value = call.args
    items = _expand(key if isinstance(key, tuple) else (key,), len(input.shape))
    plain = all(isinstance(item, int | slice) for item in items)
    if not isinstance(input, Ref) or not plain or any(items[axis] != slice(None) for axis in input.axes):
        raise Refusal(
            "it writes into a part of the image, or into a tensor that does not depend on it. Join parts with "
            "torch.cat, or choose with torch.where."
        )
    shape = torch.empty(input.shape, device="meta")[tuple(items)].shape
    axes = tuple(axis - sum(isinstance(item, int) for item in items[:axis]) for axis in input.axes)
    right = [axis - len(shape) for axis in axes]
    if isinstance(value, Ref) and ([axis - len(value.shape) for axis in value.axes] != right):
        raise Refusal("what it writes has the axes of the image in other places. Permute it first.")
    if isinstance(value, Ref) and value.lengths != input.lengths:
        raise Refusal("what it writes has another size over the image. Crop or resize it first.")
    cuts = cuts_from_right(replace(call, args=(input, value)), right) if isinstance(value, Slot) else {}

    def compute(take: Take, out: Sequence[Span]) -> Tensor:
        return part_set(take(input), key, cutting(take, cuts, out)(value))

    return Local(tuple(Same(length, length) for length in input.lengths), input.axes, compute)


def part_set(tensor: Tensor, key: Any, value: Any) -> Tensor:
    """A copy of the tensor with values written into a part."""
    result = tensor.clone()
    result[key] = value
    return result


def _expand(key: tuple[Any, ...], ndim: int) -> list[Any]:
    """An index with the ellipsis written out, one item a dimension."""
    given = sum(k is not None and k is not Ellipsis for k in key)
    missing = [slice(None)] * (ndim - given)
    if Ellipsis not in key:
        return [*key, *missing]
    at = key.index(Ellipsis)
    return [*key[:at], *missing, *key[at + 1 :]]


def _sliced(item: Any, length: int) -> AxisMap:
    if not isinstance(item, slice):
        raise Refusal("it picks one row of the image. Use a slice.")
    start, stop, step = item.indices(length)
    count = max(-(-(stop - start) // step), 0)
    return Window(length, count, 1, step, 1, -start)
