"""How much memory tiles and halos take, found without computing them: one tile is walked on tensors without data."""

import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from wholefield.streaming.execution.back_propagation import (
    Recomputed,
    Root,
    WayBack,
    nodes_that_learn,
    tile_gradients,
)
from wholefield.streaming.execution.halo import Halos
from wholefield.streaming.execution.layout import arrange
from wholefield.streaming.execution.recurrence import Moments, Recurrence, Tile, halo_in
from wholefield.streaming.execution.sweep import output_nodes
from wholefield.streaming.execution.tile import Apart, ReadInputs, compute_tile
from wholefield.streaming.geometry.schedule import NodeSchedule
from wholefield.streaming.geometry.spans import Span, Spans, extent, is_empty
from wholefield.streaming.planning.kept_activations import block_bytes
from wholefield.streaming.tracing.program import Node, Program


@dataclass(frozen=True)
class MemoryNeed:
    """Peak memory above the network and its input, in bytes.

    Attributes:
        forward: Of inference.
        backward: Of training: both sweeps, outputs and gradients.
        halos: Of the halos that training keeps between the sweeps, part of `backward`.
        blocks: Of the results that it keeps so as not to compute them again, part of `backward`.
        forward_disk: Of maps between stages in files, in inference.
        backward_disk: The same in training.
    """

    forward: int
    backward: int
    halos: int
    blocks: int
    forward_disk: int = 0
    backward_disk: int = 0


def saved_halo_bytes(recurrence: Recurrence) -> int:
    """Bytes of the halos that training keeps between the sweeps."""
    return sum(_saved_bytes(recurrence, node) for node in recurrence.program.nodes[1:])


class _Tracker(TorchDispatchMode):
    """Adds up the storages that operations create and subtracts them when they die."""

    def __init__(self) -> None:
        super().__init__()
        self.peak = 0
        self._live = 0
        self._known: dict[int, Any] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run the operation and look at what it returns."""
        result = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(result):
            if isinstance(leaf, Tensor):
                self._see(leaf.untyped_storage())
        return result

    def ignore(self, tensors: Sequence[Tensor]) -> None:
        """Leave tensors out that were there before."""
        for tensor in tensors:
            storage = tensor.untyped_storage()
            self._known[storage._cdata] = storage

    def _see(self, storage: torch.UntypedStorage) -> None:
        key = storage._cdata
        if key in self._known:
            return
        size = storage.nbytes()
        self._live += size
        self.peak = max(self.peak, self._live)
        self._known[key] = weakref.ref(storage, lambda _: self._forget(key, size))

    def _forget(self, key: int, size: int) -> None:
        self._live -= size
        self._known.pop(key, None)


def forward_peak(
    recurrence: Recurrence, tile: Tile, tensors: Sequence[Tensor], memory_format: torch.memory_format
) -> int:
    """Bytes of the largest moment of a tile in inference, without its halos and the slots."""
    halos = _halos(recurrence, tile)
    wanted = frozenset(ref.index for ref in output_nodes(recurrence.program))
    tracker = _Tracker()
    tracker.ignore([*tensors, *_pieces(halos)])
    with torch.no_grad(), tracker:
        compute_tile(recurrence, tile, _readers(recurrence, memory_format), tensors, Apart(halos), wanted)
    return tracker.peak


def backward_peak(
    recurrence: Recurrence,
    tile: Tile,
    tensors: Sequence[Tensor],
    memory_format: torch.memory_format,
    keeps: frozenset[int],
) -> int:
    """Bytes of the largest moment of a tile in the reverse sweep, without what it is given."""
    program = recurrence.program
    learns = nodes_that_learn(program, tensors, ())
    halos = _halos(recurrence, tile)
    known = {k: block for k in keeps if (block := _block(program.nodes[k], recurrence.new(k, tile))).numel()}
    blocks = {
        node.ref.index: _block(node, recurrence.new(node.ref.index, tile)) for node in _output_nodes(program)
    }
    read = _readers(recurrence, memory_format)
    with torch.no_grad():
        apart = Apart(halos)
        compute_tile(recurrence, tile, read, tensors, apart, frozenset(blocks))
    grads = {
        key: tuple(torch.empty_like(piece) if learns[key[1]] else None for _, piece in halo)
        for key, halo in apart.handed.items()
    }
    way = WayBack(lambda axis, node: grads.get((axis, node)), _nothing, _nothing)
    passing = Recomputed(halos, learns, way)
    roots: dict[int, list[Root]] = {node: [partial(_pair, grad=grad)] for node, grad in blocks.items()}
    tracker = _Tracker()
    arriving = [grad for pieces in grads.values() for grad in pieces if grad is not None]
    tracker.ignore([*tensors, *_pieces(halos), *known.values(), *blocks.values(), *arriving])
    with tracker:
        tile_gradients(recurrence, tile, read, tensors, passing, roots, known)
    return tracker.peak


def scratch_bytes(recurrence: Recurrence, training: bool, rows: int) -> int:
    """Bytes of the largest working memory of an operation of our own in the first rows of tiles; it lasts."""
    program = recurrence.program
    if program.device.type != "cpu":
        return 0
    asked = [0]
    for index in program.live:
        local = program.nodes[index].local
        block = [
            max(extent(moments[index].new) for moments in (tiles if axis else tiles[:rows]))
            for axis, tiles in enumerate(recurrence.moments)
        ]
        if local is not None and local.scratch is not None and min(block):
            asked.append(local.scratch(block, training))
    return max(asked)


def _nothing(*_: object) -> None:
    """The other tiles are not there."""


def _pair(block: Tensor, grad: Tensor) -> tuple[Tensor, Tensor]:
    return block, grad


def _halos(recurrence: Recurrence, tile: Tile) -> Halos:
    """Stand-ins for the halos that a tile is given."""
    moments = recurrence.at(tile)
    boxes = {
        (axis, node.ref.index): (node, halo_in(moments[node.ref.index], axis))
        for axis in range(len(tile))
        for node in recurrence.program.nodes[1:]
        if tile[axis]
    }
    return {
        key: ((spans, _block(node, spans)),) for key, (node, spans) in boxes.items() if not is_empty(spans)
    }


def _pieces(halos: Halos) -> list[Tensor]:
    return [piece for halo in halos.values() for _, piece in halo]


def _block(node: Node, spans: Spans) -> Tensor:
    shape = list(node.ref.shape)
    for axis, (start, stop) in zip(node.ref.axes, spans, strict=True):
        shape[axis] = stop - start
    return torch.empty(shape, dtype=node.ref.dtype, device="meta")


def _readers(recurrence: Recurrence, memory_format: torch.memory_format) -> ReadInputs:
    def read(node: Node, spans: Spans) -> Tensor:
        return arrange(_block(node, spans), memory_format)

    program = recurrence.program
    return {k: partial(read, program.nodes[k]) for k in program.inputs}


def fullest_tile(recurrence: Recurrence) -> Tile:
    """The tile whose blocks come to most in all, a typical one in the middle of the image."""
    weights = [_per_position(node) for node in recurrence.program.nodes]

    def work(moments: Sequence[Moments]) -> float:
        return sum(weight * extent(m.new) for weight, m in zip(weights, moments, strict=True))

    return tuple(max(range(len(tiles)), key=lambda t: work(tiles[t])) for tiles in recurrence.moments)


def tile_of_largest_block(recurrence: Recurrence) -> Tile:
    """A tile that has the largest block of all."""
    nodes = recurrence.program.nodes

    def size(node: int) -> float:
        new = recurrence.new(node, _where_largest(recurrence, node))
        return _per_position(nodes[node]) * prod(extent(span) for span in new)

    return _where_largest(recurrence, max(recurrence.program.live, key=size))


def _where_largest(recurrence: Recurrence, node: int) -> Tile:
    """The last tile in which a node's block is largest."""
    return tuple(
        max(range(len(tiles)), key=lambda t: (extent(tiles[t][node].new), t)) for tiles in recurrence.moments
    )


def rolling_bytes(recurrence: Recurrence, node: Node) -> int:
    """Bytes of a node's halos at one moment of the forward sweep."""
    schedules = _along(recurrence, node)
    total = 0
    for axis in range(len(schedules)):
        positions = 1
        for a, (schedule, tiles) in enumerate(schedules):
            lengths = [extent(_halo_span(schedule, t, a - axis)) for t in range(tiles)]
            positions *= max(lengths, default=0) if a <= axis else sum(lengths)
        total += positions
    return int(total * _per_position(node))


def _saved_bytes(recurrence: Recurrence, node: Node) -> int:
    """Bytes of a node's halos that the forward sweep saves.

    Where a reader runs, the halo is a copy. Where all wait, it is the halo before and the new block, and all tiles that
    these pass share them.
    """
    schedules = _along(recurrence, node)
    runs = [_reader_runs(recurrence, node, axis) for axis in range(len(schedules))]
    total = 0
    for axis in range(len(schedules)):
        positions = 1
        for a, (schedule, tiles) in enumerate(schedules):
            positions *= sum(
                extent(_halo_span(schedule, t, a - axis))
                for t in range(tiles)
                if a != axis or (runs[a][t] and t < tiles - 1)
            )
        total += positions
    new = [[extent(schedule.new(t)) for t in range(tiles)] for schedule, tiles in schedules]
    fresh = prod(sum(n) for n in new) - prod(
        sum(n for n, run in zip(along, there, strict=True) if run)
        for along, there in zip(new, runs, strict=True)
    )
    return int((total + fresh) * _per_position(node)) if recurrence.readers[node.ref.index] else 0


def _reader_runs(recurrence: Recurrence, node: Node, axis: int) -> list[bool]:
    """In which tiles along an axis a reader of a node computes something."""
    schedule = recurrence.axes[axis]
    return [
        any(extent(schedule.nodes[reader].new(t)) for reader in recurrence.readers[node.ref.index])
        for t in range(schedule.tiles)
    ]


def _along(recurrence: Recurrence, node: Node) -> list[tuple[NodeSchedule, int]]:
    return [(schedule.nodes[node.ref.index], schedule.tiles) for schedule in recurrence.axes]


def _halo_span(node: NodeSchedule, t: int, side: int) -> Span:
    """Positions of a halo along an axis before (side < 0), on or behind that along which a tile hands it on."""
    return node.held(t) if side < 0 else node.new(t) if side > 0 else node.halo_out(t)


def _output_nodes(program: Program) -> list[Node]:
    return [program.nodes[ref.index] for ref in output_nodes(program)]


def _per_position(node: Node) -> float:
    """Bytes of a node's result at one position."""
    return block_bytes(node) / max(prod(node.ref.lengths), 1)
