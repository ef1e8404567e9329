"""What the published scheme of overlapping tiles would cost, for comparison.

There a tile keeps only what its own border does not spoil: outputs that see nothing outside the tile, and of those only
pixels for which every output that sees them is kept, so that their gradient is complete too.
"""

from collections.abc import Sequence

from wholefield.streaming.geometry.axis import AxisMap
from wholefield.streaming.geometry.schedule import AxisNode
from wholefield.streaming.geometry.spans import Span


def exact_pixels(nodes: Sequence[AxisNode], tile: int, outputs: Sequence[int]) -> Span:
    """The pixels of a tile in the middle of a large image whose gradient comes out exact, as (start, stop).

    Args:
        nodes: The network along one axis.
        tile: Tile size in pixels.
        outputs: Indices of the output nodes.
    """
    kept = _outputs_that_see_the_tile_only(nodes, tile)
    needed: list[Span] = [(-(10**9), 10**9)] * len(nodes)
    for output in outputs:
        needed[output] = kept[output]
    for index in range(len(nodes) - 1, 0, -1):
        start, stop = needed[index]
        for source, axis_map in zip(nodes[index].inputs, nodes[index].maps, strict=True):
            first = axis_map.reach(start - 1, start)[1] if start > -(10**9) else start
            last = axis_map.reach(stop, stop + 1)[0] if stop < 10**9 else stop
            needed[source] = max(needed[source][0], first), min(needed[source][1], last)
    return max(needed[0][0], 0), min(needed[0][1], tile)


def redundant_work(
    nodes_per_axis: Sequence[Sequence[AxisNode]],
    tile: Sequence[int],
    outputs: Sequence[int],
    counts: Sequence[int] | None = None,
) -> float:
    """How often an overlapping scheme computes each pixel with tiles of this size; infinite if it cannot run.

    Where `counts` says that one tile covers an axis, nothing overlaps along it.
    """
    factor = 1.0
    for nodes, size, count in zip(nodes_per_axis, tile, counts or [2] * len(tile), strict=True):
        if count == 1:
            continue
        start, stop = exact_pixels(nodes, size, outputs)
        factor *= size / (stop - start) if stop > start else float("inf")
    return factor


def _outputs_that_see_the_tile_only(nodes: Sequence[AxisNode], tile: int) -> list[Span]:
    kept: list[Span] = []
    for node in nodes:
        if not node.inputs:
            kept.append((0, tile))
            continue
        spans = [
            _inside(axis_map, kept[source]) for source, axis_map in zip(node.inputs, node.maps, strict=True)
        ]
        kept.append((max(start for start, _ in spans), min(stop for _, stop in spans)))
    return kept


def _inside(axis_map: AxisMap, given: Span) -> Span:
    """The outputs whose whole reach lies in a range of inputs."""
    start = int(given[0] / axis_map.stride) - 2
    while axis_map.reach(start, start + 1)[0] < given[0]:
        start += 1
    stop = start
    while axis_map.reach(stop, stop + 1)[1] <= given[1]:
        stop += 1
    return start, stop
