"""Normalizations by statistics of the whole image: instance, group, layer and training-mode batch normalization."""

from collections.abc import Sequence
from math import prod
from typing import Any

import torch
from torch import Tensor

from wholefield.streaming.operations.call import Call, Local
from wholefield.streaming.operations.over_image import StatisticKind
from wholefield.streaming.operations.pointwise import positionwise
from wholefield.streaming.operations.reduced import Axes, image_dims, moments, reduce, statistic
from wholefield.streaming.operations.registry import register


def normalized(x: Tensor, mean: Tensor, factor: Tensor, shift: Tensor | None) -> Tensor:
    """(x - mean) * factor + shift, in the type of x; the difference first, so that a large mean costs no digits.

    Args:
        x: Any shape.
        mean: Broadcasts to it, as do the others.
        factor: What differences are multiplied with.
        shift: What is added; None for nothing.
    """
    if torch.overrides.has_torch_function((x, mean)):
        return torch.overrides.handle_torch_function(normalized, (x, mean), x, mean, factor, shift)
    found = (x - mean) * factor
    return (found if shift is None else found + shift).to(x.dtype)


@register("normalized")
def _normalized(call: Call) -> Local:
    return positionwise(call, call.args[0].axes)


def _affine(
    x: Tensor, mean: Tensor, variance: Tensor, eps: float, weight: Tensor | None, bias: Tensor | None
) -> Tensor:
    """Normalize by statistics, weights and biases of shapes that broadcast to x."""
    factor = torch.rsqrt(variance + eps)
    return normalized(x, mean, factor if weight is None else factor * weight, bias)


def _per_channel(values: Tensor | None, x: Tensor) -> Tensor | None:
    return None if values is None else values.reshape(1, -1, *[1] * (x.ndim - 2))


@reduce("batch_norm")
def batch_norm(
    axes: Axes,
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Any:
    """Statistics of every channel over the batch and the image."""
    if not training:
        return NotImplemented
    dims = (0, *range(2, input.ndim))
    count = _check_count(input, dims)
    mean, variance = moments(input, dims)
    _update(running_mean, mean.flatten(), momentum)
    _update(running_var, variance.flatten() * (count / (count - 1)), momentum)
    return _affine(input, mean, variance, eps, _per_channel(weight, input), _per_channel(bias, input))


@reduce("instance_norm")
def instance_norm(
    axes: Axes,
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Any:
    """Statistics of every channel of every image."""
    if not use_input_stats:
        return NotImplemented
    dims = tuple(range(2, input.ndim))
    count = _check_count(input, dims)
    mean, variance = moments(input, dims)
    _update(running_mean, mean.flatten(1).mean(0), momentum)
    _update(running_var, variance.flatten(1).mean(0) * (count / (count - 1)), momentum)
    return _affine(input, mean, variance, eps, _per_channel(weight, input), _per_channel(bias, input))


@reduce("group_norm")
def group_norm(
    axes: Axes,
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Any:
    """Statistics of groups of channels of every image."""
    mean, variance = moments(input, tuple(range(2, input.ndim)), keepdim=False)
    # All channels have the same number of positions: the variance of a group is that inside and that between them.
    of_channels = mean.unflatten(1, (num_groups, -1))
    center = of_channels.mean(2, keepdim=True)
    spread = variance.unflatten(1, (num_groups, -1)).mean(2, keepdim=True)
    spread = spread + (of_channels - center).square().mean(2, keepdim=True)
    shape = (*input.shape[:2], *[1] * (input.ndim - 2))
    center, spread = (value.expand_as(of_channels).reshape(shape) for value in (center, spread))
    return _affine(input, center, spread, eps, _per_channel(weight, input), _per_channel(bias, input))


@reduce("layer_norm")
def layer_norm(
    axes: Axes,
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Any:
    """Statistics of every image over all of its last dimensions."""
    dims = _last(axes, input, normalized_shape)
    if dims is None:
        return NotImplemented
    found = _affine(input, *moments(input, dims), eps, None, None)
    found = found if weight is None else found * weight
    return found if bias is None else found + bias


@reduce("rms_norm")
def rms_norm(
    axes: Axes,
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    eps: float | None = None,
) -> Any:
    """Values over their root mean square over all of the last dimensions."""
    dims = _last(axes, input, normalized_shape)
    if dims is None:
        return NotImplemented
    square = statistic(input * input, StatisticKind.MEAN, dims)
    found = input * torch.rsqrt(square + (torch.finfo(input.dtype).eps if eps is None else eps))
    return found if weight is None else found * weight


def _last(axes: Axes, input: Tensor, normalized_shape: Sequence[int]) -> Axes | None:
    return image_dims(axes, tuple(range(input.ndim - len(tuple(normalized_shape)), input.ndim)), input.ndim)


def _update(running: Tensor | None, value: Tensor, momentum: float) -> None:
    """Move running statistics towards those of this image."""
    if running is not None:
        with torch.no_grad():
            running.mul_(1 - momentum).add_(value.detach(), alpha=momentum)


def _check_count(input: Tensor, dims: Axes) -> int:
    count = prod(input.shape[d] for d in dims)
    if count == 1:
        raise ValueError(
            f"Expected more than 1 value per channel when training, got input size {input.shape}"
        )
    return count
