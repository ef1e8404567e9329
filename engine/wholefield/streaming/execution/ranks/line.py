"""Messages between ranks, and waiting for them in threads of their own."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor

from wholefield.streaming.execution.ranks.message import packed, unpacked

_Thing = TypeVar("_Thing")


def aside(work: Callable[[], _Thing]) -> Future[_Thing]:
    """Do some work in a thread that does not keep the process from ending, should it never be finished."""
    future = Future[_Thing]()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, name="wholefield-ranks", daemon=True).start()
    return future


@dataclass(frozen=True)
class Line:
    """The way between two ranks, or from one of them to all of a group.

    Attributes:
        group: The process group.
        peer: The other rank, or the one that speaks to all; by its number among all processes.
        device: Where tensors are.
        carrier: From where to where the group sends them.
    """

    group: Any
    peer: int
    device: torch.device
    carrier: torch.device

    def send(self, thing: Any) -> None:
        """Send an object to the other rank."""
        for part in packed(thing, self.carrier):
            dist.send(part, self.peer, self.group)

    def receive(self) -> Any:
        """Receive an object from the other rank."""
        return self._read(lambda part: dist.recv(part, self.peer, self.group))

    def tell(self, thing: Any) -> Any:
        """Send an object to all."""
        for part in packed(thing, self.carrier):
            dist.broadcast(part, self.peer, self.group)
        return thing

    def hear(self) -> Any:
        """Receive what the peer tells all."""
        return self._read(lambda part: dist.broadcast(part, self.peer, self.group))

    def _read(self, fill: Callable[[Tensor], object]) -> Any:
        lengths = torch.empty(2, dtype=torch.int64, device=self.carrier)
        fill(lengths)
        room = torch.empty(int(lengths.sum()), dtype=torch.uint8, device=self.carrier)
        fill(room)
        thing = unpacked(lengths, room, self.device)
        settle(self.device)
        return thing


def settle(device: torch.device) -> None:
    """Wait for what this thread has asked of a device; other threads may then use it."""
    if device.type != "cpu":
        torch.accelerator.current_stream(device).synchronize()
