"""How functions that reduce over all axes of the image are made of values of the whole image and local operations.

Each gets the axes of the image in its first argument, and answers NotImplemented where it does not reduce over them.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from math import prod
from typing import Any, TypeAlias

import torch
from torch import Tensor

from wholefield.streaming.operations.over_image import StatisticKind, over_image
from wholefield.streaming.operations.registry import Refusal

Axes: TypeAlias = tuple[int, ...]
Reduced: TypeAlias = Callable[..., Any]

MOST_BINS = 64
"""Positions to which pooling to a given size may reduce the image: each is a value of the whole image of its own."""

_reduced: dict[str, Reduced] = {}


def reduce(*names: str) -> Callable[[Reduced], Reduced]:
    """Declare how functions with these canonical names are made of values of the whole image."""

    def add(function: Reduced) -> Reduced:
        for name in names:
            _reduced[name] = function
        return function

    return add


def reduced_for(name: str) -> Reduced | None:
    """How a function is made of values of the whole image; None if it never is."""
    return _reduced.get(name)


def image_dims(axes: Axes, dim: Any, ndim: int) -> Axes | None:
    """The dimensions that a function reduces, counted from the first; None if no axis of the image is among them.

    Args:
        axes: Dimensions that run over the image.
        dim: What the function was given; None or nothing for all dimensions.
        ndim: Number of dimensions.

    Raises:
        Refusal: Some axes of the image are among them and others are not.
    """
    given = (dim,) if isinstance(dim, int) else tuple(dim or range(ndim))
    dims = tuple(sorted({int(d) % ndim for d in given}))
    inside = set(axes) & set(dims)
    if inside and inside != set(axes):
        raise Refusal(
            "it reduces over some axes of the image and keeps others. Reduce over all of them, or move that part "
            "behind the streamed network."
        )
    return dims if inside else None


def statistic(x: Tensor, kind: StatisticKind, dims: Axes, keepdim: bool = True) -> Tensor:
    """A value of the whole image, with the dimensions that were reduced in their places again."""
    return _kept(over_image(x, kind, dims), dims, keepdim)


def moments(x: Tensor, dims: Axes, keepdim: bool = True) -> tuple[Tensor, Tensor]:
    """Mean and population variance, at least in single precision."""
    mean, variance = over_image(x, StatisticKind.MOMENTS, dims).unbind(0)
    return _kept(mean, dims, keepdim), _kept(variance, dims, keepdim)


def _kept(value: Tensor, dims: Axes, keepdim: bool) -> Tensor:
    for d in dims if keepdim else ():
        value = value.unsqueeze(d)
    return value


def _reduction(kind: StatisticKind) -> Reduced:
    def found(
        axes: Axes,
        input: Tensor,
        dim: Any = None,
        keepdim: bool = False,
        *,
        dtype: torch.dtype | None = None,
        axis: Any = None,
    ) -> Any:
        dims = image_dims(axes, dim if axis is None else axis, input.ndim)
        if dims is None:
            return NotImplemented
        return statistic(input if dtype is None else input.to(dtype), kind, dims, keepdim)

    return found


reduce("mean")(_reduction(StatisticKind.MEAN))
reduce("sum")(_reduction(StatisticKind.SUM))
reduce("amax")(_reduction(StatisticKind.LARGEST))


@reduce("amin")
def amin(axes: Axes, input: Tensor, dim: Any = None, keepdim: bool = False) -> Any:
    """The smallest value."""
    dims = image_dims(axes, dim, input.ndim)
    return NotImplemented if dims is None else -statistic(-input, StatisticKind.LARGEST, dims, keepdim)


@reduce("max")
def largest(axes: Axes, input: Tensor, *others: Any, **named: Any) -> Any:
    """The largest of all values."""
    return NotImplemented if others or named else amax_of_all(input)


@reduce("min")
def smallest(axes: Axes, input: Tensor, *others: Any, **named: Any) -> Any:
    """The smallest of all values."""
    return NotImplemented if others or named else -amax_of_all(-input)


def amax_of_all(input: Tensor) -> Tensor:
    """The largest of all values."""
    return over_image(input, StatisticKind.LARGEST, tuple(range(input.ndim)))


def _variance(root: bool, mean_too: bool) -> Reduced:
    def found(axes: Axes, input: Tensor, *args: Any, **named: Any) -> Any:
        given = list(args)
        # torch takes (input, unbiased) as well as (input, dim, unbiased, keepdim).
        unbiased = given.pop(0) if given and isinstance(given[0], bool) else named.get("unbiased", True)
        dim = given.pop(0) if given else named.get("dim", named.get("axis"))
        unbiased = given.pop(0) if given else unbiased
        keepdim = given.pop(0) if given else named.get("keepdim", False)
        correction = named.get("correction", int(unbiased))
        dims = image_dims(axes, dim, input.ndim)
        if dims is None:
            return NotImplemented
        count = prod(input.shape[d] for d in dims)
        mean, variance = moments(input, dims, keepdim)
        free = count - (1 if correction is None else correction)
        variance = (variance * (count / free if free > 0 else float("nan"))).to(input.dtype)
        variance = variance.sqrt() if root else variance
        return (variance, mean.to(input.dtype)) if mean_too else variance

    return found


reduce("var")(_variance(False, False))
reduce("std")(_variance(True, False))
reduce("var_mean")(_variance(False, True))
reduce("std_mean")(_variance(True, True))


@reduce("norm")
def norm(
    axes: Axes, input: Tensor, p: Any = "fro", dim: Any = None, keepdim: bool = False, dtype: Any = None
) -> Any:
    """A norm of the values over the image."""
    return vector_norm(axes, input, 2 if p in ("fro", None) else p, dim, keepdim, dtype=dtype)


@reduce("linalg_vector_norm", "vector_norm")
def vector_norm(
    axes: Axes, x: Tensor, ord: Any = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None
) -> Any:
    """A norm of the values over the image."""
    dims = image_dims(axes, dim, x.ndim)
    if dims is None:
        return NotImplemented
    x = x if dtype is None else x.to(dtype)
    if ord == float("inf"):
        return statistic(x.abs(), StatisticKind.LARGEST, dims, keepdim)
    if ord == 1:
        return statistic(x.abs(), StatisticKind.SUM, dims, keepdim)
    if ord <= 0:
        raise Refusal(
            f"a norm of the order {ord} over the image is not known. Use the order 1, 2 or infinity."
        )
    powers = x * x if ord == 2 else x.abs() ** ord
    total = statistic(powers, StatisticKind.SUM, dims, keepdim)
    # Where everything is zero torch lets no gradient pass, and a root's would be infinite.
    positive = total > 0
    return torch.where(positive, total, 1.0) ** (1 / ord) * positive


@reduce("normalize")
def normalize(
    axes: Axes, input: Tensor, p: float = 2.0, dim: Any = 1, eps: float = 1e-12, out: Any = None
) -> Any:
    """Values over their norm."""
    length = vector_norm(axes, input, p, dim, True)
    return NotImplemented if length is NotImplemented else input / length.clamp_min(eps)


@reduce("logsumexp")
def logsumexp(axes: Axes, input: Tensor, dim: Any, keepdim: bool = False) -> Any:
    """The logarithm of a sum of exponentials."""
    dims = image_dims(axes, dim, input.ndim)
    if dims is None:
        return NotImplemented
    best = statistic(input, StatisticKind.LARGEST, dims).detach()
    found = statistic((input - best).exp(), StatisticKind.SUM, dims).log() + best
    return found if keepdim else found.squeeze(dims)


@reduce("adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d")
def adaptive_mean(axes: Axes, input: Tensor, output_size: Any) -> Any:
    """The mean over each of a few parts of the image."""
    return _pooled(axes, input, output_size, StatisticKind.MEAN)


@reduce("adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d")
def adaptive_max(axes: Axes, input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The largest value over each of a few parts of the image."""
    return _pooled(axes, input, output_size, StatisticKind.FIRST_LARGEST)


def _pooled(axes: Axes, input: Tensor, output_size: Any, kind: StatisticKind) -> Tensor:
    sizes = output_size if isinstance(output_size, Sequence) else (output_size,) * len(axes)
    counts = [input.shape[a] if size is None else int(size) for a, size in zip(axes, sizes, strict=True)]
    if prod(counts) == 1:
        return statistic(input, kind, axes)
    if prod(counts) > MOST_BINS:
        raise Refusal(
            f"it pools the image to {' x '.join(map(str, counts))} parts; at most {MOST_BINS} are possible. Use "
            "pooling over windows of a fixed size."
        )
    parts = [over_image(part, kind, axes) for part in _bins(input, axes, counts)]
    return torch.stack(parts, -1).unflatten(-1, counts)


def _bins(input: Tensor, axes: Axes, counts: Sequence[int]) -> Iterator[Tensor]:
    """The parts of the image over which torch's adaptive pooling takes its values; they may overlap."""
    for place in product(*map(range, counts)):
        key = [slice(None)] * input.ndim
        for axis, k, count in zip(axes, place, counts, strict=True):
            length = input.shape[axis]
            key[axis] = slice(k * length // count, -(-(k + 1) * length // count))
        yield input[tuple(key)]


def _whole_window(kind: StatisticKind) -> Reduced:
    def found(
        axes: Axes,
        input: Tensor,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        *rest: Any,
        **named: Any,
    ) -> Any:
        sizes = tuple(kernel_size) if isinstance(kernel_size, Sequence) else (kernel_size,) * len(axes)
        lengths = tuple(input.shape[a] for a in axes)
        plain = not padding if isinstance(padding, int) else not any(padding)
        if (
            sizes != lengths
            or not plain
            or rest
            or named.get("return_indices")
            or named.get("divisor_override")
        ):
            return NotImplemented
        return statistic(input, kind, axes)

    return found


reduce("avg_pool1d", "avg_pool2d", "avg_pool3d")(_whole_window(StatisticKind.MEAN))
reduce("max_pool1d", "max_pool2d", "max_pool3d")(_whole_window(StatisticKind.FIRST_LARGEST))
