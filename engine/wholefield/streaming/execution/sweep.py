"""The two sweeps over the tiles: forward without a graph keeping only halos, reverse recomputing one tile at a time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import TypeAlias

import torch
from torch import Tensor
from torch.autograd.graph import get_gradient_edge
from torch.utils._pytree import tree_leaves

from wholefield.malloc import give_back_freed_memory
from wholefield.streaming.execution.halo import Halo, Halos, cut
from wholefield.streaming.execution.handed_on import HandedOn
from wholefield.streaming.execution.host_memory import PIXELS_BETWEEN, packed_blocks, packed_halos
from wholefield.streaming.execution.random_state import drawing_from, random_state
from wholefield.streaming.execution.recurrence import Recurrence, Tile
from wholefield.streaming.execution.saved_halos import SavedHalos
from wholefield.streaming.execution.sinks import Sink
from wholefield.streaming.execution.tile import Blocks, ReadImage, TileResult, compute_tile
from wholefield.streaming.execution.tile_visits import OnTile, Sweep, TileVisit
from wholefield.streaming.execution.wavefront import Crew, InOrder, run_tiles
from wholefield.streaming.geometry.spans import Spans
from wholefield.streaming.operations.call import Ref
from wholefield.streaming.tracing.program import Program

HaloGrads: TypeAlias = dict[tuple[int, int], tuple[Tensor | None, ...]]
"""Gradients of halos, piece by piece, by (axis, node)."""

Root: TypeAlias = Callable[[Tensor], tuple[Tensor, Tensor]]
"""Where back-propagation into a recomputed output block starts, and with which gradient."""


@dataclass(frozen=True)
class Gradients:
    """What the reverse sweep found.

    Attributes:
        image: Gradient of the image, or None if it was not requested.
        tensors: Gradient of each slot, None where it was not requested or is not reached.
    """

    image: Tensor | None
    tensors: list[Tensor | None]


def output_nodes(program: Program) -> tuple[Ref, ...]:
    """The tensors of the network's result, in the order of its leaves, each once."""
    refs = [leaf for leaf in tree_leaves(program.outputs) if isinstance(leaf, Ref)]
    return tuple({ref.index: ref for ref in refs}.values())


def forward_sweep(
    recurrence: Recurrence,
    read_image: ReadImage,
    tensors: Sequence[Tensor],
    sinks: Mapping[int, Sink],
    saved: SavedHalos | None,
    on_tile: OnTile | None,
    crew: Crew,
) -> None:
    """Compute all tiles without a graph, each after those that hand it halos.

    Args:
        recurrence: The network laid out over the tiles.
        read_image: Gives the pixels of a box.
        tensors: The program's slots.
        sinks: What takes the blocks of each output node.
        saved: Filled for a reverse sweep; None if there will be none.
        on_tile: Called before every tile.
        crew: Who computes the tiles.
    """
    wanted = frozenset(sinks)
    keeps = saved.keeps if saved is not None else frozenset()
    passage = crew.passage(recurrence, reverse=False)
    handed_on = HandedOn[Halo](recurrence, passage)
    # The result of a reduction must not depend on which worker was faster.
    folded = InOrder[Blocks](list(filter(crew.owns, recurrence.tiles())), partial(_write, recurrence, sinks))
    settled = _Settling()

    def prepare(tile: Tile) -> Callable[[], tuple[TileResult, Halos, Blocks]]:
        _announce(on_tile, Sweep.FORWARD, recurrence, tile)
        halos = handed_on.take(tile)
        if saved is not None:
            saved.put(tile, halos)
            if recurrence.program.random:
                saved.random_states[tile] = random_state(recurrence.program.device)
        return partial(compute, tile, halos)

    def compute(tile: Tile, halos: Halos) -> tuple[TileResult, Halos, Blocks]:
        with torch.no_grad():
            result = compute_tile(recurrence, tile, read_image, tensors, halos, wanted, keeps)
            return result, packed_halos(result.halos, halos), packed_blocks(result.kept)

    def finish(tile: Tile, found: tuple[TileResult, Halos, Blocks]) -> None:
        result, handed, kept = found
        if saved is not None:
            saved.blocks[tile] = kept
        at_once = {node: block for node, block in result.outputs.items() if not sinks[node].in_order}
        _write(recurrence, sinks, tile, at_once)
        folded.put(tile, {node: block for node, block in result.outputs.items() if node not in at_once})
        handed_on.put(tile, handed)
        settled.count(recurrence.box(tile))

    run_tiles(recurrence.counts, crew, prepare, finish, passage=passage)


def _write(recurrence: Recurrence, sinks: Mapping[int, Sink], tile: Tile, outputs: Blocks) -> None:
    for node, block in outputs.items():
        sinks[node].write(recurrence.new(node, tile), block)


def reverse_sweep(
    recurrence: Recurrence,
    read_image: ReadImage,
    tensors: Sequence[Tensor],
    saved: SavedHalos,
    sinks_for: Callable[[Sequence[Tensor]], Mapping[int, Sink]],
    output_grads: Mapping[int, Tensor],
    image_grad: Tensor | None,
    on_tile: OnTile | None,
    crew: Crew,
) -> Gradients:
    """Back-propagate through the recurrence, last tile first.

    Args:
        recurrence: The network laid out over the tiles.
        read_image: Gives the pixels of a box.
        tensors: The program's slots; gradients are found for those that require one.
        saved: What the forward sweep kept; it is used up.
        sinks_for: What took the blocks of each output node, for given tensors.
        output_grads: Gradient of what each of them came to.
        image_grad: Zeros in the shape of the image, to be filled; None if it is not wanted.
        on_tile: Called before every tile.
        crew: Who computes the tiles.
    """
    program = recurrence.program
    rows: dict[Tile, _Sums] = {}
    totals: list[Tensor | None] = [None] * len(tensors)
    passage = crew.passage(recurrence, reverse=True)
    arriving = HandedOn[tuple[Tensor | None, ...]](recurrence, passage)
    learns = nodes_that_learn(program, tensors, image_grad is not None)
    settled = _Settling()

    def read(spans: Spans) -> Tensor:
        return read_image(spans).detach().requires_grad_(image_grad is not None)

    def add_to_image(_: Tile, found: tuple[Tensor, Spans] | None) -> None:
        if image_grad is not None and found is not None:
            grad, spans = found
            cut(image_grad, program.image.axes, program.image.box, spans).add_(grad)

    # Whatever the workers do, sums are in raster order: along a row of tiles from one to the next, then row by row.
    backwards = list(filter(crew.owns, reversed(list(recurrence.tiles()))))
    # Of a signal, which is one row, this process may compute some tiles only.
    ends = {tile[:-1]: tile for tile in backwards}
    summed = InOrder[_Sums](list(ends), lambda _, row: row.add_to(totals))
    pixels = InOrder[tuple[Tensor, Spans] | None](backwards, add_to_image)

    def prepare(tile: Tile) -> Callable[[], TileGradients]:
        _announce(on_tile, Sweep.REVERSE, recurrence, tile)
        handed = arriving.take(tile)
        halos = saved.take(tile)
        known, state = saved.blocks.pop(tile, {}), saved.random_states.pop(tile, None)
        row = tile[:-1]
        if row not in rows:
            rows[row] = _Sums(tensors)
        return partial(compute, tile, rows[row].leaves, halos, handed, known, state)

    def compute(
        tile: Tile,
        leaves: Sequence[Tensor],
        halos: Halos,
        handed: HaloGrads,
        known: Blocks,
        state: Tensor | None,
    ) -> TileGradients:
        halos = {key: _leaves(halo, learns[key[1]]) for key, halo in halos.items()}
        sinks = sinks_for(leaves)
        roots = {
            node: partial(sinks[node].root, recurrence.new(node, tile), grad=grad)
            for node, grad in output_grads.items()
        }
        with drawing_from(state, program.device):
            return tile_gradients(recurrence, tile, read, leaves, halos, roots, handed, known)

    def finish(tile: Tile, found: TileGradients) -> None:
        arriving.put(tile, found.halos)
        pixels.put(tile, found.image)
        if tile == ends[tile[:-1]]:
            summed.put(tile[:-1], rows.pop(tile[:-1]))
        # What the last tiles freed stays for the next pass.
        if any(tile):
            settled.count(recurrence.box(tile))

    run_tiles(recurrence.counts, crew, prepare, finish, reverse=True, passage=passage)
    if crew.ring is not None:
        image_grad, *totals = crew.ring.added_up([image_grad, *totals], program.device)
    return Gradients(
        image_grad,
        [
            None if total is None else total.to(leaf.dtype)
            for total, leaf in zip(totals, tensors, strict=True)
        ],
    )


class _Settling:
    """Gives freed memory back now and then."""

    def __init__(self) -> None:
        self._pixels = 0

    def count(self, box: Spans) -> None:
        """A tile is finished."""
        self._pixels += prod(stop - start for start, stop in box)
        if self._pixels >= PIXELS_BETWEEN:
            self._pixels = 0
            give_back_freed_memory()


@dataclass(frozen=True)
class TileGradients:
    """Gradients that one tile passes on.

    Attributes:
        halos: Gradients of the halos that the tile was given.
        image: Gradient of the pixels that the tile read and where they lie, if they require one.
    """

    halos: HaloGrads
    image: tuple[Tensor, Spans] | None


def tile_gradients(
    recurrence: Recurrence,
    tile: Tile,
    read_image: ReadImage,
    tensors: Sequence[Tensor],
    halos: Halos,
    roots: Mapping[int, Root],
    halo_grads: HaloGrads,
    known: Blocks,
) -> TileGradients:
    """Recompute one tile under autograd and back-propagate through it.

    The gradients of the slots are accumulated in their `grad`.

    Args:
        recurrence: The network laid out over the tiles.
        tile: Which tile.
        read_image: Gives the pixels of a box; they require a gradient if theirs is wanted.
        tensors: The program's slots.
        halos: The halos that the tile was given; those that learn require a gradient.
        roots: Where back-propagation into the tile's block of each output node starts.
        halo_grads: Gradients of the halos that the tile hands on.
        known: Blocks that the forward sweep kept.
    """
    with torch.enable_grad():
        result = compute_tile(recurrence, tile, read_image, tensors, halos, frozenset(roots), known=known)
    pixels, spans = result.image
    pairs = [roots[node](block) for node, block in result.outputs.items()]
    pairs += _paired(result.halos, halo_grads)
    starts = [(get_gradient_edge(root), grad) for root, grad in pairs if root.requires_grad]
    # Back-propagation frees what it has passed, unless somebody still holds it.
    del result, pairs
    asked = [piece for halo in halos.values() for _, piece in halo if piece.requires_grad]
    leaves = [*asked, *(tensor for tensor in (*tensors, pixels) if tensor.requires_grad)]
    if starts and leaves:
        edges, grads = zip(*starts, strict=True)
        torch.autograd.backward(edges, grads, inputs=leaves)
    return TileGradients(
        {key: tuple(_compact(piece.grad) for _, piece in halo) for key, halo in halos.items()},
        None if pixels.grad is None else (pixels.grad, spans),
    )


def _leaves(halo: Halo, learns: bool) -> Halo:
    """A halo as the start of a graph of its own."""
    return tuple((spans, piece.detach().requires_grad_(learns)) for spans, piece in halo)


def _paired(halos: Halos, grads: HaloGrads) -> list[tuple[Tensor, Tensor]]:
    """Every piece of the halos that has a gradient, with it."""
    return [
        (piece, grad)
        for key, halo in halos.items()
        for (_, piece), grad in zip(halo, grads.get(key, (None,) * len(halo)), strict=True)
        if grad is not None
    ]


def _compact(grad: Tensor | None) -> Tensor | None:
    """A gradient that is part of a larger one as a copy, so that the rest need not live on with it."""
    if grad is None or grad.untyped_storage().nbytes() == grad.numel() * grad.element_size():
        return grad
    return grad.clone()


class _Sums:
    """Gradients of a row of tiles, added up as soon as back-propagation has each of them.

    Attributes:
        leaves: The tensors as leaves of this row alone, for tiles of other rows run at the same time.
    """

    def __init__(self, tensors: Sequence[Tensor]) -> None:
        self.leaves = [tensor.detach().requires_grad_(tensor.requires_grad) for tensor in tensors]
        self._values: list[Tensor | None] = [None] * len(tensors)
        for k, leaf in enumerate(self.leaves):
            if leaf.requires_grad:
                leaf.register_post_accumulate_grad_hook(partial(self._take, k))

    def add_to(self, totals: list[Tensor | None]) -> None:
        """Add the sums to those of other rows; they are given away."""
        for k, value in enumerate(self._values):
            if value is not None:
                total = totals[k]
                totals[k] = value if total is None else total.add_(value)

    def _take(self, k: int, leaf: Tensor) -> None:
        grad, leaf.grad = leaf.grad, None
        assert grad is not None
        value = self._values[k]
        if value is None:
            # Hundreds of small terms would vanish in a sum of half precision.
            self._values[k] = grad.to(torch.promote_types(grad.dtype, torch.float32))
        else:
            value.add_(grad)


def nodes_that_learn(program: Program, tensors: Sequence[Tensor], image: bool) -> list[bool]:
    """Whether a gradient passes through each node."""
    learns: list[bool] = []
    for node in program.nodes:
        reached = any(tensors[slot].requires_grad for slot in node.slots) or any(
            learns[k] for k in node.inputs
        )
        learns.append(node.differentiable and (reached if node.local else image))
    return learns


def _announce(on_tile: OnTile | None, sweep: Sweep, recurrence: Recurrence, tile: Tile) -> None:
    if on_tile is not None:
        on_tile(TileVisit(sweep, tile, recurrence.counts, recurrence.box(tile)))
