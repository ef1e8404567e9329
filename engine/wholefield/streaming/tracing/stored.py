"""Which nodes' maps are stored between the stages, so that later ones need not compute them again."""

from collections.abc import Mapping, Sequence, Set
from math import prod

from wholefield.streaming.tracing.program import Node, Program

CHEAP = 8
"""Operations per byte of a map up to which computing it again costs less than storing it.

Of a float32 map a normalization and an activation come to less than 2, a convolution of 3x3 on one channel to 2.5, on
three to 7, on 32 to 72; memory takes about a byte in the time of 5 of them, a disk in that of 20.
"""


def nodes_to_store(program: Program, depths: Sequence[int], image_again: bool) -> frozenset[int]:
    """The nodes that later stages read, but for those that cost little to compute of what is stored anyway.

    A skip connection reads an activation long after the map that it was made of; that map is enough then.

    Args:
        program: The traced network.
        depths: The stage of every node.
        image_again: Whether later stages may read the image, too.
    """
    readers = _stages_that_read(program, depths)
    stored: set[int] = set()
    # A node stands behind what it is computed of.
    for node in sorted(readers):
        if not _is_cheap(program, node, stored, len(readers[node]), image_again):
            stored.add(node)
    return frozenset(stored)


def _stages_that_read(program: Program, depths: Sequence[int]) -> Mapping[int, Set[int]]:
    """The stages behind that of each node that read it, for those that are computed and read there."""
    found: dict[int, set[int]] = {}
    for k in program.live:
        for source in program.nodes[k].inputs:
            if depths[source] < depths[k] and program.nodes[source].local is not None:
                found.setdefault(source, set()).add(depths[k])
    return found


def _is_cheap(program: Program, node: int, stored: Set[int], times: int, image_again: bool) -> bool:
    """Whether a map is rather computed again that many times, of stored maps that take no more room."""
    room = _bytes(program.nodes[node])
    operations, read, waiting, seen = 0, 0, [node], set[int]()
    while waiting:
        k = waiting.pop()
        if k in seen:
            continue
        seen.add(k)
        found = program.nodes[k]
        if k in stored:
            read += _bytes(found)
        elif found.local is None:
            if not found.slots and not image_again:
                return False
        elif found.local.random:
            return False
        else:
            operations += found.local.macs * found.ref.shape[0] * prod(found.ref.lengths) + prod(
                found.ref.shape
            )
            waiting += found.inputs
        if operations * times > CHEAP * room or read > room:
            return False
    return True


def _bytes(node: Node) -> int:
    return prod(node.ref.shape) * node.ref.dtype.itemsize
