"""Back-propagation through one recomputed tile, whose halos' gradients come and go node by node."""

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import Any, TypeAlias

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.autograd.graph import get_gradient_edge

from wholefield.streaming.execution.halo import Halo, Halos, Piece, cut
from wholefield.streaming.execution.recurrence import Recurrence, Tile
from wholefield.streaming.execution.tile import Poll, ReadInputs, TileLayout, compute_tile
from wholefield.streaming.geometry.spans import Spans, intersection, is_empty
from wholefield.streaming.tracing.program import Program

HaloGrad: TypeAlias = tuple[Tensor | None, ...]
"""Gradients of a halo, piece by piece."""

Root: TypeAlias = Callable[[Tensor], tuple[Tensor, Tensor]]
"""Where back-propagation into a recomputed output block starts, and with which gradient."""


@dataclass(frozen=True)
class WayBack:
    """How the gradients of halos come to a tile and go from it; all by axis and node.

    Attributes:
        arrive: Waits for the gradient of what the tile has handed on; None if there is none.
        await_: Waits until it is there.
        deliver: Takes the gradient of what the tile was given.
    """

    arrive: Callable[[int, int], HaloGrad | None]
    await_: Callable[[int, int], None]
    deliver: Callable[[int, int, HaloGrad], None]


def pass_back(
    recurrence: Recurrence, tile: Tile, halos: Halos, learns: Sequence[bool], way: WayBack
) -> Halos:
    """Pass on the gradients of nodes of which a tile computes and reads nothing, before it is recomputed.

    Such a tile lies before one that computes these nodes for several; it waits here, while it holds nothing, for what
    back-propagation into its own nodes needs first.

    Args:
        recurrence: The network laid out over the tiles.
        tile: Which tile.
        halos: What it was given.
        learns: Whether a gradient passes through each node.
        way: The ways of the gradients.

    Returns:
        The halos of the other nodes.
    """
    layout = TileLayout(recurrence, tile)
    passed = [node for node, passes in enumerate(layout.only_passes) if passes]
    if not passed:
        return halos
    for node in reversed(passed):
        given = {axis: halos[axis, node] for axis in range(len(tile)) if (axis, node) in halos}
        grads: dict[int, list[Tensor | None]] = {axis: [None] * len(halo) for axis, halo in given.items()}
        for out, spans in layout.handed(node):
            parts = [
                (axis, k, piece, shared)
                for axis, halo in given.items()
                for k, piece in enumerate(halo)
                if not is_empty(shared := intersection(piece[0], spans))
            ]
            if not learns[node] or not parts:
                continue
            way.await_(out, node)
            arrived = way.arrive(out, node)
            for (axis, k, piece, shared), grad in zip(parts, arrived or (), strict=arrived is not None):
                axes = recurrence.program.nodes[node].ref.axes
                grads[axis][k] = _placed(axes, piece, shared, grad, grads[axis][k])
        for axis, found in grads.items():
            way.deliver(axis, node, tuple(found))
    first = [node for node, runs in enumerate(layout.runs) if runs and learns[node] and layout.handed(node)]
    for axis, _ in layout.handed(first[-1]) if first else ():
        way.await_(axis, first[-1])
    return {(axis, node): halo for (axis, node), halo in halos.items() if not layout.only_passes[node]}


def _placed(
    axes: Sequence[int], piece: Piece, spans: Spans, grad: Tensor | None, total: Tensor | None
) -> Tensor | None:
    """The gradient of a piece: what is known of it, and that of a part of it."""
    if grad is None:
        return total
    if spans != piece[0]:
        whole = torch.zeros_like(piece[1], dtype=grad.dtype)
        cut(whole, axes, piece[0], spans).copy_(grad)
        grad = whole
    return grad if total is None else total + grad


class Recomputed:
    """The passing of a tile that is recomputed under autograd.

    The halos that it was given are at hand. Back-propagation waits for the gradient of what it hands on where it comes
    to that node, and delivers that of what it was given as soon as it has it.

    Attributes:
        leaves: The pieces of the halos that learn.
        roots: Where back-propagation into what is handed on starts; the gradient there is 1.
    """

    def __init__(self, halos: Halos, learns: Sequence[bool], way: WayBack) -> None:
        """Make the halos the start of a graph of its own.

        Args:
            halos: What the tile was given.
            learns: Whether a gradient passes through each node.
            way: The ways of the gradients.
        """
        self._arrive = way.arrive
        self._halos: Halos = {}
        self._deliveries: list[_Delivery] = []
        self.leaves: list[Tensor] = []
        self.roots: list[Tensor] = []
        for (axis, node), halo in halos.items():
            pieces = tuple(
                (spans, piece.detach().requires_grad_(learns[node] and piece.is_floating_point()))
                for spans, piece in halo
            )
            self._halos[axis, node] = pieces
            self.leaves += [piece for _, piece in pieces if piece.requires_grad]
            self._deliveries.append(_Delivery(pieces, partial(way.deliver, axis, node)))

    def take(self, axis: int, node: int, *, idle: bool = False) -> Halo:
        """The halo of a node."""
        return self._halos.get((axis, node), ())

    def hand_on(self, axis: int, node: int, halo: Halo) -> None:
        """Note where the gradient of what is handed on goes in."""
        pieces = [piece for _, piece in halo]
        if torch.is_grad_enabled() and any(piece.requires_grad for piece in pieces):
            self.roots.append(_Arrival.apply(partial(self._arrive, axis, node), *pieces))

    def finish(self) -> None:
        """Deliver what did not get its gradients, without."""
        for delivery in self._deliveries:
            delivery.finish()


class _Delivery:
    """Collects the gradients of one halo and hands them on with the last. It does not hold the halo itself."""

    def __init__(self, halo: Halo, put: Callable[[HaloGrad], None]) -> None:
        self._put: Callable[[HaloGrad], None] | None = put
        self._grads: list[Tensor | None] = [None] * len(halo)
        learning = [(k, piece) for k, (_, piece) in enumerate(halo) if piece.requires_grad]
        self._missing = len(learning)
        for k, piece in learning:
            piece.register_post_accumulate_grad_hook(partial(self._take, k))
        if not learning:
            self.finish()

    def finish(self) -> None:
        """Hand on what there is, unless that is done."""
        if self._put is not None:
            put, self._put = self._put, None
            put(tuple(self._grads))
            self._grads.clear()

    def _take(self, k: int, leaf: Tensor) -> None:
        self._grads[k], leaf.grad = _compact(leaf.grad), None
        self._missing -= 1
        if not self._missing:
            self.finish()


class _Arrival(torch.autograd.Function):
    """The end of a graph whose gradient another tile has: a number to start from, and pieces of a halo to go on with.

    Autograd runs the latest nodes first, so this one is run, and waits, when all that came after it is done.
    """

    @staticmethod
    def forward(ctx: Any, arrive: Callable[[], HaloGrad | None], *pieces: Tensor) -> Tensor:
        """Zero."""
        ctx.arrive, ctx.count = arrive, len(pieces)
        return torch.zeros((), dtype=pieces[0].dtype, device=pieces[0].device)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, _: Tensor) -> tuple[Tensor | None, ...]:
        """The gradients of the pieces."""
        grads = ctx.arrive()
        return (None, *((None,) * ctx.count if grads is None else grads))


@dataclass(frozen=True)
class TileGradients:
    """What back-propagation through a tile found, beside the gradients of halos and slots.

    Attributes:
        inputs: Gradient of what the tile read of each input that requires one, and where it lies.
    """

    inputs: dict[int, Piece]


def tile_gradients(
    recurrence: Recurrence,
    tile: Tile,
    read: ReadInputs,
    tensors: Sequence[Tensor],
    passing: Recomputed,
    roots: Mapping[int, Sequence[Root]],
    known: Mapping[int, Tensor],
    poll: Poll | None = None,
) -> TileGradients:
    """Recompute one tile under autograd and back-propagate through it.

    The gradients of the slots are accumulated in their `grad`.

    Args:
        recurrence: The network laid out over the tiles.
        tile: Which tile.
        read: Gives the values of the inputs; they require a gradient if theirs is wanted.
        tensors: The program's slots.
        passing: The halos that the tile was given, and the ways of gradients.
        roots: Where back-propagation into the tile's block of each output node starts.
        known: Blocks that the forward sweep kept.
        poll: Called before every node.
    """
    with torch.enable_grad():
        result = compute_tile(
            recurrence, tile, read, tensors, passing, frozenset(roots), known=known, poll=poll
        )
    inputs = {node: piece for node, piece in result.inputs.items() if piece[1].requires_grad}
    pairs = [root(block) for node, block in result.outputs.items() for root in roots[node]]
    pairs += [(root, torch.ones_like(root)) for root in passing.roots]
    starts = [(get_gradient_edge(root), grad) for root, grad in pairs if root.requires_grad]
    # Back-propagation frees what it has passed, unless somebody still holds it.
    del result, pairs
    passing.roots.clear()
    leaves = [*passing.leaves, *(tensor for tensor in tensors if tensor.requires_grad)]
    leaves += [values for _, values in inputs.values()]
    if starts and leaves:
        edges, grads = zip(*starts, strict=True)
        torch.autograd.backward(edges, grads, inputs=leaves)
    passing.finish()
    return TileGradients(
        {node: (spans, values.grad) for node, (spans, values) in inputs.items() if values.grad is not None}
    )


class GradientSums:
    """Gradients of the slots, added up tile by tile as soon as back-propagation has each of them.

    Whatever the workers do, sums are in the order of the tiles. A gradient that comes before its turn is kept.

    Attributes:
        totals: The sums; None where no tile had a gradient.
    """

    def __init__(self, tensors: Sequence[Tensor], tiles: Sequence[Tile]) -> None:
        """Start with none.

        Args:
            tensors: The slots.
            tiles: The tiles in the order of the sums.
        """
        self._tensors = tensors
        self._ranks = {tile: rank for rank, tile in enumerate(tiles)}
        self.totals: list[Tensor | None] = [None] * len(tensors)
        self._slots = {k: _Turns() for k, tensor in enumerate(tensors) if tensor.requires_grad}

    def leaves(self, tile: Tile) -> list[Tensor]:
        """The slots as leaves of the graph of a tile."""
        leaves = [tensor.detach().requires_grad_(tensor.requires_grad) for tensor in self._tensors]
        for k in self._slots:
            leaves[k].register_post_accumulate_grad_hook(partial(self._take, self._ranks[tile], k))
        return leaves

    def finish(self, tile: Tile) -> None:
        """A tile has no more gradients."""
        for k in self._slots:
            self._put(self._ranks[tile], k, None)

    def _take(self, rank: int, k: int, leaf: Tensor) -> None:
        grad, leaf.grad = leaf.grad, None
        self._put(rank, k, grad)

    def _put(self, rank: int, k: int, grad: Tensor | None) -> None:
        turns = self._slots[k]
        with turns.lock:
            if rank >= turns.next:
                turns.early.setdefault(rank, grad)
            while turns.next in turns.early:
                self._add(k, turns.early.pop(turns.next))
                turns.next += 1

    def _add(self, k: int, grad: Tensor | None) -> None:
        total = self.totals[k]
        if grad is None:
            return
        # Hundreds of small terms would vanish in a sum of half precision.
        wide = torch.promote_types(grad.dtype, torch.float32)
        self.totals[k] = grad.to(wide) if total is None else total.add_(grad)


class _Turns:
    """Whose gradient of a slot is to be added next, and those that came before their turn."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.next = 0
        self.early: dict[int, Tensor | None] = {}


def nodes_that_learn(program: Program, tensors: Sequence[Tensor], inputs: Container[int]) -> list[bool]:
    """Whether a gradient passes through each node; `inputs` are those whose gradient is wanted."""
    learns: list[bool] = []
    for node in program.nodes:
        reached = any(tensors[slot].requires_grad for slot in node.slots) or any(
            learns[k] for k in node.inputs
        )
        learns.append(node.differentiable and (reached or node.ref.index in inputs))
    return learns


def _compact(grad: Tensor | None) -> Tensor | None:
    """A gradient that is part of a larger one as a copy, so that the rest need not live on with it."""
    if grad is None or grad.untyped_storage().nbytes() == grad.numel() * grad.element_size():
        return grad
    return grad.clone()
