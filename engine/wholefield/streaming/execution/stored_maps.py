"""Maps that one stage of a network computes and later ones read, and their gradients."""

import torch
from torch import Tensor

from wholefield.streaming.execution.halo import cut
from wholefield.streaming.execution.layout import format_of
from wholefield.streaming.execution.ranks.ring import Ring
from wholefield.streaming.execution.recurrence import Recurrence
from wholefield.streaming.execution.sinks import Sink
from wholefield.streaming.execution.tile import ReadImage
from wholefield.streaming.geometry.spans import Spans
from wholefield.streaming.operations.call import Ref


class StoredMaps:
    """The maps of one pass."""

    def __init__(self) -> None:
        self._maps: dict[int, Tensor] = {}
        self._grads: dict[int, Tensor] = {}

    def write(self, ref: Ref, spans: Spans, block: Tensor) -> None:
        """Keep a block of a node."""
        whole = self._maps.get(ref.index)
        if whole is None:
            whole = self._maps[ref.index] = torch.empty(
                ref.shape, dtype=block.dtype, device=block.device, memory_format=format_of(block)
            )
        cut(whole, ref.axes, ref.box, spans).copy_(block)

    def reader(self, ref: Ref) -> ReadImage:
        """What reads boxes of a node's map."""
        whole = self._maps[ref.index]
        return lambda spans: cut(whole, ref.axes, ref.box, spans)

    def gradient(self, node: int) -> Tensor:
        """What gradients of a node's map are added to."""
        if node not in self._grads:
            self._grads[node] = torch.zeros_like(self._maps[node])
        return self._grads[node]

    def release(self, node: int) -> None:
        """Forget a map and its gradient."""
        self._maps.pop(node, None)
        self._grads.pop(node, None)


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
        return block, cut(whole, self._ref.axes, self._ref.box, spans)
