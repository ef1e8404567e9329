"""For how many positions deep nodes wait: fewer make kernels slow, more make halos large."""

from collections.abc import Sequence
from typing import TypeAlias

from wholefield.streaming.execution.recurrence import lay_out
from wholefield.streaming.planning.memory import saved_halo_bytes
from wholefield.streaming.planning.sizes import sizes_per_axis
from wholefield.streaming.tracing.program import Program

SmallestBlock: TypeAlias = int | Sequence[int] | None
"""Positions for which deep nodes wait: one number for all axes, one per axis, or None to choose."""

LEAST_WAIT = 32
"""Positions per axis for which deep nodes always wait."""

LONGER_WAITS = (128, 64)
"""Positions along the last axis that are faster: what waits there is only as high as a tile."""

HALO_ROOM = 256 * 2**20
"""Bytes of halos that training may keep for the sake of a longer wait."""


def blocks_per_axis(
    program: Program, tile_size: Sequence[int], smallest_block: SmallestBlock
) -> tuple[int, ...]:
    """For how many positions deep nodes wait, per axis.

    Volumes have blocks of many positions anyway; images and signals wait as long along the last axis as there is room
    for the halos.

    Args:
        program: The traced network, as it will run.
        tile_size: Tile size per axis in pixels.
        smallest_block: The setting.

    Raises:
        StreamingError: It is not a whole number, not positive, or given for another number of axes; or the image is too
            small for the network.
    """
    axes = len(tile_size)
    if smallest_block is not None:
        return sizes_per_axis(smallest_block, axes, "smallest block", "32 to 128")
    for wait in LONGER_WAITS if axes < 3 else ():
        blocks = (*(LEAST_WAIT,) * (axes - 1), wait)
        if saved_halo_bytes(lay_out(program, tile_size, blocks)) <= HALO_ROOM:
            return blocks
    return (LEAST_WAIT,) * axes
