"""Which nodes' maps are stored between the stages, so that later ones need not compute them again."""

from collections.abc import Sequence

from wholefield.streaming.tracing.program import Program


def nodes_to_store(program: Program, depths: Sequence[int]) -> frozenset[int]:
    """The nodes that a later stage reads.

    Args:
        program: The traced network.
        depths: The stage of every node.
    """
    return frozenset(
        source
        for k in program.live
        for source in program.nodes[k].inputs
        if depths[source] < depths[k] and program.nodes[source].local is not None
    )
