"""How much memory a streamed pass takes, found without computing it: one tile is walked on tensors without data."""

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

from engine.streaming.layout import arrange
from engine.streaming.program import Node, Program
from engine.streaming.recurrence import Moments, Recurrence, Spans, Tile, halo_in, is_empty
from engine.streaming.schedule import NodeSchedule
from engine.streaming.sweep import Root, nodes_that_learn, output_nodes, tile_gradients
from engine.streaming.tile import Halos, compute_tile


@dataclass(frozen=True)
class MemoryNeed:
    """Peak memory above the network and its input, in bytes.

    Attributes:
        forward: Of inference.
        backward: Of training: both sweeps, outputs and gradients.
        halos: Of the halos that training keeps between the sweeps, part of `backward`.
    """

    forward: int
    backward: int
    halos: int


def predict_memory(
    recurrence: Recurrence, tensors: Sequence[Tensor], memory_format: torch.memory_format
) -> MemoryNeed:
    """Predict the peak memory of inference and of training.

    Args:
        recurrence: The network laid out over the tiles.
        tensors: The program's slots; those that require a gradient are trained.
        memory_format: The format in which tiles are computed.
    """
    program = recurrence.program
    stand_ins = [_stand_in(tensor, memory_format) for tensor in tensors]
    arranged = sum(_size(t) for t in tensors if arrange(t, memory_format) is not t)
    outputs = sum(_bytes(node, node.ref.shape) for node in _output_nodes(program))
    trained = sum(_size(tensor) for tensor in tensors if tensor.requires_grad)
    tile = _largest_tile(recurrence)
    forward = _forward_peak(recurrence, tile, stand_ins, memory_format)
    kept = sum(_halo_bytes(recurrence, axis, lanes_only=False) for axis in range(len(recurrence.axes)))
    rolling = sum(_halo_bytes(recurrence, axis, lanes_only=True) for axis in range(len(recurrence.axes)))
    backward = _backward_peak(recurrence, tile, stand_ins, memory_format)
    return MemoryNeed(
        forward=arranged + outputs + rolling + forward,
        backward=arranged + 2 * outputs + kept + 2 * trained + backward,
        halos=kept,
    )


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


def _forward_peak(
    recurrence: Recurrence, tile: Tile, tensors: Sequence[Tensor], memory_format: torch.memory_format
) -> int:
    halos = _halos(recurrence, tile)
    wanted = frozenset(ref.index for ref in output_nodes(recurrence.program))
    tracker = _Tracker()
    tracker.ignore([*tensors, *halos.values()])
    with torch.no_grad(), tracker:
        compute_tile(recurrence, tile, _reader(recurrence, memory_format, False), tensors, halos, wanted)
    return tracker.peak


def _backward_peak(
    recurrence: Recurrence, tile: Tile, tensors: Sequence[Tensor], memory_format: torch.memory_format
) -> int:
    program = recurrence.program
    learns = nodes_that_learn(program, tensors, False)
    halos = {key: halo.requires_grad_(learns[key[1]]) for key, halo in _halos(recurrence, tile).items()}
    after = tuple(min(t + 1, count - 1) for t, count in zip(tile, recurrence.counts, strict=True))
    handed = {
        (axis, node): grad
        for axis in range(len(tile))
        for (a, node), grad in _halos(recurrence, _stepped(tile, after, axis)).items()
        if a == axis and tile != after and learns[node]
    }
    blocks = {
        node.ref.index: _block(node, recurrence.new(node.ref.index, tile)) for node in _output_nodes(program)
    }
    roots: dict[int, Root] = {node: partial(_pair, grad=grad) for node, grad in blocks.items()}
    tracker = _Tracker()
    tracker.ignore([*tensors, *halos.values(), *handed.values(), *blocks.values()])
    with tracker:
        tile_gradients(
            recurrence, tile, _reader(recurrence, memory_format, False), tensors, halos, roots, handed
        )
    return tracker.peak


def _pair(block: Tensor, grad: Tensor) -> tuple[Tensor, Tensor]:
    return block, grad


def _stepped(tile: Tile, after: Tile, axis: int) -> Tile:
    return (*tile[:axis], after[axis], *tile[axis + 1 :])


def _halos(recurrence: Recurrence, tile: Tile) -> Halos:
    """Stand-ins for the halos that a tile is given."""
    moments = recurrence.at(tile)
    boxes = {
        (axis, node.ref.index): (node, halo_in(moments[node.ref.index], axis))
        for axis in range(len(tile))
        for node in recurrence.program.nodes[1:]
        if tile[axis]
    }
    return {key: _block(node, spans) for key, (node, spans) in boxes.items() if not is_empty(spans)}


def _block(node: Node, spans: Spans) -> Tensor:
    shape = list(node.ref.shape)
    for axis, (start, stop) in zip(node.ref.axes, spans, strict=True):
        shape[axis] = stop - start
    return torch.empty(shape, dtype=node.ref.dtype, device="meta")


def _reader(recurrence: Recurrence, memory_format: torch.memory_format, learns: bool) -> Any:
    image = recurrence.program.nodes[0]
    return lambda spans: arrange(_block(image, spans), memory_format).requires_grad_(learns)


def _largest_tile(recurrence: Recurrence) -> Tile:
    """The tile that computes most, a typical one in the middle of the image."""
    program = recurrence.program
    weights = [_bytes(node, node.ref.shape) / max(prod(node.ref.lengths), 1) for node in program.nodes]

    def work(moments: Sequence[Moments]) -> float:
        return sum(weight * (m.held[1] - m.held[0]) for weight, m in zip(weights, moments, strict=True))

    return tuple(max(range(len(tiles)), key=lambda t: work(tiles[t])) for tiles in recurrence.moments)


def _halo_bytes(recurrence: Recurrence, axis: int, *, lanes_only: bool) -> int:
    """Bytes of the halos handed on along one axis: of all tiles, or at one moment of the forward sweep."""
    total = 0.0
    for index, node in enumerate(recurrence.program.nodes[1:], 1):
        per_position = _bytes(node, node.ref.shape) / max(prod(node.ref.lengths), 1)
        positions = 1.0
        for a, schedule in enumerate(recurrence.axes):
            lengths = _lengths(schedule.nodes[index], schedule.tiles, a - axis)
            positions *= max(lengths, default=0) if lanes_only and a <= axis else sum(lengths)
        total += per_position * positions
    return int(total)


def _lengths(node: NodeSchedule, tiles: int, side: int) -> list[int]:
    """Positions of a halo along an axis: before (side < 0), on or behind the axis along which it is handed on."""
    spans = [node.held(t) if side < 0 else node.new(t) if side > 0 else node.halo_in(t) for t in range(tiles)]
    return [stop - start for start, stop in spans]


def _output_nodes(program: Program) -> list[Node]:
    return [program.nodes[ref.index] for ref in output_nodes(program)]


def _stand_in(tensor: Tensor, memory_format: torch.memory_format) -> Tensor:
    return arrange(torch.empty_like(tensor, device="meta"), memory_format).requires_grad_(
        tensor.requires_grad
    )


def _bytes(node: Node, shape: Sequence[int]) -> int:
    return prod(shape) * node.ref.dtype.itemsize


def _size(tensor: Tensor) -> int:
    return tensor.numel() * tensor.element_size()
