"""Objects with tensors in them as one tensor of bytes, to be sent to another process."""

import io
import pickle
from typing import Any

import torch
from torch import Tensor

from wholefield.streaming.execution.layout import format_of

_ALIGNMENT = 64


def packed(thing: Any, device: torch.device) -> tuple[Tensor, Tensor]:
    """An object as bytes on a device: (number of bytes of its tensors and of the rest, the bytes)."""
    stream = io.BytesIO()
    pickler = _Pickler(stream)
    pickler.dump(thing)
    rest = torch.frombuffer(bytearray(stream.getvalue()), dtype=torch.uint8)
    room = torch.empty(pickler.end + rest.numel(), dtype=torch.uint8, device=device)
    for tensor, start in zip(pickler.tensors, pickler.starts, strict=True):
        room[start : start + tensor.nbytes].copy_(_flat(tensor).view(torch.uint8))
    room[pickler.end :].copy_(rest)
    return torch.tensor([pickler.end, rest.numel()], device=device), room


def unpacked(lengths: Tensor, room: Tensor, device: torch.device) -> Any:
    """The object; its tensors lie side by side in one memory on the device."""
    end = int(lengths[0])
    stream = io.BytesIO(room[end:].cpu().numpy().tobytes())
    return _Unpickler(stream, room[:end].to(device)).load()


class _Pickler(pickle.Pickler):
    """Puts a place in the bytes instead of each tensor.

    Attributes:
        tensors: The tensors.
        starts: Where each of them is to begin.
        end: Where the last ends.
    """

    def __init__(self, stream: io.BytesIO) -> None:
        super().__init__(stream)
        self.tensors: list[Tensor] = []
        self.starts: list[int] = []
        self.end = 0

    def persistent_id(self, thing: Any) -> Any:
        """The place, shape and type of a tensor; None for anything else."""
        if not isinstance(thing, Tensor):
            return None
        self.tensors.append(thing.detach())
        self.starts.append(self.end)
        self.end += -(-thing.nbytes // _ALIGNMENT) * _ALIGNMENT
        last = format_of(thing) is torch.channels_last
        return self.starts[-1], thing.nbytes, thing.dtype, tuple(thing.shape), last


class _Unpickler(pickle.Unpickler):
    """Finds tensors in their places."""

    def __init__(self, stream: io.BytesIO, room: Tensor) -> None:
        super().__init__(stream)
        self._room = room

    def persistent_load(self, place: Any) -> Tensor:
        """The tensor of a place."""
        start, size, dtype, shape, channels_last = place
        values = self._room[start : start + size].view(dtype)
        if not channels_last:
            return values.view(shape)
        batch, channels, height, width = shape
        return values.view(batch, height, width, channels).permute(0, 3, 1, 2)


def _flat(tensor: Tensor) -> Tensor:
    """The elements in their order in memory."""
    if format_of(tensor) is torch.channels_last:
        tensor = tensor.permute(0, 2, 3, 1)
    return tensor.contiguous().view(-1)
