"""Reductions that weigh the positions by what they show: attention, plain and gated, with one branch or several."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from wholefield.streaming.execution.reductions import SumReduction, Sums, Weights


class AttentionPool(SumReduction):
    """A mean weighted by attention: the softmax over the positions of w tanh(V f).

    Ilse, Tomczak and Welling, "Attention-based deep multiple instance learning" (ICML 2018), eq. 8. With several
    branches each has a w of its own, as the classes have in Lu et al., "Data-efficient and weakly supervised
    computational pathology on whole-slide images" (Nature BME 2021), and the pooled features are (batch, branches,
    channels).

    Attributes:
        value: V.
        score: w, a row for each branch.

    Example:
        >>> import torch
        >>> from wholefield.streaming import AttentionPool
        >>> AttentionPool(8, branches=3)(torch.rand(2, 8, 5, 6)).shape
        torch.Size([2, 3, 8])
    """

    def __init__(self, channels: int, hidden: int = 128, branches: int = 1) -> None:
        """Build it fresh.

        Args:
            channels: Feature channels.
            hidden: Length of V f.
            branches: How many weighted means.
        """
        super().__init__()
        self.value = nn.Linear(channels, hidden)
        self.score = nn.Linear(hidden, branches)

    def scores(self, positions: Tensor, weights: Weights | None = None) -> Tensor:
        """The attention scores of every position: (batch, *positions, channels) -> (batch, *positions, branches)."""
        known = dict(self.named_parameters()) if weights is None else weights
        return _linear("score", self._hidden(positions, known), known)

    def score_map(self, features: Tensor) -> Tensor:
        """The attention scores (batch, branches, *axes) of features (batch, channels, *axes); a local operation."""
        return self.scores(features.movedim(1, -1)).movedim(-1, 1)

    def attention(self, scores: Tensor, mask: Tensor | None = None) -> Tensor:
        """What share every position has in the pooled features.

        Args:
            scores: (batch, branches, *axes) of all positions, of `score_map`.
            mask: (batch or 1, *axes) bool, the positions that count; None for all.

        Returns:
            (batch, branches, *axes), 1 in the sum over the positions, 0 where they do not count.
        """
        if mask is not None:
            scores = scores.masked_fill(~mask.unsqueeze(1), -torch.inf)
        return scores.flatten(2).softmax(2).view_as(scores)

    def exponents(self, flat: Tensor, weights: Weights) -> Tensor:
        """The scores."""
        return self.scores(flat.transpose(1, 2), weights).transpose(1, 2)

    def sums(self, flat: Tensor, shares: Tensor | None, weights: Weights) -> tuple[Tensor, ...]:
        """The sum of exp(score), and of the features weighted by it."""
        assert shares is not None
        return shares.sum(2, keepdim=True), shares @ flat.transpose(1, 2).to(shares.dtype)

    def pool(self, state: Sums, weights: Weights) -> Tensor:
        """The weighted means; without their own dimension if there is one branch."""
        total, weighted = state.values
        means = weighted / total
        return means.squeeze(1) if means.shape[1] == 1 else means

    def _hidden(self, positions: Tensor, weights: Weights) -> Tensor:
        return torch.tanh(_linear("value", positions, weights))


class GatedAttentionPool(AttentionPool):
    """A mean weighted by gated attention: the softmax over the positions of w (tanh(V f) sigmoid(U f)).

    The same paper, eq. 9.

    Attributes:
        gate: U.

    Example:
        >>> import torch
        >>> from wholefield.streaming import GatedAttentionPool
        >>> pool, features = GatedAttentionPool(8), torch.rand(2, 8, 5, 6)
        >>> attention = pool.attention(pool.score_map(features))
        >>> torch.allclose((features * attention).sum((2, 3)), pool(features), atol=1e-6)
        True
    """

    def __init__(self, channels: int, hidden: int = 128, branches: int = 1) -> None:
        """Build it fresh.

        Args:
            channels: Feature channels.
            hidden: Length of V f and U f.
            branches: How many weighted means.
        """
        super().__init__(channels, hidden, branches)
        self.gate = nn.Linear(channels, hidden)

    def _hidden(self, positions: Tensor, weights: Weights) -> Tensor:
        return super()._hidden(positions, weights) * torch.sigmoid(_linear("gate", positions, weights))


class Scored(nn.Module):
    """A network that returns the attention scores of its features beside them.

    Streamed with the pool as the reduction it gives the pooled features and the scores (batch, branches, *positions),
    of which `AttentionPool.attention` makes the attention map.

    Example:
        >>> import torch
        >>> from torch import nn
        >>> from wholefield.streaming import AttentionPool, Scored, Streamed
        >>> network, pool = nn.Conv2d(3, 8, 3, padding=1), AttentionPool(8)
        >>> pooled, scores = Streamed(Scored(network, pool), 32, reduction=pool)(torch.rand(1, 3, 50, 40))
        >>> pooled.shape, pool.attention(scores).shape
        (torch.Size([1, 8]), torch.Size([1, 1, 50, 40]))
    """

    def __init__(self, network: nn.Module, pool: AttentionPool) -> None:
        """Put them together.

        Args:
            network: Gives the features.
            pool: Scores them.
        """
        super().__init__()
        self.network = network
        self.pool = pool

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Features and scores of images."""
        features = self.network(x)
        return features, self.pool.score_map(features)


def _linear(name: str, vectors: Tensor, weights: Weights) -> Tensor:
    return functional.linear(vectors, weights[f"{name}.weight"], weights[f"{name}.bias"])
