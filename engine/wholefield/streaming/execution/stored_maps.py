"""Maps that one stage of a network computes and later ones read, and their gradients."""

from collections.abc import Set
from enum import Enum

import torch
from torch import Tensor

from wholefield.streaming.execution.halo import cut
from wholefield.streaming.execution.layout import format_of
from wholefield.streaming.execution.ranks.ring import Ring
from wholefield.streaming.execution.recurrence import Recurrence
from wholefield.streaming.execution.sinks import Sink
from wholefield.streaming.execution.spill import Spill
from wholefield.streaming.execution.tile import ReadImage
from wholefield.streaming.geometry.spans import Spans
from wholefield.streaming.operations.call import Ref


class Part(Enum):
    """What is stored of a node."""

    VALUES = "values"
    GRADIENT = "gradient"


class StoredMaps:
    """The maps of one pass."""

    def __init__(self, spill: Spill | None = None, on_disk: Set[tuple[int, Part]] = frozenset()) -> None:
        """Start with none.

        Args:
            spill: Where files are.
            on_disk: What is in files.
        """
        self._spill = spill
        self._on_disk = on_disk
        self._stored: dict[tuple[int, Part], Tensor] = {}

    def write(self, ref: Ref, spans: Spans, block: Tensor) -> None:
        """Keep a block of a node."""
        key = ref.index, Part.VALUES
        if key not in self._stored:
            self._stored[key] = self._room(key, ref.shape, block)
        cut(self._stored[key], ref.axes, ref.box, spans).copy_(block)

    def reader(self, ref: Ref, device: torch.device) -> ReadImage:
        """What reads boxes of a node's map."""
        whole = self._stored[ref.index, Part.VALUES]
        return lambda spans: cut(whole, ref.axes, ref.box, spans).to(device)

    def gradient(self, node: int) -> Tensor:
        """What gradients of a node's map are added to."""
        key = node, Part.GRADIENT
        if key not in self._stored:
            values = self._stored[node, Part.VALUES]
            room = self._room(key, tuple(values.shape), values)
            # A new file reads as zeros.
            self._stored[key] = room if key in self._on_disk else room.zero_()
        return self._stored[key]

    def release(self, node: int) -> None:
        """Forget a map and its gradient."""
        for part in Part:
            self._stored.pop((node, part), None)

    def _room(self, key: tuple[int, Part], shape: tuple[int, ...], like: Tensor) -> Tensor:
        """A tensor to be filled, of the type and memory format of another."""
        if key in self._on_disk:
            assert self._spill is not None
            return self._spill.room(shape, like.dtype, format_of(like))
        return torch.empty(shape, dtype=like.dtype, device=like.device, memory_format=format_of(like))


class MapSink(Sink):
    """Stores the blocks of a node for later stages.

    For autograd the map is a number without meaning, its token: the stages that read the map take it, so that their
    backward comes before that of this stage, which finds the map's gradient where they have added it up.
    """

    def __init__(self, maps: StoredMaps, ref: Ref) -> None:
        self._maps = maps
        self._ref = ref

    def write(self, spans: Spans, condensed: Tensor) -> None:
        """Store the block in its place."""
        self._maps.write(self._ref, spans, condensed)

    def gather(self, ring: Ring, recurrence: Recurrence, node: int) -> None:
        """Maps are in one process."""
        raise NotImplementedError

    def result(self) -> Tensor:
        """The token."""
        return torch.zeros(())

    def root(self, spans: Spans, block: Tensor, grad: Tensor) -> tuple[Tensor, Tensor]:
        """The block and its part of the map's gradient."""
        whole = self._maps.gradient(self._ref.index)
        return block, cut(whole, self._ref.axes, self._ref.box, spans).to(block.device)
