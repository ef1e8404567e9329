"""3x3 convolutions with a quarter of the multiplications, on a CPU.

F(4x4, 3x3) of Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (CVPR 2016), after Winograd's minimal
filtering: 4x4 results of a 3x3 convolution come out of 36 products per pair of channels instead of 144. The linear maps
around the products run in compiled loops, the products as matrix products; gradients pass the transposed maps.

The results are those of the direct sum but for rounding, which is 1.4 to 5 times as large: about 1e-6 of their size in
float32, a few times 1e-15 in float64.
"""

from collections.abc import Callable, Sequence
from math import prod
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.utils.flop_counter import register_flop_formula

from wholefield.kernels import winograd_lines as lines
from wholefield.kernels.threads import Part, parts_of, run_compiled, run_torch
from wholefield.kernels.winograd_tiles import Image, Seam, Use, Walk, constants, room

LEAST_CHANNELS = 32
"""With fewer channels the maps cost more than the products save."""

LEAST_POSITIONS = 512
"""With fewer results the factors of the filters cost more than the products save."""

LEAST_VALUES = 2**17
"""With fewer results, counted over the channels, waking the loops costs more than the products save."""

_TYPES = (torch.float32, torch.float64)


class _Shaped(Protocol):
    @property
    def shape(self) -> Sequence[int]: ...


def suits(input: Tensor, weight: Tensor, stride: Sequence[int], dilation: Sequence[int], groups: int) -> bool:
    """Whether a convolution without padding is one that `convolve` computes, and faster than torch does.

    Args:
        input: (batch, channels in, *axes).
        weight: (channels out, channels in / groups, *kernel).
        stride: Per axis.
        dilation: Per axis.
        groups: Groups of channels.
    """
    return (
        is_kind(weight, stride, dilation, groups)
        and _is_large(input.shape[0] * (input.shape[2] - 2) * (input.shape[3] - 2), min(weight.shape[:2]))
        and input.device.type == "cpu"
        and input.dtype == weight.dtype
        and input.dtype in _TYPES
        and not torch.is_autocast_enabled("cpu")
    )


def _is_large(positions: int, channels: int) -> bool:
    return positions >= LEAST_POSITIONS and positions * channels >= LEAST_VALUES


def is_kind(weight: _Shaped, stride: Sequence[int], dilation: Sequence[int], groups: int) -> bool:
    """Whether weights and options are those of a 3x3 convolution with stride 1 and enough channels."""
    return (
        tuple(weight.shape[2:]) == (3, 3)
        and {*stride, *dilation, groups} == {1}
        and min(weight.shape[:2]) >= LEAST_CHANNELS
    )


def scratch_bytes(
    channels: int, filters: int, rows: Sequence[int], dtype: torch.dtype, training: bool
) -> int:
    """Bytes of scratch memory of a convolution whose result has that many rows: (batch, height, width)."""
    walk = Walk.over(rows, (filters, channels), dtype)
    tiles = walk.across * sum(min(last - first, walk.together) for first, last in walk.parts)
    both = (1 + training * len(walk.parts)) * channels * filters + tiles * (channels + filters)
    return 36 * both * dtype.itemsize


def convolve(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """A 3x3 convolution with stride 1 and without padding; autograd does not see it.

    Args:
        input: (batch, channels in, height, width), float32 or float64.
        weight: (channels out, channels in, 3, 3) of the same type.
        bias: (channels out,) or None.

    Returns:
        (batch, channels out, height - 2, width - 2), channels last.
    """
    return torch.ops.wholefield.convolve3x3(input, weight, bias)


def _convolve(input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    filters = _filter_factors(weight)
    out = _new(input, weight.shape[0], input.shape[2] - 2, input.shape[3] - 2)
    walk, pixels, result = Walk.of(out, weight), Image.of(input), Image.of(out)
    added = out.new_empty(0) if bias is None else bias.detach().contiguous()

    def compute(part: Part) -> None:
        for rows in walk.rows(part):
            factors, products = (
                rows.room(Use.FACTORS, weight.shape[1]),
                rows.room(Use.PRODUCTS, weight.shape[0]),
            )
            rows.share(lines.factors_of_pixels, *pixels, factors.numpy())
            torch.bmm(_flat(factors), filters.mT, out=_flat(products))
            rows.share(lines.pixels_of_products, products.numpy(), *result, added.numpy())

    run_torch([(compute, part) for part in walk.parts])
    return out


def gradients(
    gradient: Tensor, input: Tensor, weight: Tensor, wants: tuple[bool, bool, bool]
) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
    """The gradients of a 3x3 convolution with stride 1 and without padding.

    Args:
        gradient: Of the result, (batch, channels out, height, width).
        input: (batch, channels in, height + 2, width + 2).
        weight: (channels out, channels in, 3, 3).
        wants: Whether those of input, weight and bias are requested.

    Returns:
        Those of input, weight and bias, None where it was not requested.
    """
    return torch.ops.wholefield.convolve3x3_backward(gradient, input, weight, wants)


def _gradients(
    gradient: Tensor, input: Tensor, weight: Tensor, wants: Sequence[bool]
) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
    walk = Walk.of(gradient, weight)
    filters = _filter_factors(weight) if wants[0] else None
    grad_input = _new(input, *input.shape[1:]) if wants[0] else None
    sums = (
        room(Use.FILTER_GRADIENTS, (len(walk.parts), 36, *weight.shape[:2]), weight.dtype)
        if wants[1]
        else None
    )
    arriving, pixels = Image.of(gradient), Image.of(input)
    target = None if grad_input is None else Image.of(grad_input)
    seams = [] if target is None else [Seam.at(last, walk.down, target) for _, last in walk.parts]

    def compute(number: int) -> None:
        first, last = walk.parts[number]
        for rows in walk.rows((first, last)):
            factors, products = (
                rows.room(Use.FACTORS, weight.shape[1]),
                rows.room(Use.PRODUCTS, weight.shape[0]),
            )
            rows.share(lines.factors_of_gradient, *arriving, products.numpy())
            if sums is not None:
                rows.share(lines.factors_of_pixels, *pixels, factors.numpy())
                # With beta 0 what the memory held is not read.
                sums[number].baddbmm_(_flat(products).mT, _flat(factors), beta=int(rows.first > first))
            if target is not None and filters is not None:
                torch.bmm(_flat(products), filters, out=_flat(factors))
                rows.overlay(factors, target, seams[number] if rows.last == last else None)

    run_torch([(compute, number) for number in range(len(walk.parts))])
    for seam in seams:
        seam.close()
    return (
        grad_input,
        None if sums is None else _filter_gradient(sums),
        gradient.sum((0, 2, 3)) if wants[2] else None,
    )


# As operations of torch's own they are seen by its profiler, and counted like any convolution of their size.
_library = torch.library.Library("wholefield", "DEF")
_library.define("convolve3x3(Tensor input, Tensor weight, Tensor? bias) -> Tensor")
_library.define(
    "convolve3x3_backward(Tensor gradient, Tensor input, Tensor weight, bool[3] wants) -> (Tensor, Tensor, Tensor)"
)
_library.impl("convolve3x3", _convolve, "CPU")
_library.impl("convolve3x3_backward", _gradients, "CPU")


@register_flop_formula(torch.ops.wholefield.convolve3x3)
def _operations(_: Any, weight: Sequence[int], *__: Any, out_shape: Sequence[int], **___: Any) -> int:
    return 2 * prod(out_shape) * prod(weight[1:])


@register_flop_formula(torch.ops.wholefield.convolve3x3_backward)
def _operations_backward(
    gradient: Sequence[int], _: Any, weight: Sequence[int], wants: Sequence[bool], **__: Any
) -> int:
    return sum(wants[:2]) * 2 * prod(gradient) * prod(weight[1:])


def _new(like: Tensor, channels: int, height: int, width: int) -> Tensor:
    shape = (like.shape[0], channels, height, width)
    return torch.empty(shape, dtype=like.dtype, memory_format=torch.channels_last)


def _flat(factors: Tensor) -> Tensor:
    """(36, tiles, channels)."""
    return factors.view(36, *factors.shape[2:])


def _filter_factors(weight: Tensor) -> Tensor:
    """G g G^T of all filters: (36, channels out, channels in)."""
    taps = weight.detach().contiguous(memory_format=torch.channels_last).permute(0, 2, 3, 1)
    factors = room(Use.FILTERS, (6, 6, *weight.shape[:2]), weight.dtype)
    _share_filters(lines.factors_of_filters, len(taps), taps, factors)
    return _flat(factors)


def _filter_gradient(sums: Tensor) -> Tensor:
    """Its transpose: the gradient of the filters, channels last, from what each part found of that of their factors."""
    factors = sums[0]
    for more in sums[1:]:
        factors += more
    taps = factors.new_empty(factors.shape[1], 3, 3, factors.shape[2])
    _share_filters(lines.filters_of_factors, len(taps), factors.view(6, 6, *factors.shape[1:]), taps)
    return taps.permute(0, 3, 1, 2)


def _share_filters(walk: Callable[..., None], count: int, given: Tensor, found: Tensor) -> None:
    k = constants(given.numpy().dtype)
    parts = parts_of(0, count, 36 * given.shape[-1])
    run_compiled([(walk, given.numpy(), found.numpy(), *part, k) for part in parts])
