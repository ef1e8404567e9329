"""Reductions that treat all positions alike: mean, largest, mean of the largest, log-sum-exp, generalized mean."""

import math

import torch
from torch import Tensor, nn

from wholefield.streaming.errors import StreamingError
from wholefield.streaming.execution.reductions import Reduction, SumReduction, Sums, Weights, wide


class MeanPool(SumReduction):
    """The mean over all positions.

    Example:
        >>> import torch
        >>> from wholefield.streaming import MeanPool
        >>> features = torch.rand(2, 8, 5, 6)
        >>> torch.allclose(MeanPool()(features), features.mean((2, 3)))
        True
    """

    def sums(self, flat: Tensor, shares: Tensor | None, weights: Weights) -> tuple[Tensor, ...]:
        """The sum."""
        return (flat.sum(2),)

    def pool(self, state: Sums, weights: Weights) -> Tensor:
        """Sum over count."""
        return state.values[0] / state.count


class GeneralizedMeanPool(SumReduction):
    """The generalized mean, (mean of x^p)^(1/p), with a learned p: the mean at 1, the largest value at infinity.

    Radenović, Tolias and Chum, "Fine-tuning CNN image retrieval with no human annotation" (IEEE TPAMI 2019), eq. 3.

    Attributes:
        p: The exponent.
        smallest: Smaller features count as that.

    Example:
        >>> import torch
        >>> from wholefield.streaming import GeneralizedMeanPool
        >>> GeneralizedMeanPool(p=3.0)(torch.rand(2, 8, 5, 6)).shape
        torch.Size([2, 8])
    """

    def __init__(self, p: float = 3.0, smallest: float = 1e-6) -> None:
        super().__init__()
        self.p = nn.Parameter(torch.tensor(p))
        self.smallest = smallest

    def sums(self, flat: Tensor, shares: Tensor | None, weights: Weights) -> tuple[Tensor, ...]:
        """The sum of the powers."""
        return (flat.clamp(min=self.smallest).pow(weights["p"]).sum(2),)

    def pool(self, state: Sums, weights: Weights) -> Tensor:
        """The root of their mean."""
        return (state.values[0] / state.count).pow(1 / weights["p"])


class LogSumExpPool(SumReduction):
    """A smooth maximum, log(mean of exp(r x)) / r: the mean for small r, the largest value for large r.

    Pinheiro and Collobert, "From image-level to pixel-level labeling with convolutional networks" (CVPR 2015), eq. 6.

    Attributes:
        sharpness: r.

    Example:
        >>> import torch
        >>> from wholefield.streaming import LogSumExpPool
        >>> features = torch.rand(2, 8, 5, 6)
        >>> torch.allclose(LogSumExpPool(1e4)(features), features.amax((2, 3)), atol=1e-3)
        True
    """

    def __init__(self, sharpness: float = 5.0) -> None:
        """Set the sharpness.

        Raises:
            StreamingError: It is not above 0.
        """
        super().__init__()
        if not 0 < sharpness < math.inf:
            raise StreamingError(f"The sharpness is {sharpness} but must be above 0 and finite.")
        self.sharpness = sharpness

    def exponents(self, flat: Tensor, weights: Weights) -> Tensor:
        """The sharpened features."""
        return wide(flat) * self.sharpness

    def sums(self, flat: Tensor, shares: Tensor | None, weights: Weights) -> tuple[Tensor, ...]:
        """The sum of the exponentials."""
        assert shares is not None
        return (shares.sum(2, keepdim=True),)

    def pool(self, state: Sums, weights: Weights) -> Tensor:
        """The logarithm of their mean."""
        assert state.peak is not None
        return ((state.values[0] / state.count).log() + state.peak).squeeze(2) / self.sharpness


class MaxPool(Reduction):
    """The largest value over all positions; equal largest values share the gradient, as in torch.amax.

    Example:
        >>> import torch
        >>> from wholefield.streaming import MaxPool
        >>> features = torch.rand(2, 8, 5, 6)
        >>> torch.equal(MaxPool()(features), features.amax((2, 3)))
        True
    """

    def fold(
        self, state: tuple[Tensor, Tensor] | None, block: Tensor, weights: Weights
    ) -> tuple[Tensor, Tensor]:
        """Largest value so far and how often it occurs."""
        flat = block.flatten(2)
        highest = flat.amax(2)
        times = (flat == highest.unsqueeze(2)).sum(2)
        return (highest, times) if state is None else self.merge(state, (highest, times))

    def merge(self, state: tuple[Tensor, Tensor], other: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """The larger value of both and how often it occurs in them."""
        best = torch.maximum(state[0], other[0])
        return best, state[1] * (state[0] == best) + other[1] * (other[0] == best)

    def finish(self, state: tuple[Tensor, Tensor]) -> Tensor:
        """The largest value. Differentiable where the features are."""
        return state[0]

    def surrogate(
        self, state: tuple[Tensor, Tensor], block: Tensor, grad: Tensor, weights: Weights
    ) -> Tensor:
        """Only positions that hold the largest value count."""
        best, times = state
        flat = block.flatten(2)
        chosen = (flat.detach() == best.unsqueeze(2)) * (grad / times).unsqueeze(2)
        return (flat * chosen).sum()


class TopKPool(Reduction):
    """The mean of the k largest values of each channel; of all, where there are fewer.

    Positions that are equal at the border of the k largest share the gradient.

    Attributes:
        k: How many.

    Example:
        >>> import torch
        >>> from wholefield.streaming import TopKPool
        >>> features = torch.rand(2, 8, 5, 6)
        >>> torch.allclose(TopKPool(4)(features), features.flatten(2).topk(4).values.mean(2))
        True
    """

    def __init__(self, k: int) -> None:
        """Set how many.

        Raises:
            StreamingError: It is not at least 1.
        """
        super().__init__()
        if k < 1:
            raise StreamingError(f"The number of largest values is {k} but must be at least 1.")
        self.k = k

    def fold(
        self, state: tuple[Tensor, Tensor] | None, block: Tensor, weights: Weights
    ) -> tuple[Tensor, Tensor]:
        """The largest values so far, falling, and how many positions hold the last of them."""
        flat = block.flatten(2)
        best = _largest(flat, self.k)
        found = best, (flat == best[..., -1:]).sum(2)
        return found if state is None else self.merge(state, found)

    def merge(self, state: tuple[Tensor, Tensor], other: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """The largest values of both, and how many positions hold the last of them."""
        best = _largest(torch.cat([state[0], other[0]], dim=2), self.k)
        least = best[..., -1:]
        return best, _holding(least, *state) + _holding(least, *other)

    def finish(self, state: tuple[Tensor, Tensor]) -> Tensor:
        """Their mean."""
        best = state[0]
        return wide(best).mean(2)

    def surrogate(
        self, state: tuple[Tensor, Tensor], block: Tensor, grad: Tensor, weights: Weights
    ) -> Tensor:
        """Only positions that hold one of the largest values count."""
        best, times = state
        flat, least = block.flatten(2), best[..., -1:]
        shared = (best == least).sum(2, keepdim=True) / times.unsqueeze(2)
        values = flat.detach()
        chosen = (values > least) + (values == least) * shared
        return (flat * chosen * grad.unsqueeze(2)).sum() / best.shape[2]


def _largest(flat: Tensor, k: int) -> Tensor:
    return flat.topk(min(k, flat.shape[2]), dim=2).values


def _holding(least: Tensor, best: Tensor, times: Tensor) -> Tensor:
    """How many positions hold a value: one of their largest, the last of which `times` of them hold."""
    return torch.where(best[..., -1:] == least, times.unsqueeze(2), (best == least).sum(2, True)).squeeze(2)
