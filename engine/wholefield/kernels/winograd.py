"""3x3 convolutions with a quarter of the multiplications, on a CPU.

F(4x4, 3x3) of Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (CVPR 2016), after Winograd's minimal
filtering: 4x4 results of a 3x3 convolution come out of 36 products per pair of channels instead of 144. The linear maps
around the products run in compiled loops, the products as matrix products; gradients pass the transposed maps.

The results are those of the direct sum but for rounding, which is 1.4 to 5 times as large: about 1e-6 of their size in
float32, a few times 1e-15 in float64. Where values of very different size lie side by side, and where one is not
finite, the direct sum is computed instead: see `winograd_range`.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import prod
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.flop_counter import register_flop_formula

from wholefield.kernels import winograd_lines as lines
from wholefield.kernels.scratch import Use, room
from wholefield.kernels.threads import Part, parts_of, run_compiled, run_torch
from wholefield.kernels.winograd_range import WideTiles, limit_of, too_wide
from wholefield.kernels.winograd_tiles import Image, Seam, Walk, constants

LEAST_CHANNELS = 32
"""With fewer channels the maps cost more than the products save."""

LEAST_POSITIONS = 512
"""With fewer results the factors of the filters cost more than the products save."""

LEAST_VALUES = 2**17
"""With fewer results, counted over the channels, waking the loops costs more than the products save."""

_TYPES = (torch.float32, torch.float64)

_here = threading.local()


@contextmanager
def turned_off(off: bool = True) -> Iterator[None]:
    """Nothing suits in this thread inside the block: convolutions are the direct sums of torch."""
    before = getattr(_here, "off", False)
    _here.off = off
    try:
        yield
    finally:
        _here.off = before


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
        not getattr(_here, "off", False)
        and is_kind(weight, stride, dilation, groups)
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
    return (36 * both + tiles) * dtype.itemsize


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
    limit = limit_of(input, 36)
    if limit is None:
        return functional.conv2d(input, weight, bias).contiguous(memory_format=torch.channels_last)
    filters = _filter_factors(weight)
    out = _new(input, weight.shape[0], input.shape[2] - 2, input.shape[3] - 2)
    walk, pixels, result = Walk.of(out, weight), Image.of(input), Image.of(out)
    added = out.new_empty(0) if bias is None else bias.detach().contiguous()
    wide = WideTiles(walk.down, walk.across)

    def compute(part: Part) -> None:
        for rows in walk.rows(part):
            factors, products = (
                rows.room(Use.FACTORS, weight.shape[1]),
                rows.room(Use.PRODUCTS, weight.shape[0]),
            )
            powers = rows.powers()
            rows.share(lines.factors_of_pixels, *pixels, factors.numpy(), powers.numpy())
            wide.add(too_wide(powers, limit), rows.first)
            torch.bmm(_flat(factors), filters.mT, out=_flat(products))
            rows.share(lines.pixels_of_products, products.numpy(), *result, added.numpy())

    run_torch([(compute, part) for part in walk.parts])
    wide.write_results(input, weight, bias, out)
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
    limit, limit_of_pixels = limit_of(gradient, 16), limit_of(input, 36)
    if limit is None or limit_of_pixels is None:
        return _direct_gradients(gradient, input, weight, wants)
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
    # What is too wide in the gradient spoils both products; what is so in the image only that with the gradient.
    wide_gradient, wide_pairs = (WideTiles(walk.down, walk.across) for _ in range(2))
    seams = [] if target is None else [Seam.at(last, walk.down, target) for _, last in walk.parts]

    def compute(number: int) -> None:
        first, last = walk.parts[number]
        for rows in walk.rows((first, last)):
            factors, products = (
                rows.room(Use.FACTORS, weight.shape[1]),
                rows.room(Use.PRODUCTS, weight.shape[0]),
            )
            powers = rows.powers()
            rows.share(lines.factors_of_gradient, *arriving, products.numpy(), powers.numpy())
            left_out = too_wide(powers, limit)
            _flat(products)[:, left_out] = 0
            wide_gradient.add(left_out, rows.first)
            if sums is not None:
                rows.share(lines.factors_of_pixels, *pixels, factors.numpy(), powers.numpy())
                also = too_wide(powers, limit_of_pixels)
                _flat(factors)[:, also] = 0
                wide_pairs.add(torch.cat([left_out, also]).unique(), rows.first)
                # With beta 0 what the memory held is not read.
                sums[number].baddbmm_(_flat(products).mT, _flat(factors), beta=int(rows.first > first))
            if target is not None and filters is not None:
                torch.bmm(_flat(products), filters, out=_flat(factors))
                rows.overlay(factors, target, seams[number] if rows.last == last else None)

    run_torch([(compute, number) for number in range(len(walk.parts))])
    for seam in seams:
        seam.close()
    grad_weight = None if sums is None else _filter_gradient(sums)
    if grad_input is not None:
        wide_gradient.add_input_gradients(gradient, weight, grad_input)
    if grad_weight is not None:
        wide_pairs.add_weight_gradients(gradient, input, grad_weight)
    return grad_input, grad_weight, gradient.sum((0, 2, 3)) if wants[2] else None


def _direct_gradients(
    gradient: Tensor, input: Tensor, weight: Tensor, wants: Sequence[bool]
) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
    """The gradients by torch."""
    found: tuple[Tensor | None, Tensor | None, Tensor | None] = torch.ops.aten.convolution_backward(
        gradient, input, weight, [weight.shape[0]], [1, 1], [0, 0], [1, 1], False, [0, 0], 1, tuple(wants)
    )
    return found


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
