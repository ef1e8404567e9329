"""Operators of exported programs (ATen) in the spelling of torch.nn.functional, whose arguments the rules know.

Most have the same name and the same order of arguments; here are those that do not.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

_CONVOLUTIONS = (functional.conv1d, functional.conv2d, functional.conv3d)
_TRANSPOSED = (functional.conv_transpose1d, functional.conv_transpose2d, functional.conv_transpose3d)


def spelled(function: Callable[..., Any]) -> Callable[..., Any] | None:
    """What to call in place of an operator of an exported program; None where its own call is understood.

    Two functions of torch take their arguments in the order of ATen, not of their namesakes in torch.nn.functional.
    """
    if function in (torch.batch_norm, torch.instance_norm):
        return _SPELLINGS[function.__name__]
    if not isinstance(function, torch._ops.OpOverload):
        return None
    return _SPELLINGS.get(function._schema.name.removeprefix("aten::"))


def _convolution(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    transposed: bool,
    output_padding: Sequence[int],
    groups: int,
) -> Tensor:
    axes = weight.ndim - 3
    if transposed:
        return _TRANSPOSED[axes](input, weight, bias, stride, padding, output_padding, groups, dilation)
    return _CONVOLUTIONS[axes](input, weight, bias, stride, padding, dilation, groups)


def _batch_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    mean: Tensor | None,
    variance: Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
    *_: Any,
) -> Tensor:
    return functional.batch_norm(input, mean, variance, weight, bias, training, momentum, eps)


def _fixed_batch_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    mean: Tensor,
    variance: Tensor,
    momentum: float,
    eps: float,
) -> tuple[Tensor, None, None]:
    return functional.batch_norm(input, mean, variance, weight, bias, False, momentum, eps), None, None


def _instance_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    mean: Tensor | None,
    variance: Tensor | None,
    use_input_stats: bool,
    momentum: float,
    eps: float,
    *_: Any,
) -> Tensor:
    return functional.instance_norm(input, mean, variance, weight, bias, use_input_stats, momentum, eps)


def _layer_norm(
    input: Tensor,
    shape: list[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
    *_: Any,
) -> Tensor:
    return functional.layer_norm(input, shape, weight, bias, eps)


def _native_layer_norm(*args: Any) -> tuple[Tensor, None, None]:
    return _layer_norm(*args), None, None


def _group_norm(
    input: Tensor,
    groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
    *_: Any,
) -> Tensor:
    return functional.group_norm(input, groups, weight, bias, eps)


def _max_pool(*args: Any, **named: Any) -> tuple[Tensor, None]:
    return functional.max_pool2d(*args, **named), None


def _slice(
    input: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Tensor:
    return input[(slice(None),) * (dim % input.ndim) + (slice(start, end, step),)]


def _resized(mode: str, aligns: bool) -> Callable[..., Tensor]:
    def resize(input: Tensor, size: Any, *options: Any, **named: Any) -> Tensor:
        given = list(options)
        aligned = named.get("align_corners", given.pop(0) if aligns and given else None)
        factors = named.get("scale_factors", given.pop(0) if given else None)
        # torch's own operators of a size and a factor take the coordinates from the factor.
        return functional.interpolate(
            input, None if factors is not None else size, factors, mode, aligned if aligns else None
        )

    return resize


def _addmm(bias: Tensor, input: Tensor, matrix: Tensor) -> Tensor:
    return input @ matrix + bias


def _converted(input: Tensor, *_: Any, dtype: torch.dtype | None = None, **__: Any) -> Tensor:
    return input.clone() if dtype is None else input.to(dtype)


def _dim_size(input: Tensor, dim: int) -> int:
    return input.shape[dim]


def _nothing(*_: Any, **__: Any) -> None:
    return None


_SPELLINGS: dict[str, Callable[..., Any]] = {
    "convolution": _convolution,
    "batch_norm": _batch_norm,
    "_native_batch_norm_legit_no_training": _fixed_batch_norm,
    "instance_norm": _instance_norm,
    "layer_norm": _layer_norm,
    "native_layer_norm": _native_layer_norm,
    "group_norm": _group_norm,
    "max_pool2d_with_indices": _max_pool,
    "slice": _slice,
    "upsample_nearest1d": _resized("nearest", False),
    "upsample_nearest2d": _resized("nearest", False),
    "upsample_nearest3d": _resized("nearest", False),
    "upsample_linear1d": _resized("linear", True),
    "upsample_bilinear2d": _resized("bilinear", True),
    "upsample_trilinear3d": _resized("trilinear", True),
    "upsample_bicubic2d": _resized("bicubic", True),
    "constant_pad_nd": functional.pad,
    "addmm": _addmm,
    "_to_copy": _converted,
    "_unsafe_view": Tensor.reshape,
    "view": Tensor.reshape,
    "sym_size": _dim_size,
    "_assert_tensor_metadata": _nothing,
}
