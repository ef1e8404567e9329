"""One step of the recurrence: (pixels, halos from the tiles before) -> (output blocks, halos for the tiles behind)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol, TypeAlias

import torch
from torch import Tensor

from wholefield.streaming.execution.halo import Exchange, Halo, Halos, Piece, cut, exchange_pieces, pass_on
from wholefield.streaming.execution.recurrence import Recurrence, Tile, halo_in, halo_out
from wholefield.streaming.geometry.spans import Spans, hull, is_empty
from wholefield.streaming.operations.call import Operand, Ref, Slot

Blocks: TypeAlias = dict[int, Tensor]
"""Blocks by node."""

ReadImage: TypeAlias = Callable[[Spans], Tensor]
"""Reads a box of an image or of a map: (batch, channels, *box)."""

Poll: TypeAlias = Callable[[], None]
"""Called between the nodes of a tile, in the thread that computes it; may wait, and raise to end the sweep."""

ReadInputs: TypeAlias = Mapping[int, ReadImage]
"""What reads each input of a program, by node."""


class Passing(Protocol):
    """What the neighbors of a tile hand on to it, node by node, and what it hands on to those behind."""

    def take(self, axis: int, node: int, *, idle: bool = False) -> Halo:
        """The halo of a node from the tile before along an axis; waits until that has it.

        Args:
            axis: The axis.
            node: The node.
            idle: Whether all that is left of the tile is to pass on what it is given.
        """

    def hand_on(self, axis: int, node: int, halo: Halo) -> None:
        """Hand a node's halo on to the tile behind along an axis; without pieces where nothing is at hand."""


@dataclass(frozen=True)
class Apart:
    """The passing of a tile by itself.

    Attributes:
        given: The halos that it is given.
        handed: Those that it has handed on.
    """

    given: Halos
    handed: Halos = field(default_factory=dict)

    def take(self, axis: int, node: int, *, idle: bool = False) -> Halo:
        """One of those that are given."""
        return self.given.get((axis, node), ())

    def hand_on(self, axis: int, node: int, halo: Halo) -> None:
        """Keep it."""
        self.handed[axis, node] = halo


@dataclass(frozen=True)
class TileResult:
    """What a tile comes to, beside what it hands on.

    Attributes:
        outputs: The new block of every output node that has one.
        kept: The new block of every node that is kept.
        inputs: What was read of each input, by node, and where it lies.
    """

    outputs: Blocks
    kept: Blocks
    inputs: dict[int, Piece]


def compute_tile(
    recurrence: Recurrence,
    tile: Tile,
    read: ReadInputs,
    tensors: Sequence[Tensor],
    passing: Passing,
    wanted: frozenset[int],
    keeps: frozenset[int] = frozenset(),
    known: Mapping[int, Tensor] = MappingProxyType({}),
    poll: Poll | None = None,
) -> TileResult:
    """Compute every node's block of one tile; autograd records it where grad mode is on.

    Args:
        recurrence: The network laid out over the tiles.
        tile: Which tile.
        read: Gives the values of the inputs.
        tensors: The program's slots.
        passing: Takes halos from the tiles before and to those behind, each as soon as there is one.
        wanted: The output nodes.
        keeps: The nodes whose blocks are to be kept for the recomputation of the tile.
        known: Blocks that were kept; they are not computed again, and may be written over.
        poll: Called before every node.
    """
    return _Step(recurrence, tile, tensors, passing, keeps, known).run(read, wanted, poll)


class TileLayout:
    """What happens to each node in one tile.

    Attributes:
        moments: The ranges of every node, one entry per axis.
        runs: Whether the node has a block to compute.
        only_passes: Whether the tile neither computes nor reads it, and hands on what it is given.
    """

    def __init__(self, recurrence: Recurrence, tile: Tile) -> None:
        """Look it up.

        Args:
            recurrence: The network laid out over the tiles.
            tile: Which tile.
        """
        program = recurrence.program
        self.moments = recurrence.at(tile)
        self._readers = recurrence.readers
        self.runs = [
            index in program.live and all(m.new[0] < m.new[1] for m in moments)
            for index, moments in enumerate(self.moments)
        ]
        self.only_passes = [
            node.local is not None and not self.runs[index] and not self.reading(index)
            for index, node in enumerate(program.nodes)
        ]

    def reading(self, node: int) -> list[tuple[int, Spans]]:
        """The readers of a node that compute something and what they need of it."""
        return [
            (reader, tuple(m.reads for m in self.moments[reader]))
            for reader in self._readers[node]
            if self.runs[reader]
        ]

    def given(self, node: int) -> list[int]:
        """The axes along which the tile is given something of a node."""
        moments = self.moments[node]
        return [axis for axis in range(len(moments)) if not is_empty(halo_in(moments, axis))]

    def handed(self, node: int) -> list[tuple[int, Spans]]:
        """The axes along which the tile hands something on of a node, and where that lies."""
        moments = self.moments[node]
        boxes = ((axis, halo_out(moments, axis)) for axis in range(len(moments)))
        return [(axis, spans) for axis, spans in boxes if not is_empty(spans)]


class _Step:
    """The working state of one tile."""

    def __init__(
        self,
        recurrence: Recurrence,
        tile: Tile,
        tensors: Sequence[Tensor],
        passing: Passing,
        keeps: frozenset[int],
        known: Mapping[int, Tensor],
    ) -> None:
        self._input_boxes = {k: recurrence.input_box(k, tile) for k in recurrence.program.inputs}
        self._nodes = recurrence.program.nodes
        self._readers = recurrence.readers
        self._layout = TileLayout(recurrence, tile)
        self._tensors = tensors
        self._passing = passing
        self._keeps = keeps
        self._known = known
        self._kept: Blocks = {}
        self._views: dict[tuple[int, int], Tensor] = {}
        # Nodes whose block is not a view of another's; those of them with a single reader, which may write over it.
        self._fresh: set[int] = set()
        self._owned: set[int] = set()

    def run(self, read: ReadInputs, wanted: frozenset[int], poll: Poll | None) -> TileResult:
        """Walk the nodes in the order of the trace."""
        inputs: dict[int, Piece] = {}
        outputs: Blocks = {}
        for index, node in enumerate(self._nodes):
            if node.local is None:
                box = self._input_boxes.get(index)
                if box is not None:
                    values = self._read(index, box, read)
                    inputs |= {} if node.slots else {index: (box, values)}
                continue
            if self._layout.only_passes[index]:
                continue
            if poll is not None:
                poll()
            block = self._compute(index) if self._layout.runs[index] else None
            if block is not None and index in wanted:
                outputs[index] = block
            if block is not None and index in self._keeps:
                self._kept[index] = block
            disposable = index not in wanted and index not in self._keeps
            self._hand_on(index, block, disposable=disposable)
        # What these wait for may take long.
        for index, passes in enumerate(self._layout.only_passes):
            if passes:
                self._hand_on(index, None, disposable=False)
        if 0 in wanted:
            held, pixels = inputs[0]
            outputs[0] = cut(
                pixels, self._nodes[0].ref.axes, held, tuple(m.new for m in self._layout.moments[0])
            )
        return TileResult(outputs, self._kept, inputs)

    def _read(self, index: int, held: Spans, read: ReadInputs) -> Tensor:
        """Read what the readers of an input need of it: it is at hand, it has no halos."""
        node = self._nodes[index]
        block = _spread(self._tensors[node.slots[0]], node.ref, held) if node.slots else read[index](held)
        self._share(index, self._layout.reading(index), [(held, block)], [])
        return block

    def _compute(self, index: int) -> Tensor:
        """The new block of a node."""
        node, views, tensors = self._nodes[index], self._views, self._tensors
        local = node.local
        assert local is not None

        def take(operand: Operand) -> Any:
            if isinstance(operand, Ref):
                return views[operand.index, index]
            return tensors[operand.index] if isinstance(operand, Slot) else operand

        owned = local.overwrite is not None and node.inputs[0] in self._owned
        compute = local.overwrite if owned and local.overwrite is not None else local.compute
        if index in self._known and local.recall is not None:
            block = local.recall(take, self._known[index])
        else:
            block = compute(take, [m.new for m in self._layout.moments[index]])
        read = [views.pop((source, index)) for source in node.inputs]
        if compute is local.overwrite or all(_memory(block) != _memory(view) for view in read):
            self._fresh.add(index)
        return block if node.differentiable else block.detach()

    def _hand_on(self, index: int, block: Tensor | None, *, disposable: bool) -> None:
        """Give the readers their views and later tiles their halos."""
        layout = self._layout
        readers, taken = layout.reading(index), layout.handed(index)
        given: list[Piece] = [] if block is None else [(tuple(m.new for m in layout.moments[index]), block)]
        for axis in layout.given(index):
            given += self._passing.take(axis, index, idle=layout.only_passes[index])
        if not given or not (readers or taken):
            for axis, _ in taken:
                self._passing.hand_on(axis, index, ())
            return
        if readers:
            alone = (
                len(given) == len(self._readers[index]) == 1 and not taken and readers[0][1] == given[0][0]
            )
            if alone and disposable and index in self._fresh:
                self._owned.add(index)
            self._share(index, readers, given, taken)
            return
        if block is not None and index not in self._fresh and not torch.is_grad_enabled():
            given[0] = given[0][0], block.clone()
        for axis, spans in taken:
            self._passing.hand_on(axis, index, pass_on(self._nodes[index].ref.axes, given, spans))

    def _share(
        self,
        index: int,
        readers: list[tuple[int, Spans]],
        given: list[Piece],
        taken: list[tuple[int, Spans]],
    ) -> None:
        """Cut what a node's readers and later tiles take out of what is given."""
        axes = self._nodes[index].ref.axes
        wanted = [spans for _, spans in readers] + [spans for _, spans in taken]
        held = hull([spans for spans, _ in given] + wanted)
        if not taken and given[0][0] == held:
            parts: Sequence[Tensor] = [cut(given[0][1], axes, held, spans) for spans in wanted]
        else:
            exchange = Exchange(axes, held, tuple(spans for spans, _ in given), tuple(wanted), len(readers))
            parts = exchange_pieces(exchange, [piece for _, piece in given])
        for (reader, _), view in zip(readers, parts, strict=False):
            self._views[index, reader] = view
        for (axis, spans), part in zip(taken, parts[len(readers) :], strict=True):
            self._passing.hand_on(axis, index, ((spans, part),))


def _spread(tensor: Tensor, ref: Ref, spans: Spans) -> Tensor:
    """A box of a tensor that is repeated over the image along some axes and runs over it along others."""
    shape = list(ref.shape)
    for axis, (start, stop) in zip(ref.axes, spans, strict=True):
        at = axis - len(shape)
        if -at <= tensor.ndim and tensor.shape[at] > 1:
            tensor = tensor.narrow(at, start, stop - start)
        shape[axis] = stop - start
    return tensor.expand(shape)


def _memory(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()
