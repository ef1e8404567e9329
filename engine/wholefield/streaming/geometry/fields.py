"""Receptive fields: which pixels a position of a node sees, by integer arithmetic on the maps of the operations.

Araujo, Norris and Sim, "Computing receptive fields of convolutional neural networks" (Distill 2019) give the closed
form for chains; walking the maps backwards gives the same and holds for branches and upsampling too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from wholefield.streaming.geometry.schedule import AxisNode
from wholefield.streaming.geometry.spans import Span


@dataclass(frozen=True)
class Field:
    """What the positions of a node see along one axis; borders of the image do not count.

    Attributes:
        size: Pixels that a position sees; the most over all positions where they differ.
        stride: Pixels from one position to the next.
        low: First pixel that position 0 sees; the least over all positions p of (first pixel - p * stride).
        high: Last pixel that position 0 sees; the most over all positions likewise.
    """

    size: int
    stride: Fraction
    low: Fraction
    high: Fraction


def seen_by(nodes: Sequence[AxisNode], target: int, start: int, stop: int) -> dict[int, Span]:
    """The positions of every node that positions [start, stop) of a target depend on, ignoring the image's borders.

    Args:
        nodes: The network along one axis.
        target: Index of the node.
        start: First position of the target.
        stop: Position behind the last.

    Returns:
        Range by node, for the target and all nodes before it that it depends on; node 0 is the image.
    """
    spans: dict[int, Span] = {target: (start, stop)}
    for index in range(target, 0, -1):
        if index not in spans:
            continue
        node = nodes[index]
        for source, axis_map in zip(node.inputs, node.maps, strict=True):
            low, high = axis_map.reach(*spans[index])
            known = spans.get(source, (low, high))
            spans[source] = min(known[0], low), max(known[1], high)
    return spans


def strides(nodes: Sequence[AxisNode]) -> list[Fraction]:
    """Pixels from one position to the next, for every node."""
    found: list[Fraction] = []
    for node in nodes:
        found.append(found[node.inputs[0]] * node.maps[0].stride if node.inputs else Fraction(1))
    return found


def fields(nodes: Sequence[AxisNode]) -> list[Field]:
    """The receptive field of every node along one axis."""
    stride = strides(nodes)
    return [_field(nodes, target, stride) for target in range(len(nodes))]


def _field(nodes: Sequence[AxisNode], target: int, stride: Sequence[Fraction]) -> Field:
    """Positions repeat the same pattern after one period: as many positions as shift every node by whole positions."""
    ancestors = seen_by(nodes, target, 0, 1)
    period = lcm(*((stride[target] / stride[k]).denominator for k in ancestors))
    size, lows, highs = 0, [], []
    for position in range(period):
        start, stop = seen_by(nodes, target, position, position + 1).get(0, (0, 0))
        size = max(size, stop - start)
        lows.append(start - position * stride[target])
        highs.append(stop - 1 - position * stride[target])
    return Field(size, stride[target], min(lows), max(highs))
