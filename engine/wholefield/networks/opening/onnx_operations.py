"""The operators of ONNX that image networks need, as torch functions. Whole numbers stay numbers: sizes are no tensors.

Each takes the attributes of its node, then its inputs: tensors of the image, weights, and `Numbers`, arrays of numpy
that no image has a part in, such as shapes. https://onnx.ai/onnx/operators says what they do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from wholefield.networks.opening.onnx_layers import (
    Attributes,
    Value,
    average_pool,
    batch_norm,
    conv,
    conv_transpose,
    group_norm,
    instance_norm,
    layer_norm,
    max_pool,
    refuse,
)

Numbers = NDArray[Any]
RESIZE_MODES = {"nearest": "nearest", "linear": ("linear", "bilinear", "trilinear"), "cubic": "bicubic"}
PAD_MODES = {"constant": "constant", "reflect": "reflect", "edge": "replicate", "wrap": "circular"}
# Numbers of ONNX's element types.
DTYPES = {
    1: torch.float32, 2: torch.uint8, 3: torch.int8, 5: torch.int16, 6: torch.int32, 7: torch.int64, 9: torch.bool,
    10: torch.float16, 11: torch.float64, 16: torch.bfloat16,
}  # fmt: skip


def clip(a: Attributes, x: Tensor, low: Value = None, high: Value = None) -> Tensor:
    """Clip, with limits as attributes or inputs."""
    lowest = a.get("min") if low is None else float(low)
    highest = a.get("max") if high is None else float(high)
    return torch.clamp(x, lowest, highest)


def resize(a: Attributes, x: Tensor, roi: Value = None, scales: Value = None, sizes: Value = None) -> Tensor:
    """Resize and Upsample, as far as torch has the same."""
    del roi
    axes = x.ndim - 2
    mode, place = a.get("mode", "nearest"), a.get("coordinate_transformation_mode", "half_pixel")
    if a.get("axes") and list(a["axes"]) != list(range(x.ndim))[-len(a["axes"]) :]:
        raise refuse("resizes along some axes only")
    if not _is_of_torch(a, mode, place):
        raise refuse(
            f"resizes in a way that torch does not have ({mode}, {place}, {a.get('nearest_mode', '')})"
        )
    known = RESIZE_MODES[mode]
    options: dict[str, Any] = {"mode": known if isinstance(known, str) else known[axes - 1]}
    if mode != "nearest":
        options["align_corners"] = place == "align_corners"
    if sizes is not None and len(sizes):
        return F.interpolate(x, size=[int(each) for each in sizes][-axes:], **options)
    return F.interpolate(x, scale_factor=[float(each) for each in scales][-axes:], **options)


def _is_of_torch(a: Attributes, mode: str, place: str) -> bool:
    """Whether torch resizes in this way."""
    if mode == "nearest":
        return place == "asymmetric" and a.get("nearest_mode") == "floor"
    cubic = mode != "cubic" or a.get("cubic_coeff_a", -0.75) == -0.75
    return cubic and place in ("half_pixel", "pytorch_half_pixel", "align_corners")


def pad(a: Attributes, x: Tensor, pads: Value = None, value: Value = None, axes: Value = None) -> Tensor:
    """Pad, with amounts as attribute or input."""
    amounts = [int(each) for each in (a["pads"] if pads is None else pads)]
    chosen = list(range(x.ndim)) if axes is None else [int(axis) % x.ndim for axis in axes]
    low, high = [0] * x.ndim, [0] * x.ndim
    for place, axis in enumerate(chosen):
        low[axis], high[axis] = amounts[place], amounts[place + len(chosen)]
    first = next((axis for axis in range(x.ndim) if low[axis] or high[axis]), x.ndim)
    flat = [each for axis in reversed(range(first, x.ndim)) for each in (low[axis], high[axis])]
    mode = PAD_MODES[a.get("mode", "constant")]
    if not flat:
        return x
    fill = a.get("value", 0.0) if value is None else float(value)
    return F.pad(x, flat, mode, fill) if mode == "constant" else F.pad(x, flat, mode)


def slice_(
    a: Attributes, x: Value, starts: Value = None, ends: Value = None, axes: Value = None, steps: Value = None
) -> Value:
    """Slice, with ranges as attributes or inputs."""
    first, last = (a["starts"], a["ends"]) if starts is None else (starts, ends)
    chosen = a.get("axes") if axes is None else axes
    chosen = range(len(first)) if chosen is None else chosen
    strides = [1] * len(first) if steps is None else steps
    key = [slice(None)] * x.ndim
    for axis, start, stop, step in zip(chosen, first, last, strides, strict=True):
        if isinstance(x, np.ndarray):
            # Behind the first number from the end there is none, which Python says by None.
            key[int(axis) % x.ndim] = slice(
                int(start), None if int(stop) < -(2**31) else int(stop), int(step)
            )
            continue
        if step < 0:
            raise refuse("reverses an axis (a slice with a negative step)")
        bound = None if int(stop) >= 2**31 - 1 else int(stop)
        key[int(axis) % x.ndim] = slice(int(start) or None, bound, None if int(step) == 1 else int(step))
    return x[tuple(key)]


def depth_to_space(a: Attributes, x: Tensor) -> Tensor:
    """DepthToSpace in the order of torch (CRD), or with channels rearranged to it (DCR)."""
    block = a["blocksize"]
    if a.get("mode", "DCR") == "DCR":
        channels = x.shape[1] // block**2
        order = [k * channels + c for c in range(channels) for k in range(block**2)]
        x = x[:, order]
    return F.pixel_shuffle(x, block)


def space_to_depth(a: Attributes, x: Tensor) -> Tensor:
    """SpaceToDepth, whose channels lie in another order than torch's."""
    block, channels = a["blocksize"], x.shape[1]
    order = [c * block**2 + k for k in range(block**2) for c in range(channels)]
    return F.pixel_unshuffle(x, block)[:, order]


def concat(a: Attributes, *values: Value) -> Value:
    """Concat."""
    if all(isinstance(value, np.ndarray) for value in values):
        return np.concatenate(values, a["axis"])
    return torch.cat([_tensor(value) for value in values], a["axis"])


def split(a: Attributes, x: Tensor, sizes: Value = None) -> tuple[Tensor, ...]:
    """Split into parts of these sizes, or into as many equal ones as the node has outputs."""
    axis, given = a.get("axis", 0), a.get("split") if sizes is None else [int(each) for each in sizes]
    count = a.get("num_outputs", a["outputs"])
    parts = -(-x.shape[axis] // count) if given is None else list(given)
    return torch.split(x, parts, axis)


def reshape(a: Attributes, x: Value, shape: Value) -> Value:
    """Reshape; 0 keeps an axis."""
    sizes = [int(each) or x.shape[index] for index, each in enumerate(shape)]
    del a
    return x.reshape(sizes)


def gather(a: Attributes, x: Value, index: Value) -> Value:
    """Gather by constant indices."""
    axis = a.get("axis", 0)
    if isinstance(x, np.ndarray):
        return np.asarray(np.take(x, index, axis))
    key: list[Any] = [slice(None)] * x.ndim
    key[axis] = int(index) if np.ndim(index) == 0 else [int(each) for each in index]
    return x[tuple(key)]


def unsqueeze(a: Attributes, x: Value, axes: Value = None) -> Value:
    """Unsqueeze."""
    chosen = sorted(int(each) for each in (a["axes"] if axes is None else axes))
    for axis in chosen:
        x = np.expand_dims(x, axis) if isinstance(x, np.ndarray) else x.unsqueeze(axis)
    return x


def squeeze(a: Attributes, x: Value, axes: Value = None) -> Value:
    """Squeeze."""
    chosen = tuple(int(each) for each in (a.get("axes", ()) if axes is None else axes))
    if isinstance(x, np.ndarray):
        return np.squeeze(x, chosen or None)
    return x.squeeze(chosen) if chosen else x.squeeze()


def reduce(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """ReduceMean and its kin."""

    def reduced(a: Attributes, x: Tensor, axes: Value = None) -> Tensor:
        chosen = a.get("axes") if axes is None else [int(each) for each in axes]
        keep = bool(a.get("keepdims", 1))
        return function(x, list(range(x.ndim)) if chosen is None else list(chosen), keep)

    return reduced


def gemm(a: Attributes, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Gemm as a linear layer."""
    if a.get("transA", 0) or a.get("alpha", 1.0) != 1.0 or a.get("beta", 1.0) != 1.0:
        raise refuse("has a matrix product with transposition or factors (Gemm)")
    return F.linear(x, weight if a.get("transB", 0) else weight.T, bias)


def cast(a: Attributes, x: Value) -> Value:
    """Cast; numbers stay numbers."""
    if isinstance(x, np.ndarray):
        return np.asarray(x.astype(np.int64) if a["to"] in (6, 7) else x.astype(np.float32))
    return x.to(DTYPES[a["to"]])


def gelu(a: Attributes, x: Tensor) -> Tensor:
    """Gelu."""
    return F.gelu(x, approximate=a.get("approximate", "none"))


def prelu(a: Attributes, x: Tensor, slope: Tensor) -> Tensor:
    """PRelu, whose slopes are one, or one per channel."""
    del a
    return F.prelu(x, slope.reshape(-1))


ON_NUMBERS: Mapping[str, Callable[..., Any]] = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "pow": np.power, "maximum": np.maximum,
    "minimum": np.minimum, "matmul": np.matmul,
}  # fmt: skip


def binary(name: str) -> Callable[..., Value]:
    """Arithmetic of two values; of two arrays of numbers with numpy."""
    on_tensors = getattr(torch, name)

    def operation(a: Attributes, *values: Value) -> Value:
        del a
        found = values[0]
        for value in values[1:]:
            if isinstance(found, np.ndarray) and isinstance(value, np.ndarray):
                found = np.asarray(
                    _divided(found, value) if name == "div" else ON_NUMBERS[name](found, value)
                )
            else:
                found = on_tensors(_operand(found), _operand(value))
        return found

    return operation


def _divided(x: Numbers, y: Numbers) -> Numbers:
    """Whole numbers are divided as ONNX does: towards zero."""
    whole = x.dtype.kind in "iu" and y.dtype.kind in "iu"
    return np.asarray(np.trunc(x / y).astype(x.dtype) if whole else x / y)


def _operand(value: Value) -> Value:
    """A number as itself, so that it takes the type of the tensor beside it."""
    return value.item() if isinstance(value, np.ndarray) and value.ndim == 0 else _tensor(value)


def _tensor(value: Value) -> Tensor:
    return torch.from_numpy(value) if isinstance(value, np.ndarray) else value


def on_tensor(function: Callable[..., Tensor], **names: str) -> Callable[..., Tensor]:
    """A function of one tensor; attributes become its keywords."""

    def operation(a: Attributes, x: Tensor) -> Tensor:
        return function(x, **{own: a[theirs] for own, theirs in names.items() if theirs in a})

    return operation


OPERATIONS: Mapping[str, Callable[..., Any]] = {
    "Conv": conv, "ConvTranspose": conv_transpose, "MaxPool": max_pool, "AveragePool": average_pool,
    "BatchNormalization": batch_norm, "InstanceNormalization": instance_norm, "LayerNormalization": layer_norm,
    "GroupNormalization": group_norm, "Clip": clip, "Resize": resize, "Upsample": lambda a, x, s=None: resize(
        {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor", **a}, x, None, a.get("scales", s)
    ),
    "Pad": pad, "Slice": slice_, "DepthToSpace": depth_to_space, "SpaceToDepth": space_to_depth, "Concat": concat,
    "Split": split, "Reshape": reshape, "Gather": gather, "Unsqueeze": unsqueeze, "Squeeze": squeeze, "Gemm": gemm,
    "Cast": cast, "Gelu": gelu, "PRelu": prelu,
    "Add": binary("add"), "Sub": binary("sub"), "Mul": binary("mul"), "Div": binary("div"), "Pow": binary("pow"),
    "Max": binary("maximum"), "Min": binary("minimum"),
    "Sum": binary("add"), "MatMul": binary("matmul"),
    "Relu": on_tensor(F.relu), "LeakyRelu": lambda a, x: F.leaky_relu(x, a.get("alpha", 0.01)),
    "Elu": lambda a, x: F.elu(x, a.get("alpha", 1.0)), "Selu": on_tensor(F.selu), "Sigmoid": on_tensor(torch.sigmoid),
    "Tanh": on_tensor(torch.tanh), "Softplus": on_tensor(F.softplus), "Mish": on_tensor(F.mish),
    "HardSwish": on_tensor(F.hardswish),
    "HardSigmoid": lambda a, x: torch.clamp(x * a.get("alpha", 0.2) + a.get("beta", 0.5), 0.0, 1.0),
    "Erf": on_tensor(torch.erf), "Exp": on_tensor(torch.exp), "Log": on_tensor(torch.log),
    "Sqrt": on_tensor(torch.sqrt), "Abs": on_tensor(torch.abs), "Neg": on_tensor(torch.neg),
    "Sin": on_tensor(torch.sin), "Cos": on_tensor(torch.cos),
    "Reciprocal": on_tensor(torch.reciprocal),
    "Floor": lambda a, x: np.asarray(np.floor(x)) if isinstance(x, np.ndarray) else x.floor(),
    "ConstantOfShape": lambda a, shape: np.full(shape, a["value"].item() if "value" in a else 0.0),
    "Identity": lambda a, x: x, "Dropout": lambda a, x, *rest: x,
    "Softmax": lambda a, x: torch.softmax(x, a.get("axis", -1)),
    "LogSoftmax": lambda a, x: torch.log_softmax(x, a.get("axis", -1)),
    "Transpose": lambda a, x: x.permute(a.get("perm", list(reversed(range(x.ndim))))),
    "Flatten": lambda a, x: x.flatten(a.get("axis", 1)),
    "GlobalAveragePool": lambda a, x: x.mean(tuple(range(2, x.ndim)), keepdim=True),
    "GlobalMaxPool": lambda a, x: x.amax(tuple(range(2, x.ndim)), keepdim=True),
    "ReduceMean": reduce(torch.mean), "ReduceSum": reduce(torch.sum), "ReduceMax": reduce(torch.amax),
    "Shape": lambda a, x: np.array(x.shape, np.int64)[a.get("start", 0) : a.get("end")],
}  # fmt: skip
"""Every operator by its name in ONNX."""

SETTINGS = frozenset({
    "Resize", "Upsample", "Clip", "Pad", "Slice", "Reshape", "Unsqueeze", "Squeeze", "Split", "ReduceMean", "ReduceSum",
    "ReduceMax", "Gather", "ConstantOfShape",
})  # fmt: skip
"""Operators whose constant inputs are settings, not weights."""
