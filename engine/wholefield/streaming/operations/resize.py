"""Upsampling and downsampling by interpolation: nearest and linear in one, two or three axes, cubic in two."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wholefield.streaming.geometry.interpolation import (
    Cubic,
    Linear,
    Nearest,
    Positions,
    cubic,
    linear,
    nearest,
)
from wholefield.streaming.geometry.spans import Span
from wholefield.streaming.operations.call import Call, Local, Ref, Take
from wholefield.streaming.operations.convolution import require_channels_first
from wholefield.streaming.operations.registry import Refusal, register

_LINEAR = ("linear", "bilinear", "trilinear")
_NEAREST = ("nearest", "nearest-exact")


RESIZING = ("interpolate", "upsample", "upsample_nearest", "upsample_bilinear")


@register(*RESIZING)
def interpolate(call: Call) -> Local:
    """torch.nn.functional.interpolate in every mode but area, without antialias."""
    if call.name == "upsample_bilinear":
        options = dict(call.kwargs) | {"mode": "bilinear", "align_corners": True}
        return _interpolate(call.shape, *call.args, **options)
    return _interpolate(call.shape, *call.args, **call.kwargs)


def _interpolate(
    shape: tuple[int, ...],
    input: Ref,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Local:
    if mode not in (*_LINEAR, *_NEAREST, "bicubic") or antialias:
        raise Refusal(
            f"interpolation by '{mode}'{' with antialias' * antialias} is not known. Use nearest, bilinear or bicubic "
            "without antialias."
        )
    require_channels_first(input)
    count = len(input.axes)
    given = None if scale_factor is None or recompute_scale_factor else scale_factor
    factors = given if isinstance(given, Sequence) else [given] * count
    maps = tuple(
        _axis(length, shape[axis], factor, mode, bool(align_corners))
        for length, axis, factor in zip(input.lengths, input.axes, factors, strict=True)
    )

    def compute(take: Take, out: Sequence[Span]) -> Tensor:
        block = take(input)
        for axis_map, axis, span in zip(maps, input.axes, out, strict=True):
            block = _resample(block, axis, axis_map, span)
        return block

    return Local(maps, input.axes, compute)


def _axis(
    length: int, outputs: int, factor: float | None, mode: str, align_corners: bool
) -> Nearest | Linear:
    if mode in _NEAREST:
        return nearest(length, outputs, factor, mode == "nearest-exact")
    if mode == "bicubic":
        return cubic(length, outputs, factor, align_corners)
    return linear(length, outputs, factor, align_corners)


def _resample(block: Tensor, axis: int, axis_map: Nearest | Linear, span: Span) -> Tensor:
    """Resample one axis of a block that holds just the inputs of an output range."""
    first = axis_map.needs(*span)[0]
    if isinstance(axis_map, Nearest):
        return _repeat(block, axis, axis_map.sources(*span) - first)
    if isinstance(axis_map, Cubic):
        return _mix(block, axis, *axis_map.taps(*span), first)
    left, right, weight = axis_map.neighbors(*span)
    shape = [1] * block.ndim
    shape[axis] = -1
    return torch.lerp(
        block.index_select(axis, torch.from_numpy(left - first).to(block.device)),
        block.index_select(axis, torch.from_numpy(right - first).to(block.device)),
        torch.from_numpy(weight).to(block).reshape(shape),
    )


def _mix(block: Tensor, axis: int, sources: Positions, weights: NDArray[np.float64], first: int) -> Tensor:
    """The sum of some positions for each output, with weights."""
    shape = [1] * block.ndim
    shape[axis] = -1
    result = torch.zeros((), dtype=block.dtype, device=block.device)
    for source, weight in zip(sources.T, weights.T, strict=True):
        taken = block.index_select(axis, torch.from_numpy(source - first).to(block.device))
        result = result + taken * torch.from_numpy(weight).to(block).reshape(shape)
    return result


def _repeat(block: Tensor, axis: int, sources: Positions) -> Tensor:
    """Repeat positions; copying whole runs of equal length is faster than picking one by one."""
    times, rest = divmod(len(sources), block.shape[axis])
    if not rest and bool((sources == np.arange(len(sources)) // times).all()):
        return block.repeat_interleave(times, dim=axis) if times > 1 else block
    return block.index_select(axis, torch.from_numpy(sources).to(block.device))
