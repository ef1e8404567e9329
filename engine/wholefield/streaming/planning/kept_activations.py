"""Which blocks training keeps between the sweeps instead of computing them again."""

from collections.abc import Set
from math import prod

from wholefield.streaming.tracing.program import Node, Program

KEEP_BUDGET = 224 * 2**20
"""Bytes of blocks that training keeps by default."""


LEAST_WORK = 90
"""Multiply-adds per byte below which computing again costs less than the memory is worth."""


def nodes_to_keep(program: Program, budget: int, stored: Set[int] = frozenset()) -> frozenset[int]:
    """The convolutions and linear layers whose results save most work for their bytes, as many as a budget holds.

    Deep layers have many channels over few positions: in a ResNet-18 the results of its last two stages hold half of
    the work of a forward pass in a twentieth of the memory of its graph.

    Args:
        program: The traced network.
        budget: Bytes for the results over the whole image.
        stored: Nodes whose results are kept anyway.
    """
    able = [program.nodes[k] for k in program.live - stored if _recallable(program.nodes[k])]
    kept = []
    for node in sorted(able, key=_work_per_byte, reverse=True):
        if block_bytes(node) <= budget:
            budget -= block_bytes(node)
            kept.append(node.ref.index)
    return frozenset(kept)


def block_bytes(node: Node) -> int:
    """Bytes of a node's result over the whole image."""
    return prod(node.ref.shape) * node.ref.dtype.itemsize


def _recallable(node: Node) -> bool:
    return node.local is not None and node.local.recall is not None and _work_per_byte(node) >= LEAST_WORK


def _work_per_byte(node: Node) -> float:
    assert node.local is not None
    return node.local.macs * prod(node.ref.lengths) / block_bytes(node)
