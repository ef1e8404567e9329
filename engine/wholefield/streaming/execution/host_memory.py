"""Keeping resident memory close to what is in use, where the C library would keep what is freed.

Tensors that outlive a tile would lie scattered between what the tile allocates for a moment, and the gaps could neither
take larger tensors nor go back to the system: they get memory of their own. What gaps there still are go back now and
then. Without both, a ResNet-18 on 4096x4096 pixels was seen to hold twice the memory that it used.
"""

import mmap
from collections.abc import Mapping, Sequence
from typing import TypeVar

import torch
from torch import Tensor

from wholefield.streaming.execution.halo import Halos

PIXELS_BETWEEN = 2**22
"""After how many pixels freed memory is given back.

The next tiles ask for a part of it again, page by page. With tiles of 128 px, given back after every 16 of them, that
was a tenth of the time of training, and half of the pages.
"""

_ALIGNMENT = 64

# Shared with other processes, as is usual, pages come and go at half the speed.
_OWN = {"flags": mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS} if hasattr(mmap, "MAP_PRIVATE") else {}

_Key = TypeVar("_Key")


def packed_halos(halos: Halos, given: Halos) -> Halos:
    """The halos that a tile hands on, copied together but for the pieces that it was given itself.

    Those of one axis are: along the last axis the next tile takes them, along another a tile of the next row.
    """
    moved = {id(piece): piece for halo in given.values() for _, piece in halo}
    for axis in sorted({axis for axis, _ in halos}):
        pieces = {id(piece): piece for (a, _), halo in halos.items() if a == axis for _, piece in halo}
        fresh = [piece for key, piece in pieces.items() if key not in moved]
        moved |= {id(piece): copy for piece, copy in zip(fresh, packed(fresh), strict=True)}
    return {key: tuple((spans, moved[id(piece)]) for spans, piece in halo) for key, halo in halos.items()}


def packed_blocks(blocks: Mapping[_Key, Tensor]) -> dict[_Key, Tensor]:
    """Blocks copied together."""
    return dict(zip(blocks, packed(list(blocks.values())), strict=True))


def packed(tensors: Sequence[Tensor]) -> list[Tensor]:
    """Copies of tensors side by side in memory that goes back to the system with the last of them.

    On other devices than a CPU, whose allocators see to that themselves, they stay where they are.
    """
    if not tensors or any(tensor.device.type != "cpu" for tensor in tensors):
        return list(tensors)
    starts, end = [], 0
    for tensor in tensors:
        starts.append(end)
        end += -(-tensor.nbytes // _ALIGNMENT) * _ALIGNMENT
    if not end:
        return list(tensors)
    room = mmap.mmap(-1, end, **_OWN)
    return [_copied(tensor, room, start) for tensor, start in zip(tensors, starts, strict=True)]


def _copied(tensor: Tensor, room: mmap.mmap, start: int) -> Tensor:
    if not tensor.numel():
        return tensor
    values = torch.frombuffer(room, dtype=tensor.dtype, count=tensor.numel(), offset=start)
    # A tensor of its own rather than a view: autograd lets nobody write over views of what a function returns.
    copy = torch.empty(0, dtype=tensor.dtype).set_(
        values.untyped_storage(), 0, tensor.shape, torch.empty_like(tensor, device="meta").stride()
    )
    return copy.copy_(tensor)
