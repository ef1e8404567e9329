"""A traced network laid out over the tiles of one image: which block every node computes in every tile."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from wholefield.streaming.errors import StreamingError
from wholefield.streaming.geometry.schedule import (
    AxisNode,
    AxisSchedule,
    NodeSchedule,
    schedule_axis,
)
from wholefield.streaming.geometry.spans import Span, Spans, hull, intersection
from wholefield.streaming.tracing.program import Node, Program

Tile = tuple[int, ...]
"""Index of a tile, one number per axis."""


@dataclass(frozen=True)
class Moments:
    """The ranges of one node along one axis in one tile.

    Attributes:
        new: What the tile computes; may be empty.
        held: What is at hand while it does: the halo it was given and the new block.
        halo_in: The halo it was given.
        halo_out: The halo it hands on; empty in the last tile.
        reads: What the node reads of its inputs to compute `new`, with the zeros around the image where it counts
            them in; empty if `new` is.
    """

    new: Span
    held: Span
    halo_in: Span
    halo_out: Span
    reads: Span


@dataclass(frozen=True)
class Recurrence:
    """The recurrence over tiles.

    Attributes:
        program: The traced network.
        axes: The intervals of every node, per axis.
        moments: The ranges of every node in every tile: moments[axis][tile index][node].
        readers: The nodes that read each node.
    """

    program: Program
    axes: tuple[AxisSchedule, ...]
    moments: tuple[tuple[tuple[Moments, ...], ...], ...]
    readers: tuple[tuple[int, ...], ...]

    @property
    def counts(self) -> tuple[int, ...]:
        """Number of tiles per axis."""
        return tuple(axis.tiles for axis in self.axes)

    def tiles(self) -> Iterator[Tile]:
        """All tiles in raster order: the last axis runs fastest."""
        return product(*(range(count) for count in self.counts))

    def at(self, tile: Tile) -> list[tuple[Moments, ...]]:
        """The ranges of every node in a tile, one entry per axis for each node."""
        return list(zip(*(self.moments[axis][t] for axis, t in enumerate(tile)), strict=True))

    def box(self, tile: Tile) -> Spans:
        """The part of the input that belongs to a tile, in pixels."""
        return self.new(0, tile)

    def image_box(self, tile: Tile) -> Spans:
        """The pixels that a tile reads: its own and those around it that its readers need."""
        box = self.input_box(0, tile)
        assert box is not None
        return box

    def input_box(self, node: int, tile: Tile) -> Spans | None:
        """The positions of an input that a tile reads; None if it reads none. Of the image, its own among them."""
        boxes = [] if node else [self.box(tile)]
        for reader in self.readers[node]:
            moments = [self.moments[axis][t][reader] for axis, t in enumerate(tile)]
            if all(m.new[0] < m.new[1] for m in moments):
                boxes.append(tuple(m.reads for m in moments))
        return intersection(hull(boxes), self.program.nodes[node].ref.box) if boxes else None

    def new(self, node: int, tile: Tile) -> Spans:
        """The block that a node computes in a tile; may be empty."""
        return tuple(self.moments[axis][t][node].new for axis, t in enumerate(tile))


def halo_in(moments: Sequence[Moments], axis: int) -> Spans:
    """Where the halo lies that a tile was given along one axis.

    It spans what is held along the axes before and what is new along the axes behind, so that the halos of all axes
    and the new block fill the held box without overlap.
    """
    return tuple(m.held if a < axis else m.new if a > axis else m.halo_in for a, m in enumerate(moments))


def halo_out(moments: Sequence[Moments], axis: int) -> Spans:
    """Where the halo lies that a tile hands on along one axis; empty behind the last tile."""
    return tuple(m.held if a < axis else m.new if a > axis else m.halo_out for a, m in enumerate(moments))


def shifted(tile: Tile, axis: int, step: int) -> Tile:
    """The tile some steps further along an axis."""
    return (*tile[:axis], tile[axis] + step, *tile[axis + 1 :])


def lay_out(program: Program, tile_size: Sequence[int], smallest_block: Sequence[int]) -> Recurrence:
    """Lay a traced network out over the tiles of its image.

    Args:
        program: The traced network.
        tile_size: Tile size per axis in pixels.
        smallest_block: About how many positions a deep node gathers before it runs, per axis.

    Raises:
        StreamingError: The image has no pixels, or is too small for the network.
    """
    axes: list[AxisSchedule] = []
    # Axes of square images are alike.
    known: dict[tuple[int, int, tuple[AxisNode, ...]], AxisSchedule] = {}
    for axis, (tile, block) in enumerate(zip(tile_size, smallest_block, strict=True)):
        nodes = along_axis(program, axis)
        for node, along in zip(program.nodes, nodes, strict=True):
            if along.length < 1:
                raise StreamingError(
                    f"The image is too small: {program.image.lengths[axis]} pixels along axis {axis} leave nothing of "
                    f"the output of '{node.layer or node.operation}'. Use a larger image."
                )
        key = (tile, block, tuple(nodes))
        if key not in known:
            known[key] = schedule_axis(nodes, tile, block)
        axes.append(known[key])
    moments = tuple(_moments(program, axis, schedule) for axis, schedule in enumerate(axes))
    return Recurrence(program, tuple(axes), moments, _readers(program))


def _moments(program: Program, axis: int, schedule: AxisSchedule) -> tuple[tuple[Moments, ...], ...]:
    """The ranges of every node along one axis, tile by tile."""
    return tuple(
        tuple(
            _moment(node, axis, moments, t, schedule.tiles)
            for node, moments in zip(program.nodes, schedule.nodes, strict=True)
        )
        for t in range(schedule.tiles)
    )


def _moment(node: Node, axis: int, schedule: NodeSchedule, t: int, tiles: int) -> Moments:
    start, stop = new = schedule.new(t)
    reads = (0, 0)
    if node.local is not None and start < stop:
        axis_map = node.local.maps[axis]
        reads = axis_map.reach(start, stop) if node.local.zeros_around else axis_map.needs(start, stop)
    out = schedule.halo_out(t) if t < tiles - 1 else (0, 0)
    return Moments(new, schedule.held(t), schedule.halo_in(t), out, reads)


def _readers(program: Program) -> tuple[tuple[int, ...], ...]:
    found: list[list[int]] = [[] for _ in program.nodes]
    for index in sorted(program.live):
        for source in program.nodes[index].inputs:
            found[source].append(index)
    return tuple(tuple(readers) for readers in found)


def along_axis(program: Program, axis: int) -> list[AxisNode]:
    """The nodes of a program seen along one axis; those that no output depends on read nothing."""
    return [
        AxisNode(node.inputs, (node.local.maps[axis],) * len(node.inputs), node.ref.lengths[axis])
        if node.local is not None and node.ref.index in program.live
        else AxisNode((), (), node.ref.lengths[axis])
        for node in program.nodes
    ]
