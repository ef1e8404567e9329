"""Functions that the trace takes apart into simpler ones."""

from collections.abc import Callable, Iterator, Sequence
from math import sqrt
from typing import Any, TypeAlias

import torch
from torch import Tensor

Composite: TypeAlias = Callable[..., Any]

_composites: dict[str, Composite] = {}

# Klambauer et al. 2017, Self-Normalizing Neural Networks: the value that a SELU saturates at.
_SATURATED = -1.7580993408473766


def compose(*names: str) -> Callable[[Composite], Composite]:
    """Declare how functions with these canonical names are made of others."""

    def add(function: Composite) -> Composite:
        for name in names:
            _composites[name] = function
        return function

    return add


def composite_for(name: str) -> Composite | None:
    """How a function is made of others; None if it is not."""
    return _composites.get(name)


@compose("dropout1d", "dropout2d", "dropout3d", "feature_dropout")
def channel_dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Dropout of whole channels: one number per channel, drawn once a forward and not per tile."""
    if not training or p == 0.0:
        return input
    noise = _kept_channels(input, p)
    if p < 1.0:
        noise.div_(1.0 - p)
    return input.mul_(noise) if inplace else input * noise


@compose("feature_alpha_dropout")
def channel_alpha_dropout(
    input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False
) -> Tensor:
    """Dropout of whole channels that keeps mean and variance of a self-normalizing network."""
    if not training or p == 0.0:
        return input
    kept = _kept_channels(input, p)
    scale = 1.0 / sqrt((_SATURATED**2 * p + 1.0) * (1.0 - p)) if p < 1.0 else 0.0
    shift = (1.0 - kept) * (_SATURATED * scale) - _SATURATED * scale * p
    kept = kept * scale
    return input.mul_(kept).add_(shift) if inplace else input * kept + shift


def _kept_channels(input: Tensor, p: float) -> Tensor:
    shape = (*input.shape[:2], *[1] * (input.ndim - 2))
    return torch.empty(shape, dtype=input.dtype, device=input.device).bernoulli_(1.0 - p)


@compose("channel_shuffle", "native_channel_shuffle")
def channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """Channels of all groups in turn."""
    batch, channels, *axes = input.shape
    grouped = input.reshape(batch, groups, channels // groups, *axes)
    return grouped.transpose(1, 2).reshape(batch, channels, *axes)


@compose("reshape_as", "view_as")
def reshape_as(input: Tensor, other: Tensor) -> Tensor:
    """The shape of another tensor."""
    return input.reshape(other.shape)


@compose("__iter__")
def iterate(input: Tensor) -> Iterator[Tensor]:
    """The images of a batch one by one."""
    return iter(input.unbind(0))


@compose("new_zeros")
def new_zeros(input: Tensor, *size: Any, **options: Any) -> Tensor:
    """Zeros of the input's type; they do not depend on the image."""
    return torch.zeros(_size(size, options), **_type_of(input, options))


@compose("new_ones")
def new_ones(input: Tensor, *size: Any, **options: Any) -> Tensor:
    """Ones of the input's type."""
    return torch.ones(_size(size, options), **_type_of(input, options))


@compose("new_empty")
def new_empty(input: Tensor, *size: Any, **options: Any) -> Tensor:
    """A tensor of the input's type, to be filled."""
    return torch.empty(_size(size, options), **_type_of(input, options))


@compose("new_full")
def new_full(input: Tensor, size: Sequence[int], fill_value: Any, **options: Any) -> Tensor:
    """A constant of the input's type."""
    return torch.full(tuple(size), fill_value, **_type_of(input, options))


@compose("new_tensor")
def new_tensor(input: Tensor, data: Any, **options: Any) -> Tensor:
    """Given numbers in the input's type."""
    return torch.tensor(data, **_type_of(input, options))


def _size(size: tuple[Any, ...], options: dict[str, Any]) -> tuple[int, ...]:
    given = size or (options.pop("size"),)
    return tuple(given[0]) if isinstance(given[0], Sequence) else given


def _type_of(input: Tensor, options: dict[str, Any]) -> dict[str, Any]:
    return {"dtype": input.dtype, "device": input.device} | {
        k: v for k, v in options.items() if v is not None
    }
