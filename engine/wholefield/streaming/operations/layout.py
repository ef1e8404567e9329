"""Shapes in which the image's axes share dimensions with others: tokens, windows in the batch, and what they come from.

A tensor is stored with each axis of the image as a dimension of its own, so that it can be cut; the network may see
several stored dimensions as one. An axis that is split into windows stays an axis, one position per window, and the
positions inside the window become an ordinary dimension: no tile ever cuts a window.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import prod
from typing import TypeAlias

import torch
from torch import Tensor

from wholefield.streaming.geometry.axis import AxisMap, Same, Transposed, Window
from wholefield.streaming.geometry.spans import Span, Spans
from wholefield.streaming.operations.call import Local, Ref, Take
from wholefield.streaming.operations.registry import Refusal

FOLDS = (
    "it folds the image in a way that cuts its rows into parts of unequal length. Use an image whose sizes are "
    "multiples of the network's windows and strides, or move it to the head, behind the streamed network."
)


@dataclass(frozen=True)
class Part:
    """One stored dimension.

    Attributes:
        size: Its length for the whole image.
        axis: Which axis of the image it is; None for others.
    """

    size: int
    axis: int | None = None


Dims: TypeAlias = tuple[tuple[Part, ...], ...]
"""The dimensions that the network sees, each made of stored ones, the slowest first."""


def dims_of(ref: Ref) -> Dims:
    """How a tensor's dimensions are made up."""
    axis_at = {at: axis for axis, at in enumerate(ref.axes)}
    parts = iter([Part(size, axis_at.get(at)) for at, size in enumerate(ref.shape)])
    return tuple(tuple(next(parts) for _ in range(n)) for n in ref.groups or (1,) * len(ref.shape))


def stored_as(dims: Dims) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """The stored shape of dimensions so made up, where the axes of the image are in it, and the groups of Ref."""
    parts = [part for dim in dims for part in dim]
    at = {part.axis: k for k, part in enumerate(parts) if part.axis is not None}
    groups = tuple(map(len, dims)) if any(len(dim) > 1 for dim in dims) else ()
    return tuple(part.size for part in parts), tuple(at[axis] for axis in range(len(at))), groups


def regroup(dims: Dims, shape: Iterable[int]) -> Dims:
    """The dimensions after a reshape: elements keep their order.

    Raises:
        Refusal: A new dimension takes a part of an old one that does not divide it.
    """
    queue = deque(part for dim in dims for part in dim)
    sizes = list(shape)
    found: list[list[Part]] = []
    for size, following in zip(sizes, [*sizes[1:], 0], strict=True):
        dim: list[Part] = []
        rest = size
        while rest > 1:
            part = queue.popleft()
            if part.size and rest % part.size == 0:
                dim.append(part)
            elif part.size % rest == 0:
                dim.append(replace(part, size=rest))
                queue.appendleft(Part(part.size // rest))
            else:
                raise Refusal(FOLDS)
            rest //= dim[-1].size
        dim += [queue.popleft() for _ in range(_ones_taken(list(queue), dim, size, following))]
        found.append(dim)
    return _as_windows(tuple(map(_tidied, found)), dims)


def _ones_taken(queue: Sequence[Part], dim: Sequence[Part], size: int, following: int) -> int:
    """How many of the next dimensions of length one belong to a dimension; a guess, by which no value can change."""
    ones = next((k for k, part in enumerate(queue) if part.size != 1), len(queue))
    if not following or not ones:
        return ones
    if following == 1:
        return int(size == 1)
    run = queue[:ones]
    # A row of windows goes with the rows of windows before it; another single row starts a dimension.
    windows = sum(part.axis is not None for part in [*dim[-1:], *run]) > 1
    if windows and ones < len(queue) and queue[ones].axis is None:
        return ones
    plain = next((k for k, part in enumerate(run) if part.axis is not None), ones)
    return max(plain, 1) if size == 1 else 0


def _as_windows(found: Dims, before: Dims) -> Dims:
    """The same, where an axis that is one window long is split as the others are: into one and the window."""
    length = {part.axis: part.size for dim in before for part in dim}
    after = {part.axis: part.size for dim in found for part in dim if part.axis is not None}
    alone = [
        k
        for k, (first, second) in enumerate(pairwise(found))
        if first == (Part(1),)
        and len(second) == 1
        and second[0].axis is not None
        and second[0].size == length[second[0].axis]
    ]
    if not alone or (all(after[axis] >= length[axis] for axis in after) and len(alone) < max(len(after), 2)):
        return found
    dims = list(found)
    for k in alone:
        window = dims[k + 1][0]
        dims[k : k + 2] = (Part(1, window.axis),), (Part(window.size),)
    return tuple(dims)


def _tidied(dim: Sequence[Part]) -> tuple[Part, ...]:
    """The same dimension in as few parts as possible: an axis takes up what lies inside it."""
    found: list[Part] = []
    for part in dim:
        if part.axis is None and found:
            found[-1] = replace(found[-1], size=found[-1].size * part.size)
        else:
            found.append(part)
    # A one before a single long axis is nothing; before several, or a short one, it keeps the place of a dimension.
    if len(found) == 2 and found[0] == Part(1) and found[1].size > 1:
        del found[0]
    return tuple(found) or (Part(1),)


def axis_map(length_in: int, length_out: int) -> AxisMap:
    """The map of an axis that is split into windows or put together from them.

    Raises:
        Refusal: Neither length divides the other.
    """
    if length_in == length_out:
        return Same(length_in, length_out)
    if length_out and length_in % length_out == 0:
        window = length_in // length_out
        return Window(length_in, length_out, window, window, 1, 0)
    if length_in and length_out % length_in == 0:
        window = length_out // length_in
        return Transposed(length_in, length_out, window, window, 1, 0)
    raise Refusal(FOLDS)


def reshaped(ref: Ref, shape: Sequence[int]) -> Local:
    """A reshape of a tensor: the network sees `shape`."""
    after = stored_as(regroup(dims_of(ref), shape))
    stored, axes, groups = after
    maps = tuple(axis_map(length, stored[at]) for length, at in zip(ref.lengths, axes, strict=True))

    def compute(take: Take, out: Sequence[Span]) -> Tensor:
        block = take(ref)
        sizes = list(stored)
        for before, at, length in zip(ref.axes, axes, ref.lengths, strict=True):
            sizes[at] = block.shape[before] * stored[at] // length
        block = block.reshape(sizes)
        for one, at, (start, stop) in zip(maps, axes, out, strict=True):
            if isinstance(one, Transposed):
                block = block.narrow(at, start - one.needs(start, stop)[0] * one.step, stop - start)
        return block

    return Local(maps, axes, compute, shape=stored, groups=groups)


class Places(tuple[int, int]):
    """Positions of a block along a dimension that the network sees and that holds axes of the image among others.

    As a span it counts them, from 0; which they are, its numbers say.
    """

    numbers: Tensor

    @staticmethod
    def of(parts: Sequence[Part], out: Spans) -> "Places":
        """The positions in a block over `out`, a range per axis of the image."""
        numbers = torch.zeros(1, dtype=torch.int64)
        for part in parts:
            steps = torch.arange(*(out[part.axis] if part.axis is not None else (0, part.size)))
            numbers = (numbers[:, None] * part.size + steps).flatten()
        places = Places((0, len(numbers)))
        places.numbers = numbers
        return places


def pick(tensor: Tensor, dim: int, where: Span) -> Tensor:
    """The positions of a block along one dimension of a tensor for the whole image."""
    if isinstance(where, Places):
        return tensor.index_select(dim, where.numbers.to(tensor.device))
    return tensor.narrow(dim, where[0], where[1] - where[0])


def facade(ref: Ref) -> Ref:
    """The tensor as the network sees it; a dimension that holds several axes counts as one."""
    axes = tuple(k for k, dim in enumerate(dims_of(ref)) if any(part.axis is not None for part in dim))
    return Ref(ref.index, ref.seen, axes, ref.dtype)


def block_shape(dims: Dims, out: Sequence[Span]) -> list[int]:
    """The stored shape of a block."""
    return [
        part.size if part.axis is None else out[part.axis][1] - out[part.axis][0]
        for dim in dims
        for part in dim
    ]


def seen_shape(dims: Dims, stored: Sequence[int]) -> list[int]:
    """The shape in which the network sees a block that is stored so."""
    sizes = iter(stored)
    return [prod(next(sizes) for _ in dim) for dim in dims]
