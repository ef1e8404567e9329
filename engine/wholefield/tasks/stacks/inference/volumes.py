"""Networks over volumes of any size: slab by slab, and window by window where the planes are large.

Slabs hand their borders on, so nothing is computed twice; memory is that of all channels over as many slices as the
dilations add up to. Where the planes are too large for that, they are cut into windows that overlap by what the network
reads, each window being such a row of slabs. Either way the result is that of the network on the whole volume.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from wholefield.machine import free_memory
from wholefield.networks.msd.network import MSDNetwork
from wholefield.networks.msd.predict import predict_rows
from wholefield.networks.msd.spec import BlockSpec
from wholefield.sources.stacks.stack import Box
from wholefield.tasks.stacks.inference.windows import Piece, windows

# Slices taken in at once: more of them save calls and cost memory.
STEP = 4

ReadBox = Callable[[slice, slice, slice], Tensor]
"""Gives a box of the volume: (c_in, slices, rows, columns)."""


@dataclass(frozen=True)
class Block:
    """A part of the output of a volume.

    Attributes:
        box: its slices, rows and columns.
        values: (c_out, slices, rows, columns).
    """

    box: Box
    values: Tensor


def volume_blocks(
    model: MSDNetwork, read: ReadBox, shape: Sequence[int], cut: Sequence[tuple[Piece, Piece]]
) -> Iterator[Block]:
    """The output of a model over a volume: window by window, in each from the first slice to the last.

    Args:
        model: the model, over three axes.
        read: gives the volume.
        shape: (slices, rows, columns).
        cut: the windows, see `volume_windows`.
    """
    for rows, columns in cut:

        def slab(first: int, end: int, rows: Piece = rows, columns: Piece = columns) -> Tensor:
            return read(slice(first, end), rows.outer, columns.outer)

        for first, block in predict_rows(model, slab, (shape[0], rows.length, columns.length), STEP):
            slices = slice(first, first + block.shape[1])
            yield Block((slices, rows.core, columns.core), block[:, :, rows.within, columns.within])


def volume_windows(
    model: MSDNetwork, shape: Sequence[int], budget: int | None = None
) -> list[tuple[Piece, Piece]]:
    """The windows of the planes of a volume, as few as memory allows; see `windows`.

    Args:
        model: the model, on its device.
        shape: (slices, rows, columns).
        budget: bytes to use; half of what is free when None.
    """
    budget = _half_of_free(model) if budget is None else budget
    return windows(shape[1:], sum(model.dilations), budget // voxel_bytes(model, shape[0]))


def voxel_bytes(model: MSDNetwork, slices: int) -> int:
    """What streaming a volume of so many slices keeps in memory for every pixel of its planes."""
    spec = BlockSpec(model.c_in, model.width, model.dilations, model.ndim)
    itemsize = model.msd.final_layer.linear.weight.itemsize
    rings = spec.stored * min(slices, sum(spec.dilations) + STEP) * itemsize
    within = max(sum(spec.dilations[layer] for layer in group.layers) for group in spec.groups())
    sums = spec.depth * spec.width * (within + STEP + 2 * spec.margin)
    products = spec.group * spec.width * (spec.taps + spec.lines)
    return int(rings + (sums + products) * max(itemsize, 4))


def _half_of_free(model: MSDNetwork) -> int:
    device = model.msd.final_layer.linear.weight.device
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0]) // 2
    return free_memory() // 2
