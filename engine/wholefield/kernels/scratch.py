"""Scratch memory that a thread keeps from call to call: fresh memory costs as much time as the arithmetic."""

import threading
from enum import Enum, auto
from math import prod

import torch
from torch import Tensor


class Use(Enum):
    """What scratch memory is used for."""

    FILTERS = auto()
    FILTER_GRADIENTS = auto()
    FACTORS = auto()
    PRODUCTS = auto()
    POWERS = auto()
    PATCHES = auto()


_scratch = threading.local()


def scratch_in_use() -> int:
    """Bytes of scratch memory that this thread keeps."""
    return sum(room.untyped_storage().nbytes() for room in _scratch.__dict__.get("rooms", {}).values())


def room(use: Use, shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
    """Scratch memory of this thread for a use; its values are those of the last one."""
    rooms = _scratch.__dict__.setdefault("rooms", {})
    count = prod(shape)
    if (use, dtype) not in rooms or rooms[use, dtype].numel() < count:
        # What is made in inference mode could not be written to outside it.
        with torch.inference_mode(False):
            rooms[use, dtype] = torch.empty(count, dtype=dtype)
    found: Tensor = rooms[use, dtype]
    return found[:count].view(shape)
