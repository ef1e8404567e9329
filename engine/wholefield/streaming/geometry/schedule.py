"""When each node of a network may compute what, along one axis: the recurrence over tiles as intervals of integers.

`ready[t]` positions of a node exist after tile t, `keep[t]` is the oldest of them that a later tile still reads. Tile t
computes [ready[t-1], ready[t]) and hands on the halo [keep[t], ready[t]).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from wholefield.streaming.geometry.axis import AxisMap
from wholefield.streaming.geometry.spans import Span


@dataclass(frozen=True)
class AxisNode:
    """One node of the traced network seen along one axis.

    Attributes:
        inputs: Indices of the nodes that it reads; none for an input.
        maps: How it reads each of them.
        length: Number of its positions.
    """

    inputs: tuple[int, ...]
    maps: tuple[AxisMap, ...]
    length: int


@dataclass(frozen=True)
class NodeSchedule:
    """The intervals of one node along one axis.

    Attributes:
        ready: Number of positions that exist after each tile.
        keep: The oldest position that is still needed after each tile.
    """

    ready: tuple[int, ...]
    keep: tuple[int, ...]

    def new(self, tile: int) -> Span:
        """Positions that a tile computes; may be empty."""
        return (self.ready[tile - 1] if tile else 0), self.ready[tile]

    def held(self, tile: int) -> Span:
        """Positions at hand while a tile is computed: the halo it was given and what it computes."""
        return (self.keep[tile - 1] if tile else 0), self.ready[tile]

    def halo_in(self, tile: int) -> Span:
        """Positions that a tile was given by the one before it."""
        return (self.keep[tile - 1], self.ready[tile - 1]) if tile else (0, 0)

    def halo_out(self, tile: int) -> Span:
        """Positions that a tile hands on to the next."""
        return self.keep[tile], self.ready[tile]


@dataclass(frozen=True)
class AxisSchedule:
    """The intervals of all nodes along one axis.

    Attributes:
        tile: Tile size on this axis (positions of the network's input).
        tiles: Number of tiles.
        nodes: The intervals of every node, in the order of the trace.
    """

    tile: int
    tiles: int
    nodes: tuple[NodeSchedule, ...]


def schedule_axis(nodes: Sequence[AxisNode], tile: int, smallest_block: int = 1) -> AxisSchedule:
    """Lay out the recurrence along one axis.

    Args:
        nodes: The network's nodes in an order in which inputs come before their readers; node 0 is its image. Further
            inputs are at hand as well, of whatever length; they are read at the pace of the image.
        tile: Tile size in positions of the input.
        smallest_block: Deep nodes wait for several tiles until about this many new positions have gathered: few
            large blocks are faster than many small ones. 1 lets every node run in every tile.
    """
    length = nodes[0].length
    tiles = max(-(-length // tile), 1)
    patience = _patience(nodes, tile, smallest_block)
    ready: list[tuple[int, ...]] = []
    for node, wait in zip(nodes, patience, strict=True):
        if not node.inputs:
            bound = [-(-min((t + 1) * tile, length) * node.length // max(length, 1)) for t in range(tiles)]
        else:
            pairs = list(zip(node.inputs, node.maps, strict=True))
            bound = [min(axis_map.ready(ready[i][t]) for i, axis_map in pairs) for t in range(tiles)]
        ready.append(_wait(bound, wait))
    keep = [
        r if index and not node.inputs else k
        for index, (node, r, k) in enumerate(zip(nodes, ready, _keep(nodes, ready), strict=True))
    ]
    return AxisSchedule(tile, tiles, tuple(NodeSchedule(r, k) for r, k in zip(ready, keep, strict=True)))


def _wait(bound: Sequence[int], wait: int) -> tuple[int, ...]:
    """Advance only after every `wait`-th tile and after the last."""
    if wait == 1:
        return tuple(bound)
    values: list[int] = []
    for t, value in enumerate(bound):
        runs = (t + 1) % wait == 0 or t == len(bound) - 1
        values.append(value if runs else values[-1] if values else 0)
    return tuple(values)


def _patience(nodes: Sequence[AxisNode], tile: int, smallest_block: int) -> list[int]:
    """For how many tiles each node gathers input before it runs (a power of two, so that nodes run together).

    A node never waits longer than the nodes that read it: where the network goes back to a fine resolution, a long wait
    at the coarse one would come back as a huge block at the fine one.
    """
    rate = [Fraction(node.length, max(nodes[0].length, 1)) for node in nodes]
    patience = [_tiles_to_gather(smallest_block, tile * r) for r in rate]
    patience[0] = 1
    for index in range(len(nodes) - 1, 0, -1):
        for source in nodes[index].inputs:
            patience[source] = min(patience[source], patience[index])
    return patience


def _tiles_to_gather(smallest_block: int, per_tile: Fraction) -> int:
    """The smallest power of two of tiles that yields `smallest_block` positions."""
    wait = 1
    while wait * per_tile < smallest_block and wait < smallest_block:
        wait *= 2
    return wait


def _keep(nodes: Sequence[AxisNode], ready: Sequence[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """The oldest position of each node that any reader still needs after each tile."""
    keep = [list(values) for values in ready]
    for index, node in enumerate(nodes):
        for source, axis_map in zip(node.inputs, node.maps, strict=True):
            for t, done in enumerate(ready[index]):
                keep[source][t] = min(keep[source][t], axis_map.oldest(done))
    return [tuple(values) for values in keep]
