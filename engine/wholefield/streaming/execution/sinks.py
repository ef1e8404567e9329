"""Where the blocks of an output go, and where their gradient comes from in the reverse sweep."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import reduce
from typing import Any, Protocol, TypeAlias

import torch
from torch import Tensor

from wholefield.streaming.execution.halo import cut
from wholefield.streaming.execution.ranks.ring import Ring
from wholefield.streaming.execution.recurrence import Recurrence
from wholefield.streaming.execution.reductions import Reduction, images_of
from wholefield.streaming.geometry.spans import Spans, is_empty
from wholefield.streaming.operations.call import Ref


class Sink(ABC):
    """Takes an output's blocks.

    Attributes:
        in_order: Whether it must get the blocks in raster order.
    """

    in_order = False

    def condensed(self, spans: Spans, block: Tensor) -> Any:
        """What must be kept of a block until it is written; found beside other tiles."""
        return block

    @abstractmethod
    def write(self, spans: Spans, condensed: Any) -> None:
        """Take what was kept of the block that lies at `spans`."""

    @abstractmethod
    def result(self) -> Tensor:
        """What the blocks come to."""

    @abstractmethod
    def gather(self, ring: Ring, recurrence: Recurrence, node: int) -> None:
        """Get what the other processes have taken of the output of a node."""

    @abstractmethod
    def root(self, spans: Spans, block: Tensor, grad: Tensor) -> tuple[Tensor, Tensor]:
        """Where back-propagation into a recomputed block starts, and with which gradient.

        Args:
            spans: Where the block lies.
            block: The block, under autograd.
            grad: Gradient of the result.
        """


Outlets: TypeAlias = Sequence[tuple[int, Sink]]
"""The sinks of a pass, each with the node whose blocks it takes; several may take the same."""


class TensorSink(Sink):
    """Puts the blocks together to one tensor."""

    def __init__(self, ref: Ref) -> None:
        self._ref = ref
        self._whole: Tensor | None = None

    def write(self, spans: Spans, block: Tensor) -> None:
        """Copy the block to its place."""
        if self._whole is None:
            self._whole = torch.empty(self._ref.shape, dtype=block.dtype, device=block.device)
        cut(self._whole, self._ref.axes, self._ref.box, spans).copy_(block)

    def gather(self, ring: Ring, recurrence: Recurrence, node: int) -> None:
        """Get the rows of the others."""
        for row in range(recurrence.counts[0]):
            spans = (recurrence.moments[0][row][node].new, *self._ref.box[1:])
            if is_empty(spans):
                continue
            owner = row % ring.size
            own = None
            if owner == ring.rank:
                assert self._whole is not None
                own = cut(self._whole, self._ref.axes, self._ref.box, spans)
            block = ring.told(own, owner, recurrence.program.device)
            if own is None:
                self.write(spans, block)

    def result(self) -> Tensor:
        """The tensor, handed over."""
        assert self._whole is not None
        whole, self._whole = self._whole, None
        return whole

    def root(self, spans: Spans, block: Tensor, grad: Tensor) -> tuple[Tensor, Tensor]:
        """The block and its part of the gradient."""
        return block, cut(grad, self._ref.axes, self._ref.box, spans)


class ReductionSink(Sink):
    """Folds the blocks into a running reduction."""

    in_order = True

    def __init__(
        self, ref: Ref, reduction: Reduction, weights: Sequence[Tensor], mask: Tensor | None
    ) -> None:
        self._ref = ref
        self._reduction = reduction
        self._weights = dict(zip((name for name, _ in reduction.named_parameters()), weights, strict=True))
        self._mask = mask
        # One for the batch, or with a mask one for each image.
        self._states: list[Any] = [None] * (1 if mask is None else ref.shape[0])
        self._dtype: torch.dtype | None = None

    def write(self, spans: Spans, block: Tensor) -> None:
        """Fold the block in."""
        self._dtype = block.dtype
        with torch.no_grad():
            for k, image in self._images(spans, block):
                self._states[k] = self._reduction.fold(self._states[k], image, self._weights)

    def gather(self, ring: Ring, recurrence: Recurrence, node: int) -> None:
        """Merge the states of all."""
        states, types = zip(
            *ring.exchange((self._states, self._dtype), recurrence.program.device), strict=True
        )
        # A process without a row of tiles, or without a position that counts, has none.
        self._states = [
            reduce(self._reduction.merge, [state for state in known if state is not None])
            for known in zip(*states, strict=True)
        ]
        self._dtype = next(dtype for dtype in types if dtype is not None)

    def result(self) -> Tensor:
        """The pooled vector, in the type of the blocks."""
        return torch.cat([self._reduction.finish(state) for state in self._states]).to(self._dtype)

    def for_reverse(self, weights: Sequence[Tensor]) -> "ReductionSink":
        """The same state with weights under autograd."""
        sink = ReductionSink(self._ref, self._reduction, weights, self._mask)
        sink._states = self._states
        return sink

    def root(self, spans: Spans, block: Tensor, grad: Tensor) -> tuple[Tensor, Tensor]:
        """The reduction's surrogate."""
        grads = [grad] if self._mask is None else grad.split(1)
        with torch.enable_grad():
            scalar = block.new_zeros(())
            for k, image in self._images(spans, block):
                scalar = scalar + self._reduction.surrogate(self._states[k], image, grads[k], self._weights)
        return scalar, torch.ones_like(scalar)

    def _images(self, spans: Spans, block: Tensor) -> list[tuple[int, Tensor]]:
        """The parts of a block that count, each with the number of its state."""
        mask = self._mask
        if mask is not None:
            mask = cut(mask, tuple(range(1, mask.ndim)), self._ref.box, spans)
        return [(k, image) for k, image in enumerate(images_of(block, mask)) if image.numel()]


class WritableArray(Protocol):
    """An array that is written by slices: numpy, a memory map, zarr, HDF5."""

    shape: tuple[int, ...]

    def __setitem__(self, key: tuple[slice, ...], value: Any) -> None:
        """Write a box."""
        ...


class ArraySink(Sink):
    """Writes the blocks into an array outside of torch; for inference."""

    def __init__(self, ref: Ref, array: WritableArray) -> None:
        self._ref = ref
        self._array = array

    def write(self, spans: Spans, block: Tensor) -> None:
        """Write the block to its place."""
        key = [slice(None)] * block.ndim
        for axis, (start, stop) in zip(self._ref.axes, spans, strict=True):
            key[axis] = slice(start, stop)
        value = block.float() if block.dtype is torch.bfloat16 else block
        self._array[tuple(key)] = value.cpu().numpy()

    def gather(self, ring: Ring, recurrence: Recurrence, node: int) -> None:
        """Nothing: the array is everybody's."""

    def result(self) -> Tensor:
        """Nothing: the array holds it."""
        return torch.empty(0)

    def root(self, spans: Spans, block: Tensor, grad: Tensor) -> tuple[Tensor, Tensor]:
        """There is no gradient."""
        raise NotImplementedError
