"""Joining a node's new block with the halos it was given, and cutting out what readers and later tiles need."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx, once_differentiable

from wholefield.streaming.execution.layout import format_of
from wholefield.streaming.geometry.spans import Spans, hull, intersection, is_empty

Piece: TypeAlias = tuple[Spans, Tensor]
"""A box of a node's positions and its values."""

Halo: TypeAlias = tuple[Piece, ...]
"""What a tile hands on of a node along an axis: pieces that fill its box without overlap.

Where readers wait, the halo grows from tile to tile, and the same pieces are handed on and on without a copy.
"""

Halos: TypeAlias = dict[tuple[int, int], Halo]
"""Halos by (axis, node)."""


@dataclass(frozen=True)
class Exchange:
    """Where things lie in the held box of one node in one tile.

    Attributes:
        axes: Dimensions of the tensors that run over the image.
        held: The whole box: what is given and the zeros around the image that readers take with it.
        given: Where each piece that goes in lies: the new block and the halos of this tile.
        taken: Where each piece that comes out lies: the readers' views first, then the halos for later tiles.
        views: How many of `taken` are views for readers.
    """

    axes: tuple[int, ...]
    held: Spans
    given: tuple[Spans, ...]
    taken: tuple[Spans, ...]
    views: int


def cut(tensor: Tensor, axes: Sequence[int], origin: Spans, spans: Spans) -> Tensor:
    """The view of a box inside a tensor whose first position lies at the start of `origin`."""
    for axis, (first, last), (start, stop) in zip(axes, origin, spans, strict=True):
        if (start, stop) != (first, last):
            tensor = tensor.narrow(axis, start - first, stop - start)
    return tensor


def assemble(exchange: Exchange, pieces: Sequence[Tensor]) -> Tensor:
    """One tensor of the whole held box, zero where nothing is given."""
    core = hull(exchange.given)
    if len(pieces) == 1 and core == exchange.held:
        return pieces[0]
    return _laid_out(exchange, core, list(zip(pieces, exchange.given, strict=True)))


def _around(core: Spans, held: Spans) -> Iterator[Spans]:
    """The boxes between a box and one inside it, without overlap."""
    for axis, ((first, last), (start, stop)) in enumerate(zip(held, core, strict=True)):
        for gap in ((first, start), (stop, last)):
            if gap[0] < gap[1]:
                yield (*core[:axis], gap, *held[axis + 1 :])


def pass_on(axes: Sequence[int], given: Sequence[Piece], spans: Spans) -> Halo:
    """The pieces of what is given that lie in a box: whole ones as they are, parts of others.

    Without autograd parts are copies, so that they do not keep the rest alive.
    """
    found = []
    for held, piece in given:
        shared = intersection(held, spans)
        if shared == held:
            found.append((held, piece))
        elif not is_empty(shared):
            part = cut(piece, axes, held, shared)
            found.append((shared, part if torch.is_grad_enabled() else part.clone()))
    return tuple(found)


def exchange_pieces(exchange: Exchange, pieces: Sequence[Tensor]) -> Sequence[Tensor]:
    """The taken pieces; under autograd if that is recording.

    Without it halos are copies, so that they do not keep the whole box alive.
    """
    if torch.is_grad_enabled() and any(piece.requires_grad for piece in pieces):
        return _ExchangeWithGraph.apply(exchange, *pieces)
    whole = assemble(exchange, pieces)
    taken = [cut(whole, exchange.axes, exchange.held, spans) for spans in exchange.taken]
    views, halos = taken[: exchange.views], taken[exchange.views :]
    return [*views, *(halo.clone(memory_format=format_of(whole)) for halo in halos)]


class _ExchangeWithGraph(torch.autograd.Function):
    """The same under autograd: one pass over the box each way, instead of one per slice and concatenation."""

    @staticmethod
    def forward(ctx: FunctionCtx, exchange: Exchange, *pieces: Tensor) -> tuple[Tensor, ...]:
        """Assemble the box and return its parts."""
        ctx.exchange = exchange  # type: ignore[attr-defined]
        ctx.set_materialize_grads(False)
        whole = assemble(exchange, pieces)
        if whole is pieces[0]:
            whole = whole.detach()
        return tuple(cut(whole, exchange.axes, exchange.held, spans) for spans in exchange.taken)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor | None) -> tuple[Tensor | None, ...]:
        """Add up the gradients of the parts over the box and cut out those of the pieces."""
        exchange: Exchange = ctx.exchange
        parts = [(grad, spans) for grad, spans in zip(grads, exchange.taken, strict=True) if grad is not None]
        if not parts:
            return (None,) * (1 + len(exchange.given))
        whole = _add_up(exchange, parts)
        return (None, *(cut(whole, exchange.axes, exchange.held, spans) for spans in exchange.given))


def _add_up(exchange: Exchange, parts: list[tuple[Tensor, Spans]]) -> Tensor:
    """The sum of gradients over the held box: the largest is laid out in it, the others are added."""
    first, *rest = sorted(parts, key=lambda part: part[0].numel(), reverse=True)
    if first[1] == exchange.held and not rest:
        return first[0]
    whole = _laid_out(exchange, first[1], [first])
    for grad, spans in rest:
        cut(whole, exchange.axes, exchange.held, spans).add_(grad)
    return whole


def _laid_out(exchange: Exchange, core: Spans, parts: Sequence[tuple[Tensor, Spans]]) -> Tensor:
    """A new tensor of the held box: the parts, which fill the core without overlap, and zeros around it."""
    like = parts[0][0]
    shape = list(like.shape)
    for axis, (start, stop) in zip(exchange.axes, exchange.held, strict=True):
        shape[axis] = stop - start
    whole = torch.empty(shape, dtype=like.dtype, device=like.device, memory_format=format_of(like))
    for part, spans in parts:
        cut(whole, exchange.axes, exchange.held, spans).copy_(part)
    for frame in _around(core, exchange.held):
        cut(whole, exchange.axes, exchange.held, frame).zero_()
    return whole
