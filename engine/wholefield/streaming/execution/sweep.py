"""The two sweeps over the tiles: forward without a graph keeping only halos, reverse recomputing one tile at a time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import Any, TypeAlias

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves

from wholefield.malloc import give_back_freed_memory
from wholefield.streaming.execution.back_propagation import (
    GradientSums,
    HaloGrad,
    Recomputed,
    Root,
    TileGradients,
    WayBack,
    nodes_that_learn,
    pass_back,
    tile_gradients,
)
from wholefield.streaming.execution.background import Background
from wholefield.streaming.execution.halo import Halo, Halos, Piece, cut
from wholefield.streaming.execution.handed_on import HandedOn
from wholefield.streaming.execution.host_memory import PIXELS_BETWEEN, Shelf, packed_blocks
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

_Condensed: TypeAlias = dict[int, Any]
"""What is kept of a tile's output blocks until it is written, by number of the outlet."""


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
    handed_on = HandedOn[Halo](crew.passage(recurrence, reverse=False))
    # The result of a reduction must not depend on which worker was faster.
    folded = InOrder[_Condensed](
        crew.order(recurrence.counts, reverse=False), partial(_write, recurrence, outlets)
    )
    settled = _Settling()

    def prepare(tile: Tile) -> Callable[[], _TileFound]:
        _announce(on_tile, Sweep.FORWARD, recurrence, tile)
        if background is not None and (known := background.known(tile)) is not None:
            return partial(recall, tile, known)
        if saved is not None and recurrence.program.random:
            saved.random_states[tile] = random_state(recurrence.program.device)
        return partial(compute, tile)

    def compute(tile: Tile) -> _TileFound:
        passing = _HandingOn(tile, handed_on, remembers=background is not None)
        with torch.no_grad():
            result = compute_tile(recurrence, tile, read, tensors, passing, wanted, keeps, poll=crew.poll)
            if background is not None:
                background.keep(tile, result.outputs, passing.handed)
            written = _condensed(recurrence, outlets, tile, result.outputs)
            return _TileFound(written, passing.taken if saved is not None else {}, packed_blocks(result.kept))

    def recall(tile: Tile, known: tuple[Blocks, Halos]) -> _TileFound:
        outputs, halos = known
        for (axis, node), halo in halos.items():
            handed_on.put(tile, axis, node, halo)
        with torch.no_grad():
            return _TileFound(_condensed(recurrence, outlets, tile, outputs), {}, {})

    def finish(tile: Tile, found: _TileFound) -> None:
        if saved is not None:
            saved.put(tile, found.halos)
            saved.blocks[tile] = found.kept
        in_order = {k: part for k, part in found.written.items() if outlets[k][1].in_order}
        at_once = {k: part for k, part in found.written.items() if k not in in_order}
        _write(recurrence, outlets, tile, at_once)
        folded.put(tile, in_order)
        settled.count(recurrence.box(tile))

    run_tiles(recurrence.counts, crew, prepare, finish, handed_on)


@dataclass(frozen=True)
class _TileFound:
    """What a tile came to in the forward sweep.

    Attributes:
        written: What there is to write.
        halos: The halos that it was given.
        kept: The blocks that are kept for the reverse sweep.
    """

    written: _Condensed
    halos: Halos
    kept: Blocks


class _HandingOn:
    """The passing of a tile in the forward sweep: through the table, from memory that outlives the tile.

    Attributes:
        taken: The halos that the tile was given.
        handed: Those that it has handed on, where somebody asks for them.
    """

    def __init__(self, tile: Tile, table: HandedOn[Halo], *, remembers: bool) -> None:
        self._tile = tile
        self._table = table
        self._remembers = remembers
        self.taken: Halos = {}
        self.handed: Halos = {}
        self._shelves = [Shelf() for _ in tile]
        self._given: set[int] = set()
        # Pieces of the node that is at hand, by identity, and their copies; one piece may go along several axes. They
        # are held as well, for what comes to lie in the place of one that is gone would be taken for it.
        self._node = 0
        self._copies: dict[int, tuple[Tensor, Tensor]] = {}

    def take(self, axis: int, node: int, *, idle: bool = False) -> Halo:
        """The halo of a node from the tile before."""
        halo = self.taken[axis, node] = self._table.take(self._tile, axis, node, idle=idle) or ()
        self._given.update(id(piece) for _, piece in halo)
        return halo

    def hand_on(self, axis: int, node: int, halo: Halo) -> None:
        """Copy what is new and hand it on; what the tile was given goes on as it is."""
        if node != self._node:
            self._node, self._copies = node, {}
        kept = tuple((spans, self._kept(axis, piece)) for spans, piece in halo)
        if self._remembers:
            self.handed[axis, node] = kept
        self._table.put(self._tile, axis, node, kept)

    def _kept(self, axis: int, piece: Tensor) -> Tensor:
        if id(piece) in self._given:
            return piece
        if id(piece) not in self._copies:
            self._copies[id(piece)] = piece, self._shelves[axis].put(piece)
        return self._copies[id(piece)][1]


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
    arriving = HandedOn[HaloGrad](crew.passage(recurrence, reverse=True), reverse=True)
    learns = nodes_that_learn(program, tensors, input_grads)
    reading = {k: partial(_read_leaf, read[k], k in input_grads) for k in read}
    settled = _Settling()

    def add_to_inputs(_: Tile, found: Mapping[int, Piece]) -> None:
        for node, (spans, grad) in found.items():
            ref = program.nodes[node].ref
            place = cut(input_grads[node], ref.axes, ref.box, spans)
            place.add_(grad.to(place.device))

    order = crew.order(recurrence.counts, reverse=True)
    sums = GradientSums(tensors, order)
    pixels = InOrder[Mapping[int, Piece]](order, add_to_inputs)

    def prepare(tile: Tile) -> Callable[[], TileGradients]:
        _announce(on_tile, Sweep.REVERSE, recurrence, tile)
        return partial(
            compute, tile, saved.take(tile), saved.blocks.pop(tile, {}), saved.random_states.pop(tile, None)
        )

    def compute(tile: Tile, halos: Halos, known: Blocks, state: Tensor | None) -> TileGradients:
        leaves = sums.leaves(tile)
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
        way = WayBack(
            partial(arriving.take, tile),
            partial(arriving.await_, tile, idle=True),
            partial(arriving.put, tile),
        )
        passing = Recomputed(pass_back(recurrence, tile, halos, learns, way), learns, way)
        with drawing_from(state, program.device):
            found = tile_gradients(recurrence, tile, reading, leaves, passing, roots, known, crew.poll)
        sums.finish(tile)
        return found

    def finish(tile: Tile, found: TileGradients) -> None:
        pixels.put(tile, found.inputs)
        # What the last tiles freed stays for the next pass.
        if any(tile):
            settled.count(recurrence.box(tile))

    run_tiles(recurrence.counts, crew, prepare, finish, arriving, reverse=True)
    totals = sums.totals
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


def _read_leaf(read: ReadImage, learns: bool, spans: Spans) -> Tensor:
    """Values of an input as the start of a graph of its own."""
    return read(spans).detach().requires_grad_(learns)


def _announce(on_tile: OnTile | None, sweep: Sweep, recurrence: Recurrence, tile: Tile) -> None:
    if on_tile is not None:
        on_tile(TileVisit(sweep, tile, recurrence.counts, recurrence.box(tile)))
