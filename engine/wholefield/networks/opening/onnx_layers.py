"""Layers of ONNX: convolutions, pooling and normalization, as torch functions. `onnx_operations` has the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from wholefield.streaming import StreamingError

Value = Any
Attributes = Mapping[str, Any]
CONVOLUTIONS = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
TRANSPOSED = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}
MAX_POOLS = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}
AVERAGE_POOLS: Mapping[int, Callable[..., Tensor]] = {1: F.avg_pool1d, 2: F.avg_pool2d, 3: F.avg_pool3d}


def refuse(text: str) -> StreamingError:
    """An error about an operator."""
    return StreamingError(f"The network {text}.")


def _pads(a: Attributes, x: Tensor, kernel: Sequence[int]) -> tuple[list[int], list[int]]:
    """Padding before and after along each axis of space."""
    axes, auto = x.ndim - 2, a.get("auto_pad", "NOTSET")
    if auto in ("SAME_UPPER", "SAME_LOWER"):
        if any(stride != 1 for stride in a.get("strides", [1] * axes)):
            raise refuse(
                "pads by the size of the image (auto_pad with a stride); export it with explicit padding"
            )
        totals = [
            (size - 1) * step for size, step in zip(kernel, a.get("dilations", [1] * axes), strict=True)
        ]
        low, high = [total // 2 for total in totals], [total - total // 2 for total in totals]
        return (low, high) if auto == "SAME_UPPER" else (high, low)
    pads = list(a.get("pads", [0] * 2 * axes)) if auto == "NOTSET" else [0] * 2 * axes
    return pads[:axes], pads[axes:]


def _padded(x: Tensor, low: Sequence[int], high: Sequence[int], value: float = 0.0) -> Tensor:
    if not any((*low, *high)):
        return x
    flat = [each for pair in zip(reversed(low), reversed(high), strict=True) for each in pair]
    return F.pad(x, flat, "constant", value)


def conv(a: Attributes, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Conv."""
    axes = x.ndim - 2
    low, high = _pads(a, x, weight.shape[2:])
    if low != high:
        x, low = _padded(x, low, high), [0] * axes
    rest = a.get("strides", [1] * axes), low, a.get("dilations", [1] * axes), a.get("group", 1)
    return CONVOLUTIONS[axes](x, weight, bias, *rest)


def conv_transpose(a: Attributes, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """ConvTranspose."""
    axes = x.ndim - 2
    low, high = _pads(a, x, weight.shape[2:])
    if "output_shape" in a:
        raise refuse("has a transposed convolution to a fixed size; export it with explicit padding")
    extra = [
        more + first - last
        for more, first, last in zip(a.get("output_padding", [0] * axes), low, high, strict=True)
    ]
    if min(extra) < 0:
        raise refuse("has a transposed convolution with uneven padding; export it with even padding")
    rest = a.get("strides", [1] * axes), low, extra, a.get("group", 1), a.get("dilations", [1] * axes)
    return TRANSPOSED[axes](x, weight, bias, *rest)


def max_pool(a: Attributes, x: Tensor) -> Tensor:
    """MaxPool with its first output."""
    axes, kernel = x.ndim - 2, a["kernel_shape"]
    low, high = _pads(a, x, kernel)
    if low != high:
        x, low = _padded(x, low, high, -torch.inf), [0] * axes
    steps, holes = a.get("strides", [1] * axes), a.get("dilations", [1] * axes)
    return MAX_POOLS[axes](x, kernel, steps, low, holes, ceil_mode=bool(a.get("ceil_mode", 0)))


def average_pool(a: Attributes, x: Tensor) -> Tensor:
    """AveragePool."""
    axes, kernel = x.ndim - 2, a["kernel_shape"]
    low, high = _pads(a, x, kernel)
    counted = bool(a.get("count_include_pad", 0))
    if low != high:
        if not counted:
            raise refuse("averages over uneven padding that it does not count; export it with even padding")
        x, low = _padded(x, low, high), [0] * axes
    if any(step != 1 for step in a.get("dilations", ())):
        raise refuse("has an average pooling with a dilation")
    steps = a.get("strides", [1] * axes)
    return AVERAGE_POOLS[axes](x, kernel, steps, low, bool(a.get("ceil_mode", 0)), counted)


def batch_norm(
    a: Attributes, x: Tensor, scale: Tensor, bias: Tensor, mean: Tensor, variance: Tensor
) -> Tensor:
    """BatchNormalization with stored statistics."""
    if a.get("training_mode", 0):
        raise refuse("was exported in training mode; call network.eval() before exporting it")
    return F.batch_norm(x, mean, variance, scale, bias, False, 0.0, a.get("epsilon", 1e-5))


def instance_norm(a: Attributes, x: Tensor, scale: Tensor, bias: Tensor) -> Tensor:
    """InstanceNormalization."""
    return F.instance_norm(x, None, None, scale, bias, eps=a.get("epsilon", 1e-5))


def layer_norm(a: Attributes, x: Tensor, scale: Tensor, bias: Tensor | None = None) -> Tensor:
    """LayerNormalization over the last axes."""
    first = a.get("axis", -1) % x.ndim
    return F.layer_norm(x, list(x.shape[first:]), scale, bias, a.get("epsilon", 1e-5))


def group_norm(a: Attributes, x: Tensor, scale: Tensor, bias: Tensor) -> Tensor:
    """GroupNormalization of opset 21."""
    return F.group_norm(x, a["num_groups"], scale, bias, a.get("epsilon", 1e-5))
