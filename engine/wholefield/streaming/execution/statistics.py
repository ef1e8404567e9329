"""Values of the whole image, merged from those of its blocks in double precision, and their gradients.

Mean and variance by Chan, Golub and LeVeque, "Algorithms for computing the sample variance" (The American Statistician
1983): what is merged are counts, means and sums of squared deviations, so that a large mean costs a small variance no
digits.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import reduce
from math import prod
from typing import Any, TypeAlias

import torch
from torch import Tensor

from wholefield.streaming.execution.ranks.ring import Ring
from wholefield.streaming.execution.recurrence import Recurrence
from wholefield.streaming.execution.sinks import Sink
from wholefield.streaming.geometry.spans import Spans
from wholefield.streaming.operations.call import Ref
from wholefield.streaming.operations.over_image import StatisticKind
from wholefield.streaming.tracing.program import Statistic

_Part: TypeAlias = tuple[Tensor, ...]
"""What a block, or all blocks so far, come to."""


class _Merge(ABC):
    """How one kind of statistic is found and differentiated."""

    def __init__(self, ref: Ref, dims: Sequence[int]) -> None:
        self.ref = ref
        self.dims = tuple(dims)
        self.count = prod(ref.shape[d] for d in dims)

    @abstractmethod
    def part(self, block: Tensor, spans: Spans) -> _Part:
        """What a block comes to."""

    @abstractmethod
    def merged(self, one: _Part, other: _Part) -> _Part:
        """What two parts come to; the first lies before the second in tile order."""

    @abstractmethod
    def result(self, state: _Part, dtype: torch.dtype) -> Tensor:
        """The statistic; `dtype` is that of the blocks."""

    @abstractmethod
    def slope(self, state: _Part, block: Tensor, spans: Spans, grad: Tensor) -> Tensor:
        """The gradient of a block for a gradient of the statistic."""

    def over(self, tensor: Tensor) -> Tensor:
        """A tensor of the shape of the statistic, so that it can be combined with a block."""
        for d in sorted(d % len(self.ref.shape) for d in self.dims):
            tensor = tensor.unsqueeze(d)
        return tensor

    def size(self, block: Tensor) -> int:
        """How many values of a block go into each number."""
        return prod(block.shape[d] for d in self.dims)


class _Sum(_Merge):
    def part(self, block: Tensor, spans: Spans) -> _Part:
        return (block.sum(self.dims, dtype=_accumulator(block)).double(),)

    def merged(self, one: _Part, other: _Part) -> _Part:
        return (one[0] + other[0],)

    def result(self, state: _Part, dtype: torch.dtype) -> Tensor:
        return state[0].to(dtype if dtype.is_floating_point else torch.int64)

    def slope(self, state: _Part, block: Tensor, spans: Spans, grad: Tensor) -> Tensor:
        return self.over(grad).to(block.dtype).expand_as(block)


class _Mean(_Sum):
    def result(self, state: _Part, dtype: torch.dtype) -> Tensor:
        return (state[0] / self.count).to(dtype)

    def slope(self, state: _Part, block: Tensor, spans: Spans, grad: Tensor) -> Tensor:
        return super().slope(state, block, spans, grad / self.count)


class _Moments(_Merge):
    def part(self, block: Tensor, spans: Spans) -> _Part:
        wide = block.to(_accumulator(block))
        variance, mean = torch.var_mean(wide, self.dims, correction=0)
        size = self.size(block)
        return torch.tensor(size, dtype=torch.float64), mean.double(), variance.double() * size

    def merged(self, one: _Part, other: _Part) -> _Part:
        count = one[0] + other[0]
        apart = other[1] - one[1]
        share = (other[0] / count).to(apart.device)
        return count, one[1] + apart * share, one[2] + other[2] + apart**2 * share * one[0].to(apart.device)

    def result(self, state: _Part, dtype: torch.dtype) -> Tensor:
        wide = torch.promote_types(dtype, torch.float32)
        return torch.stack((state[1], state[2] / self.count)).to(wide)

    def slope(self, state: _Part, block: Tensor, spans: Spans, grad: Tensor) -> Tensor:
        mean = self.over(state[1].to(grad.dtype))
        of_mean, of_variance = (self.over(part) / self.count for part in grad)
        # The mean as well depends on the block, but the sum of deviations from it is zero.
        return ((block - mean).mul_(2 * of_variance)).add_(of_mean).to(block.dtype)


class _Largest(_Merge):
    """The largest value and how often it occurs."""

    def part(self, block: Tensor, spans: Spans) -> _Part:
        best = block.amax(self.dims)
        return best, (block == self.over(best)).sum(self.dims)

    def merged(self, one: _Part, other: _Part) -> _Part:
        best = torch.maximum(one[0], other[0])
        return best, one[1] * (one[0] == best) + other[1] * (other[0] == best)

    def result(self, state: _Part, dtype: torch.dtype) -> Tensor:
        return state[0]

    def slope(self, state: _Part, block: Tensor, spans: Spans, grad: Tensor) -> Tensor:
        best, times = state
        return (block == self.over(best)) * self.over(grad / times)


class _FirstLargest(_Merge):
    """The largest value and where it first occurs, counted over all the image."""

    def part(self, block: Tensor, spans: Spans) -> _Part:
        best = block.amax(self.dims)
        places = torch.where(
            block == self.over(best), self._places(block, spans), torch.iinfo(torch.int64).max
        )
        return best, places.amin(self.dims)

    def merged(self, one: _Part, other: _Part) -> _Part:
        nearer = (other[0] > one[0]) | ((other[0] == one[0]) & (other[1] < one[1]))
        return torch.where(nearer, other[0], one[0]), torch.where(nearer, other[1], one[1])

    def result(self, state: _Part, dtype: torch.dtype) -> Tensor:
        return state[0]

    def slope(self, state: _Part, block: Tensor, spans: Spans, grad: Tensor) -> Tensor:
        return (self._places(block, spans) == self.over(state[1])) * self.over(grad)

    def _places(self, block: Tensor, spans: Spans) -> Tensor:
        """The number of each position, in the order of the dimensions that are reduced."""
        places = torch.zeros((), dtype=torch.int64, device=block.device)
        starts = dict(zip(self.ref.axes, (start for start, _ in spans), strict=True))
        for d in self.dims:
            along = torch.arange(block.shape[d], device=block.device) + starts.get(d, 0)
            places = places * self.ref.shape[d] + along.reshape(-1, *[1] * (block.ndim - 1 - d % block.ndim))
        return places


_MERGES: dict[StatisticKind, type[_Merge]] = {
    StatisticKind.SUM: _Sum,
    StatisticKind.MEAN: _Mean,
    StatisticKind.MOMENTS: _Moments,
    StatisticKind.LARGEST: _Largest,
    StatisticKind.FIRST_LARGEST: _FirstLargest,
}


class StatisticSink(Sink):
    """Finds a value of the whole image from its blocks."""

    in_order = True

    def __init__(self, statistic: Statistic, ref: Ref) -> None:
        self._merge = _MERGES[statistic.kind](ref, statistic.dims)
        self._state: _Part | None = None
        self._dtype = ref.dtype

    def condensed(self, spans: Spans, block: Tensor) -> Any:
        """What the block comes to."""
        return block.dtype, self._merge.part(block, spans)

    def write(self, spans: Spans, condensed: Any) -> None:
        """Merge it with the blocks before."""
        self._dtype, part = condensed
        self._state = part if self._state is None else self._merge.merged(self._state, part)

    def gather(self, ring: Ring, recurrence: Recurrence, node: int) -> None:
        """Merge what the processes have found."""
        states, types = zip(
            *ring.exchange((self._state, self._dtype), recurrence.program.device), strict=True
        )
        self._state = reduce(self._merge.merged, [state for state in states if state is not None])
        self._dtype = types[0]

    def result(self) -> Tensor:
        """The statistic."""
        assert self._state is not None
        return self._merge.result(self._state, self._dtype)

    def root(self, spans: Spans, block: Tensor, grad: Tensor) -> tuple[Tensor, Tensor]:
        """The block, and the gradient that the statistic sends into it."""
        assert self._state is not None
        return block, self._merge.slope(self._state, block.detach(), spans, grad)


def _accumulator(block: Tensor) -> torch.dtype:
    return torch.promote_types(block.dtype, torch.float32)
