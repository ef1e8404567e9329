"""3x3 convolutions with a quarter of the multiplications, on a CPU.

F(4x4, 3x3) of Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (CVPR 2016), after Winograd's minimal
filtering: 4x4 results of a 3x3 convolution come out of 36 products per pair of channels instead of 144. The linear maps
around the products run in compiled loops, the products as matrix products; gradients pass the transposed maps.

The results are those of the direct sum but for rounding, which is 1.4 to 5 times as large: about 1e-6 of their size in
float32, a few times 1e-15 in float64.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import Enum, auto
from functools import cache
from itertools import pairwise
from math import prod
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor
from torch.utils.flop_counter import register_flop_formula

from engine.kernels import winograd_lines as lines

SCRATCH = 20 * 2**20
"""Bytes of factors, and of products, that are worked on at a time: fewer make matrix products of too few rows."""

LEAST_CHANNELS = 32
"""With fewer channels the maps cost more than the products save."""

LEAST_POSITIONS = 512
"""With fewer results the factors of the filters cost more than the products save."""

LEAST_VALUES = 2**17
"""With fewer results, counted over the channels, waking the loops costs more than the products save."""

LEAST_PART = 2**18
"""Factors below which waking another thread costs more than it saves."""

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


def scratch_bytes(channels: int, filters: int, rows: Sequence[int], itemsize: int, training: bool) -> int:
    """Bytes of scratch memory of a convolution whose result has so many rows: (batch, height, width)."""
    down, across = -(-rows[1] // 4), -(-rows[2] // 4)
    together = _rows_together(across, max(channels, filters) * itemsize)
    tiles = min(rows[0] * down, together) * across
    both = (1 + training) * channels * filters + tiles * (channels + filters)
    return 36 * both * itemsize


def convolve(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """A 3x3 convolution with stride 1 and without padding; autograd does not see it.

    Args:
        input: (batch, channels in, height, width), float32 or float64.
        weight: (channels out, channels in, 3, 3) of the same type.
        bias: (channels out,) or None.

    Returns:
        (batch, channels out, height - 2, width - 2), channels last.
    """
    return torch.ops.tessera.convolve3x3(input, weight, bias)


def _convolve(input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    filters = _filter_factors(weight)
    out = _new(input, weight.shape[0], input.shape[2] - 2, input.shape[3] - 2)
    pixels, result = _Image.of(input), _Image.of(out)
    added = out.new_empty(0) if bias is None else bias.detach().contiguous()
    for rows in _rows(out, weight):
        factors, products = rows.room(_Use.FACTORS, weight, 1), rows.room(_Use.PRODUCTS, weight, 0)
        rows.share(lines.factors_of_pixels, *pixels, factors.numpy())
        torch.bmm(_flat(factors), filters.mT, out=_flat(products))
        rows.share(lines.pixels_of_products, products.numpy(), *result, added.numpy())
    return out


def gradients(
    gradient: Tensor, input: Tensor, weight: Tensor, wants: tuple[bool, bool, bool]
) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
    """The gradients of a 3x3 convolution with stride 1 and without padding.

    Args:
        gradient: Of the result, (batch, channels out, height, width).
        input: (batch, channels in, height + 2, width + 2).
        weight: (channels out, channels in, 3, 3).
        wants: Whether those of input, weight and bias are asked for.

    Returns:
        Those of input, weight and bias, None where it was not asked for.
    """
    return torch.ops.tessera.convolve3x3_backward(gradient, input, weight, wants)


def _gradients(
    gradient: Tensor, input: Tensor, weight: Tensor, wants: Sequence[bool]
) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
    filters = _filter_factors(weight) if wants[0] else None
    grad_filters = _room(_Use.FILTER_GRADIENTS, (36, *weight.shape[:2]), weight.dtype) if wants[1] else None
    grad_input = _new(input, *input.shape[1:]) if wants[0] else None
    arriving, pixels = _Image.of(gradient), _Image.of(input)
    for rows in _rows(gradient, weight):
        factors, products = rows.room(_Use.FACTORS, weight, 1), rows.room(_Use.PRODUCTS, weight, 0)
        rows.share(lines.factors_of_gradient, *arriving, products.numpy())
        if grad_filters is not None:
            rows.share(lines.factors_of_pixels, *pixels, factors.numpy())
            # With beta 0 what the memory held is not read.
            grad_filters.baddbmm_(_flat(products).mT, _flat(factors), beta=int(rows.grid[2] > 0))
        if filters is not None and grad_input is not None:
            torch.bmm(_flat(products), filters, out=_flat(factors))
            rows.overlay(factors, grad_input)
    return (
        grad_input,
        None if grad_filters is None else _filter_gradient(grad_filters),
        gradient.sum((0, 2, 3)) if wants[2] else None,
    )


# As operations of torch's own they are seen by its profiler, and counted like any convolution of their size.
_library = torch.library.Library("tessera", "DEF")
_library.define("convolve3x3(Tensor input, Tensor weight, Tensor? bias) -> Tensor")
_library.define(
    "convolve3x3_backward(Tensor gradient, Tensor input, Tensor weight, bool[3] wants) -> (Tensor, Tensor, Tensor)"
)
_library.impl("convolve3x3", _convolve, "CPU")
_library.impl("convolve3x3_backward", _gradients, "CPU")


@register_flop_formula(torch.ops.tessera.convolve3x3)
def _operations(_: Any, weight: Sequence[int], *__: Any, out_shape: Sequence[int], **___: Any) -> int:
    return 2 * prod(out_shape) * prod(weight[1:])


@register_flop_formula(torch.ops.tessera.convolve3x3_backward)
def _operations_backward(
    gradient: Sequence[int], _: Any, weight: Sequence[int], wants: Sequence[bool], **__: Any
) -> int:
    return sum(wants[:2]) * 2 * prod(gradient) * prod(weight[1:])


class _Image(NamedTuple):
    """An image as the compiled loops take it."""

    flat: Any
    shape: lines.Shape

    @classmethod
    def of(cls, image: Tensor) -> "_Image":
        """An image (batch, channels, height, width), copied only where a row's pixels do not lie side by side."""
        channels, height, width = image.shape[1:]
        if image.stride(1) != 1 or image.stride(3) != channels or min(image.stride()) < 1:
            image = image.contiguous(memory_format=torch.channels_last)
        extent = sum((n - 1) * step for n, step in zip(image.shape, image.stride(), strict=True)) + 1
        flat = image.detach().as_strided((extent,), (1,)).numpy()
        return cls(flat, (height, width * channels, image.stride(0), image.stride(2)))

    def two_rows(self, number: int, y: int) -> Any:
        """The view (2, width * channels) of two rows."""
        _, length, image_step, row_step = self.shape
        start = number * image_step + y * row_step
        return np.lib.stride_tricks.as_strided(
            self.flat[start:], (2, length), (row_step * self.flat.itemsize, self.flat.itemsize)
        )


class _Rows(NamedTuple):
    """Some rows of tiles.

    Attributes:
        grid: Tile rows of an image, tiles of a row, and the first tile row.
        last: Behind the last tile row.
        each: Factors of a tile row.
    """

    grid: lines.Grid
    last: int
    each: int

    def room(self, use: "_Use", weight: Tensor, side: int) -> Tensor:
        """Room for factors or products of the input's (1) or the result's (0) channels: (6, 6, tiles, channels)."""
        tiles = (self.last - self.grid[2]) * self.grid[1]
        return _room(use, (6, 6, tiles, weight.shape[side]), weight.dtype)

    def share(self, walk: Callable[..., None], *arrays: Any) -> None:
        """Let the threads walk the tile rows side by side."""
        _at_once([(walk, *arrays, self.grid, *part, _constants(arrays[0].dtype)) for part in self._parts()])

    def overlay(self, factors: Tensor, image: Tensor) -> None:
        """Lay the gradients of the tiles over each other in an image."""
        out, parts, down = _Image.of(image), self._parts(), self.grid[0]
        tails = np.zeros((len(parts), 2, out.shape[1]), out.flat.dtype)
        seams = [
            (out.two_rows(end // down, end % down * 4), tail)
            for (_, end), tail in zip(parts, tails, strict=True)
            if end % down
        ]
        for rows, _ in seams:
            rows[:] = 0
        k = _constants(out.flat.dtype)
        _at_once(
            [
                (lines.gradient_of_factors, factors.numpy(), *out, tail, self.grid, *part, k)
                for part, tail in zip(parts, tails, strict=True)
            ]
        )
        for rows, tail in seams:
            rows += tail

    def _parts(self) -> list[tuple[int, int]]:
        return _parts(self.grid[2], self.last, self.each)


def _parts(first: int, last: int, each: int) -> list[tuple[int, int]]:
    """A range of things with so many factors each, in a part for every thread that is worth waking."""
    count = max(1, min(torch.get_num_threads(), last - first, (last - first) * each // LEAST_PART))
    return list(pairwise(first + (last - first) * part // count for part in range(count + 1)))


def _rows(result: Tensor, weight: Tensor) -> Iterator[_Rows]:
    """The tile rows of a result, as many at a time as the scratch memory holds."""
    down, across = -(-result.shape[2] // 4), -(-result.shape[3] // 4)
    step = _rows_together(across, max(weight.shape[:2]) * weight.element_size())
    count = result.shape[0] * down
    for first in range(0, count, step):
        yield _Rows((down, across, first), min(count, first + step), 36 * across * max(weight.shape[:2]))


def _rows_together(across: int, position_bytes: int) -> int:
    return max(1, SCRATCH // (36 * across * position_bytes))


def _new(like: Tensor, channels: int, height: int, width: int) -> Tensor:
    shape = (like.shape[0], channels, height, width)
    return torch.empty(shape, dtype=like.dtype, memory_format=torch.channels_last)


def _flat(factors: Tensor) -> Tensor:
    """(36, tiles, channels)."""
    return factors.view(36, *factors.shape[2:])


def _filter_factors(weight: Tensor) -> Tensor:
    """G g G^T of all filters: (36, channels out, channels in)."""
    taps = weight.detach().contiguous(memory_format=torch.channels_last).permute(0, 2, 3, 1)
    room = _room(_Use.FILTERS, (6, 6, *weight.shape[:2]), weight.dtype)
    _share_filters(lines.factors_of_filters, len(taps), taps, room)
    return _flat(room)


def _filter_gradient(factors: Tensor) -> Tensor:
    """Its transpose: the gradient of the filters from that of their factors, channels last."""
    taps = factors.new_empty(factors.shape[1], 3, 3, factors.shape[2])
    _share_filters(lines.filters_of_factors, len(taps), factors.view(6, 6, *factors.shape[1:]), taps)
    return taps.permute(0, 3, 1, 2)


def _share_filters(walk: Callable[..., None], count: int, given: Tensor, found: Tensor) -> None:
    k, channels = _constants(given.numpy().dtype), given.shape[-1]
    parts = _parts(0, count, 36 * channels)
    _at_once([(walk, given.numpy(), found.numpy(), *part, k) for part in parts])


class _Use(Enum):
    """What scratch memory is used for."""

    FILTERS = auto()
    FILTER_GRADIENTS = auto()
    FACTORS = auto()
    PRODUCTS = auto()


_scratch = threading.local()


def scratch_in_use() -> int:
    """Bytes of scratch memory that this thread keeps."""
    return sum(room.untyped_storage().nbytes() for room in _scratch.__dict__.get("rooms", {}).values())


def _room(use: _Use, shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
    """Scratch memory that the thread keeps: fresh memory costs as much time as the arithmetic."""
    rooms = _scratch.__dict__.setdefault("rooms", {})
    count = prod(shape)
    if (use, dtype) not in rooms or rooms[use, dtype].numel() < count:
        rooms[use, dtype] = torch.empty(count, dtype=dtype)
    room: Tensor = rooms[use, dtype]
    return room[:count].view(shape)


@cache
def _constants(dtype: Any) -> Any:
    return lines.constants(np.dtype(dtype))


def _at_once(calls: Sequence[tuple[Any, ...]]) -> None:
    """Call functions with their arguments, the last one in this thread."""
    waiting = [_pool().submit(*call) for call in calls[:-1]]
    function, *arguments = calls[-1]
    function(*arguments)
    for each in waiting:
        each.result()


@cache
def _pool() -> ThreadPoolExecutor:
    """The threads of this process; like those of OpenMP they live as long as it does."""
    return ThreadPoolExecutor(thread_name_prefix="tessera-kernels")
