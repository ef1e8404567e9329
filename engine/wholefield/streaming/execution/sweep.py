"""The two sweeps over the tiles: forward without a graph keeping only halos, reverse recomputing one tile at a time."""

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import Any, TypeAlias

import torch
from torch import Tensor
from torch.autograd.graph import get_gradient_edge
from torch.utils._pytree import tree_leaves

from wholefield.malloc import give_back_freed_memory
from wholefield.streaming.execution.background import Background
from wholefield.streaming.execution.halo import Halo, Halos, Piece, cut
from wholefield.streaming.execution.handed_on import HandedOn
from wholefield.streaming.execution.host_memory import PIXELS_BETWEEN, packed_blocks, packed_halos
from wholefield.streaming.execution.random_state import drawing_from, random_state
from wholefield.streaming.execution.recurrence import Recurrence, Tile
from wholefield.streaming.execution.saved_halos import SavedHalos
from wholefield.streaming.execution.sinks import Outlets
from wholefield.streaming.execution.tile import Blocks, ReadImage, ReadInputs, compute_tile
from wholefield.streaming.execution.tile_visits import OnTile, Sweep, TileVisit
from wholefield.streaming.execution.wavefront import Crew, InOrder, run_tiles
from wholefield.streaming.geometry.spans import Spans, is_empty
from wholefield.streaming.operations.call import Ref
from wholefield.streaming.tracing.program import Program

HaloGrads: TypeAlias = dict[tuple[int, int], tuple[Tensor | None, ...]]
"""Gradients of halos, piece by piece, by (axis, node)."""

_Condensed: TypeAlias = dict[int, Any]
"""What is kept of a tile's output blocks until it is written, by number of the outlet."""

Root: TypeAlias = Callable[[Tensor], tuple[Tensor, Tensor]]
"""Where back-propagation into a recomputed output block starts, and with which gradient."""


@dataclass(frozen=True)
class Gradients:
    """What the reverse sweep found.

    Attributes:
        inputs: Gradients of the inputs that were requested, by node.
        tensors: Gradient of each slot, None where it was not requested or is not reached.
    """

    inputs: Mapping[int, Tensor]
    tensors: list[Tensor | None]


def output_nodes(program: Program) -> tuple[Ref, ...]:
    """The tensors of the network's result, in the order of its leaves, each once."""
    refs = [leaf for leaf in tree_leaves(program.outputs) if isinstance(leaf, Ref)]
    return tuple({ref.index: ref for ref in refs}.values())


def forward_sweep(
    recurrence: Recurrence,
    read: ReadInputs,
    tensors: Sequence[Tensor],
    outlets: Outlets,
    saved: SavedHalos | None,
    on_tile: OnTile | None,
    crew: Crew,
    background: Background | None = None,
) -> None:
    """Compute all tiles without a graph, each after those that hand it halos.

    Args:
        recurrence: The network laid out over the tiles.
        read: Gives the values of the inputs.
        tensors: The program's slots.
        outlets: What takes the blocks of the output nodes.
        saved: Filled for a reverse sweep; None if there will be none.
        on_tile: Called before every tile.
        crew: Who computes the tiles.
        background: Knows tiles that need not be computed, where nothing is saved; None for none.
    """
    wanted = frozenset(node for node, _ in outlets)
    keeps = saved.keeps if saved is not None else frozenset()
    passage = crew.passage(recurrence, reverse=False)
    handed_on = HandedOn[Halo](recurrence, passage)
    # The result of a reduction must not depend on which worker was faster.
    folded = InOrder[_Condensed](
        list(filter(crew.owns, recurrence.tiles())), partial(_write, recurrence, outlets)
    )
    settled = _Settling()

    def prepare(tile: Tile) -> Callable[[], tuple[_Condensed, Halos, Blocks]]:
        _announce(on_tile, Sweep.FORWARD, recurrence, tile)
        halos = handed_on.take(tile)
        if background is not None and (known := background.known(tile)) is not None:
            return partial(recall, tile, known)
        if saved is not None:
            saved.put(tile, halos)
            if recurrence.program.random:
                saved.random_states[tile] = random_state(recurrence.program.device)
        return partial(compute, tile, halos)

    def compute(tile: Tile, halos: Halos) -> tuple[_Condensed, Halos, Blocks]:
        with torch.no_grad():
            result = compute_tile(recurrence, tile, read, tensors, halos, wanted, keeps)
            written = _condensed(recurrence, outlets, tile, result.outputs)
            handed = packed_halos(result.halos, halos)
            if background is not None:
                background.keep(tile, result.outputs, handed)
            return written, handed, packed_blocks(result.kept)

    def recall(tile: Tile, known: tuple[Blocks, Halos]) -> tuple[_Condensed, Halos, Blocks]:
        outputs, handed = known
        with torch.no_grad():
            return _condensed(recurrence, outlets, tile, outputs), handed, {}

    def finish(tile: Tile, found: tuple[_Condensed, Halos, Blocks]) -> None:
        written, handed, kept = found
        if saved is not None:
            saved.blocks[tile] = kept
        in_order = {k: part for k, part in written.items() if outlets[k][1].in_order}
        _write(recurrence, outlets, tile, {k: part for k, part in written.items() if k not in in_order})
        folded.put(tile, in_order)
        handed_on.put(tile, handed)
        settled.count(recurrence.box(tile))

    run_tiles(recurrence.counts, crew, prepare, finish, passage=passage)


def _condensed(recurrence: Recurrence, outlets: Outlets, tile: Tile, outputs: Blocks) -> _Condensed:
    return {
        k: sink.condensed(recurrence.new(node, tile), outputs[node])
        for k, (node, sink) in enumerate(outlets)
        if node in outputs
    }


def _write(recurrence: Recurrence, outlets: Outlets, tile: Tile, parts: _Condensed) -> None:
    for k, part in parts.items():
        node, sink = outlets[k]
        sink.write(recurrence.new(node, tile), part)


def reverse_sweep(
    recurrence: Recurrence,
    read: ReadInputs,
    tensors: Sequence[Tensor],
    saved: SavedHalos,
    outlets_for: Callable[[Sequence[Tensor]], Outlets],
    output_grads: Sequence[Tensor | None],
    input_grads: Mapping[int, Tensor],
    read_known: ReadInputs,
    on_tile: OnTile | None,
    crew: Crew,
) -> Gradients:
    """Back-propagate through the recurrence, last tile first.

    Args:
        recurrence: The network laid out over the tiles.
        read: Gives the values of the inputs.
        tensors: The program's slots; gradients are found for those that require one.
        saved: What the forward sweep kept; it is used up.
        outlets_for: What took the blocks of the output nodes, for given tensors.
        output_grads: Gradient of what each of them came to.
        input_grads: What the gradients of inputs are added to, by node, for those that are wanted.
        read_known: What reads blocks of nodes whose whole result is at hand, by node; copies, to be written over.
        on_tile: Called before every tile.
        crew: Who computes the tiles.
    """
    program = recurrence.program
    rows: dict[Tile, _Sums] = {}
    totals: list[Tensor | None] = [None] * len(tensors)
    passage = crew.passage(recurrence, reverse=True)
    arriving = HandedOn[tuple[Tensor | None, ...]](recurrence, passage)
    learns = nodes_that_learn(program, tensors, input_grads)
    reading = {k: partial(_read_leaf, read[k], k in input_grads) for k in read}
    settled = _Settling()

    def add_to_inputs(_: Tile, found: Mapping[int, Piece]) -> None:
        for node, (spans, grad) in found.items():
            ref = program.nodes[node].ref
            place = cut(input_grads[node], ref.axes, ref.box, spans)
            place.add_(grad.to(place.device))

    # Whatever the workers do, sums are in raster order: along a row of tiles from one to the next, then row by row.
    backwards = list(filter(crew.owns, reversed(list(recurrence.tiles()))))
    # Of a signal, which is one row, this process may compute some tiles only.
    ends = {tile[:-1]: tile for tile in backwards}
    summed = InOrder[_Sums](list(ends), lambda _, row: row.add_to(totals))
    pixels = InOrder[Mapping[int, Piece]](backwards, add_to_inputs)

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
        roots: dict[int, list[Root]] = {}
        for (node, sink), grad in zip(outlets_for(leaves), output_grads, strict=True):
            if grad is not None:
                root = partial(sink.root, recurrence.new(node, tile), grad=grad)
                roots.setdefault(node, []).append(root)
        known |= {
            node: read_block(recurrence.new(node, tile))
            for node, read_block in read_known.items()
            if not is_empty(recurrence.new(node, tile))
        }
        with drawing_from(state, program.device):
            return tile_gradients(recurrence, tile, reading, leaves, halos, roots, handed, known)

    def finish(tile: Tile, found: TileGradients) -> None:
        arriving.put(tile, found.halos)
        pixels.put(tile, found.inputs)
        if tile == ends[tile[:-1]]:
            summed.put(tile[:-1], rows.pop(tile[:-1]))
        # What the last tiles freed stays for the next pass.
        if any(tile):
            settled.count(recurrence.box(tile))

    run_tiles(recurrence.counts, crew, prepare, finish, reverse=True, passage=passage)
    if crew.ring is not None:
        nodes = list(input_grads)
        added = crew.ring.added_up([*(input_grads[k] for k in nodes), *totals], program.device)
        totals = added[len(nodes) :]
        input_grads = {k: grad for k, grad in zip(nodes, added, strict=False) if grad is not None}
    return Gradients(
        input_grads,
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
        inputs: Gradient of what the tile read of each input that requires one, and where it lies.
    """

    halos: HaloGrads
    inputs: dict[int, Piece]


def tile_gradients(
    recurrence: Recurrence,
    tile: Tile,
    read: ReadInputs,
    tensors: Sequence[Tensor],
    halos: Halos,
    roots: Mapping[int, Sequence[Root]],
    halo_grads: HaloGrads,
    known: Blocks,
) -> TileGradients:
    """Recompute one tile under autograd and back-propagate through it.

    The gradients of the slots are accumulated in their `grad`.

    Args:
        recurrence: The network laid out over the tiles.
        tile: Which tile.
        read: Gives the values of the inputs; they require a gradient if theirs is wanted.
        tensors: The program's slots.
        halos: The halos that the tile was given; those that learn require a gradient.
        roots: Where back-propagation into the tile's block of each output node starts.
        halo_grads: Gradients of the halos that the tile hands on.
        known: Blocks that the forward sweep kept.
    """
    with torch.enable_grad():
        result = compute_tile(recurrence, tile, read, tensors, halos, frozenset(roots), known=known)
    inputs = {node: piece for node, piece in result.inputs.items() if piece[1].requires_grad}
    pairs = [root(block) for node, block in result.outputs.items() for root in roots[node]]
    pairs += _paired(result.halos, halo_grads)
    starts = [(get_gradient_edge(root), grad) for root, grad in pairs if root.requires_grad]
    # Back-propagation frees what it has passed, unless somebody still holds it.
    del result, pairs
    asked = [piece for halo in halos.values() for _, piece in halo if piece.requires_grad]
    leaves = [*asked, *(tensor for tensor in tensors if tensor.requires_grad)]
    leaves += [values for _, values in inputs.values()]
    if starts and leaves:
        edges, grads = zip(*starts, strict=True)
        torch.autograd.backward(edges, grads, inputs=leaves)
    return TileGradients(
        {key: tuple(_compact(piece.grad) for _, piece in halo) for key, halo in halos.items()},
        {node: (spans, values.grad) for node, (spans, values) in inputs.items() if values.grad is not None},
    )


def _read_leaf(read: ReadImage, learns: bool, spans: Spans) -> Tensor:
    """Values of an input as the start of a graph of its own."""
    return read(spans).detach().requires_grad_(learns)


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


def nodes_that_learn(program: Program, tensors: Sequence[Tensor], inputs: Container[int]) -> list[bool]:
    """Whether a gradient passes through each node; `inputs` are those whose gradient is wanted."""
    learns: list[bool] = []
    for node in program.nodes:
        reached = any(tensors[slot].requires_grad for slot in node.slots) or any(
            learns[k] for k in node.inputs
        )
        learns.append(node.differentiable and (reached or node.ref.index in inputs))
    return learns


def _announce(on_tile: OnTile | None, sweep: Sweep, recurrence: Recurrence, tile: Tile) -> None:
    if on_tile is not None:
        on_tile(TileVisit(sweep, tile, recurrence.counts, recurrence.box(tile)))
