"""Pooling over the whole image as a running reduction, so that the feature map itself never has to exist.

Forward, each block of features is folded into a small state. In the reverse sweep the final state is known, and the
gradient that the pooled vector sends into a block is that of a scalar computed from the block alone: its surrogate.
"""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

Weights = Mapping[str, Tensor]
"""The reduction's parameters by name."""


class Reduction(nn.Module):
    """Pools features (batch, channels, *axes) to (batch, channels)."""

    @abstractmethod
    def fold(self, state: Any, block: Tensor, weights: Weights) -> Any:
        """Add a block to the state; the state is None before the first."""

    @abstractmethod
    def finish(self, state: Any) -> Tensor:
        """The pooled vector (batch, channels)."""

    @abstractmethod
    def surrogate(self, state: Any, block: Tensor, grad: Tensor, weights: Weights) -> Tensor:
        """A scalar whose gradient with respect to block and weights is that of sum(grad * pooled).

        Args:
            state: The state after the last block.
            block: Features of one tile, under autograd.
            grad: Gradient of the pooled vector, (batch, channels).
            weights: The parameters, under autograd.
        """

    def forward(self, features: Tensor) -> Tensor:
        """Pool features that are all at hand."""
        return self.finish(self.fold(None, features, dict(self.named_parameters()))).to(features.dtype)


class MeanPool(Reduction):
    """The mean over all positions."""

    def fold(self, state: tuple[Tensor, int] | None, block: Tensor, weights: Weights) -> tuple[Tensor, int]:
        """Sum and count."""
        total, count = state or (0.0, 0)
        return total + _wide(block.flatten(2)).sum(2), count + block.shape[2:].numel()

    def finish(self, state: tuple[Tensor, int]) -> Tensor:
        """Sum over count."""
        return state[0] / state[1]

    def surrogate(self, state: tuple[Tensor, int], block: Tensor, grad: Tensor, weights: Weights) -> Tensor:
        """Every position counts alike."""
        return (block.flatten(2).sum(2) * grad).sum() / state[1]


class MaxPool(Reduction):
    """The largest value over all positions; equal largest values share the gradient, as in torch.amax."""

    def fold(
        self, state: tuple[Tensor, Tensor] | None, block: Tensor, weights: Weights
    ) -> tuple[Tensor, Tensor]:
        """Largest value so far and how often it occurs."""
        flat = block.flatten(2)
        highest = flat.amax(2)
        times = (flat == highest.unsqueeze(2)).sum(2)
        if state is None:
            return highest, times
        best = torch.maximum(highest, state[0])
        return best, times * (highest == best) + state[1] * (state[0] == best)

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


class GatedAttentionPool(Reduction):
    """A mean weighted by gated attention: Ilse, Tomczak and Welling, "Attention-based deep multiple instance learning"
    (ICML 2018), eq. 9. The softmax over positions is kept as a running maximum and sum.
    """

    def __init__(self, channels: int, hidden: int = 128) -> None:
        super().__init__()
        self.value = nn.Linear(channels, hidden)
        self.gate = nn.Linear(channels, hidden)
        self.score = nn.Linear(hidden, 1)

    def scores(self, positions: Tensor) -> Tensor:
        """The attention score of every position: (batch, positions, channels) -> (batch, positions)."""
        gated = torch.tanh(self.value(positions)) * torch.sigmoid(self.gate(positions))
        return self.score(gated).squeeze(-1)

    def fold(
        self, state: tuple[Tensor, Tensor, Tensor] | None, block: Tensor, weights: Weights
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Largest score, sum of exp(score - largest), and the features weighted by it."""
        positions, scores = self._scored(block, weights)
        largest = scores.amax(1, keepdim=True)
        if state is not None:
            largest = torch.maximum(largest, state[0])
        share = torch.exp(scores - largest)
        total = share.sum(1, keepdim=True)
        weighted = (share.unsqueeze(-1) * positions).sum(1)
        if state is None:
            return largest, total, weighted
        earlier = torch.exp(state[0] - largest)
        return largest, total + earlier * state[1], weighted + earlier * state[2]

    def finish(self, state: tuple[Tensor, Tensor, Tensor]) -> Tensor:
        """The weighted mean."""
        return state[2] / state[1]

    def surrogate(
        self, state: tuple[Tensor, Tensor, Tensor], block: Tensor, grad: Tensor, weights: Weights
    ) -> Tensor:
        """With the normalization Z and the pooled vector p held fixed: sum of exp(score) / Z * (grad . (x - p))."""
        largest, total, _ = state
        positions, scores = self._scored(block, weights)
        share = torch.exp(scores - largest) / total
        pull = (positions * grad.unsqueeze(1)).sum(-1) - (self.finish(state) * grad).sum(-1, keepdim=True)
        return (share * pull).sum()

    def _scored(self, block: Tensor, weights: Weights) -> tuple[Tensor, Tensor]:
        positions = block.flatten(2).transpose(1, 2)
        scores = functional_call(_Scores(self), {f"pool.{k}": v for k, v in weights.items()}, positions)
        return _wide(positions), _wide(scores)


class _Scores(nn.Module):
    """The scores of a pool as a module's forward, so that they can be computed with given weights."""

    def __init__(self, pool: GatedAttentionPool) -> None:
        super().__init__()
        self.pool = pool

    def forward(self, positions: Tensor) -> Tensor:
        """The scores."""
        return self.pool.scores(positions)


def _wide(tensor: Tensor) -> Tensor:
    """At least single precision: a running sum of half precision stops growing after some hundred blocks."""
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))
