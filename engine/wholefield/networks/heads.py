"""Heads: what turns the features of a streamed backbone into logits, and back into a map of the evidence.

A head pools the features over all positions first. Its pool is a running reduction, so that the features of an image
of any size need never exist as a whole: stream the backbone with `head.pool` and `classify` what comes out.
"""

from abc import abstractmethod

import torch
from torch import Tensor, nn

from wholefield.streaming.execution.attention_pools import AttentionPool, GatedAttentionPool
from wholefield.streaming.execution.pools import MeanPool
from wholefield.streaming.execution.reductions import Reduction


class MappingHead(nn.Module):
    """A head that also returns the evidence of each position for each class.

    Attributes:
        pool: features (B, C, *positions) -> (B, C).
        fc: its last, linear layer (features -> classes).
    """

    pool: Reduction
    fc: nn.Linear

    def forward(self, features: Tensor) -> Tensor:
        """Logits (B, classes) of features (B, C, *positions) with any number of spatial axes."""
        return self.classify(self.pool(features))

    def class_map(self, features: Tensor) -> Tensor:
        """Map (B, classes, *positions) whose mean over the positions equals the logits."""
        return self.map_of(self.evidence(features), self.pool(features))

    def classify(self, pooled: Tensor) -> Tensor:
        """Logits (B, classes) of pooled features (B, C)."""
        return self.fc(pooled)

    def evidence(self, features: Tensor) -> Tensor:
        """What each position says by itself, (B, E, *positions) with a few channels, of features (B, C, *positions)."""
        return _at_positions(self.fc, features)

    @abstractmethod
    def map_of(self, evidence: Tensor, pooled: Tensor) -> Tensor:
        """The map (B, classes, *positions) that the evidence of all positions comes to."""


class GlobalAverageHead(MappingHead):
    """Mean over all positions, then a linear layer; the head of ResNet and of most classifiers.

    Example:
        >>> import torch
        >>> from wholefield.networks import GlobalAverageHead
        >>> head = GlobalAverageHead(8, num_classes=3)
        >>> features = torch.rand(2, 8, 5, 6)
        >>> torch.allclose(head.class_map(features).mean((2, 3)), head(features), atol=1e-6)
        True
    """

    def __init__(self, features: int | nn.Linear, num_classes: int = 1000) -> None:
        """Build it.

        Args:
            features: the number of feature channels, or an existing linear layer, which keeps its own classes.
            num_classes: classes of a new layer.
        """
        super().__init__()
        self.pool = MeanPool()
        self.fc = features if isinstance(features, nn.Linear) else nn.Linear(features, num_classes)

    def map_of(self, evidence: Tensor, pooled: Tensor) -> Tensor:
        """Class-activation map (B, classes, *positions): the evidence as it is.

        Pooling and layer are linear, so they may be swapped: the mean of the map over its positions equals
        the logits (Zhou et al. 2016, Learning Deep Features for Discriminative Localization, eq. 2, with the
        bias spread over the positions).
        """
        return evidence


class NormedAverageHead(MappingHead):
    """Mean over all positions, layer normalization over the channels, a linear layer; ConvNeXt's head.

    Example:
        >>> import torch
        >>> from torch import nn
        >>> from wholefield.networks import NormedAverageHead
        >>> NormedAverageHead(nn.LayerNorm(8), nn.Linear(8, 3))(torch.rand(2, 8, 5, 6)).shape
        torch.Size([2, 3])
    """

    def __init__(self, norm: nn.LayerNorm, fc: nn.Linear) -> None:
        """Build it of existing layers.

        Args:
            norm: the normalization of the pooled features.
            fc: the layer from features to classes.
        """
        super().__init__()
        self.pool = MeanPool()
        self.norm = norm
        self.fc = fc

    def classify(self, pooled: Tensor) -> Tensor:
        """Logits (B, classes) of pooled features (B, C)."""
        norm = self.norm
        return self.fc(
            nn.functional.layer_norm(pooled, norm.normalized_shape, norm.weight, norm.bias, norm.eps)
        )

    def evidence(self, features: Tensor) -> Tensor:
        """What the centered features say, before their scale is known, (B, classes, *positions)."""
        vectors = features.movedim(1, -1)
        centered = (vectors - vectors.mean(dim=-1, keepdim=True)) * self.norm.weight
        return nn.functional.linear(centered, self.fc.weight).movedim(-1, 1)

    def map_of(self, evidence: Tensor, pooled: Tensor) -> Tensor:
        """Class-activation map (B, classes, *positions).

        Centering over the channels is linear; the division by the deviation of the pooled features is held
        fixed. So the map still averages to the logits exactly.
        """
        scale = (pooled.var(dim=1, correction=0) + self.norm.eps).rsqrt()
        return _spread(scale[:, None], evidence) * evidence + _spread(self.fc(self.norm.bias)[None], evidence)


class AttentionHead(MappingHead):
    """A mean over the positions, weighted by what they show, then a linear layer.

    The weights are the softmax over the positions of w tanh(V f) (Ilse et al. 2018, Attention-based Deep Multiple
    Instance Learning, eq. 8), or with a gate of w (tanh(V f) sigmoid(U f)) (eq. 9). Each class can have a w, and so a
    mean, of its own, of which its logit is made (Lu et al. 2021, Data-efficient and weakly supervised computational
    pathology on whole-slide images).

    Attributes:
        pool: V is its `value`, U its `gate`, w its `score`.

    Example:
        >>> import torch
        >>> from wholefield.networks import AttentionHead
        >>> head = AttentionHead(8, num_classes=3, gated=True, per_class=True)
        >>> head(torch.rand(2, 8, 5, 6)).shape
        torch.Size([2, 3])
    """

    pool: AttentionPool

    def __init__(
        self,
        features: int,
        num_classes: int,
        hidden: int = 128,
        *,
        gated: bool = False,
        per_class: bool = False,
    ) -> None:
        """Build it fresh.

        Args:
            features: the number of feature channels.
            num_classes: classes of the linear layer.
            hidden: length of V f and U f.
            gated: whether the attention is gated.
            per_class: whether each class has an attention of its own.
        """
        super().__init__()
        pool = GatedAttentionPool if gated else AttentionPool
        self.pool = pool(features, hidden, num_classes if per_class else 1)
        self.fc = nn.Linear(features, num_classes)
        self.per_class = per_class

    def classify(self, pooled: Tensor) -> Tensor:
        """Logits (B, classes) of pooled features (B, C), or (B, classes, C)."""
        if not self.per_class:
            return self.fc(pooled)
        own = pooled.reshape(len(pooled), *self.fc.weight.shape)
        return (own * self.fc.weight).sum(2) + self.fc.bias

    def evidence(self, features: Tensor) -> Tensor:
        """What each position says of each class, and behind it its scores, (B, classes + 1 or classes, *positions)."""
        says = nn.functional.linear(features.movedim(1, -1), self.fc.weight).movedim(-1, 1)
        return torch.cat([says, self.pool.score_map(features)], dim=1)

    def map_of(self, evidence: Tensor, pooled: Tensor) -> Tensor:
        """Map (B, classes, *positions): number of positions times attention times what the position says."""
        says, scores = evidence.tensor_split([self.fc.out_features], dim=1)
        attention = self.pool.attention(scores)
        return attention * attention[0, 0].numel() * says + _spread(self.fc.bias[None], says)


class GatedAttentionHead(AttentionHead):
    """The head of gated attention with one mean for all classes.

    Example:
        >>> import torch
        >>> from wholefield.networks import GatedAttentionHead
        >>> GatedAttentionHead(8, num_classes=3)(torch.rand(2, 8, 5, 6)).shape
        torch.Size([2, 3])
    """

    def __init__(self, features: int, num_classes: int, hidden: int = 128) -> None:
        """Build it fresh.

        Args:
            features: the number of feature channels.
            num_classes: classes of the linear layer.
            hidden: length of V f and U f.
        """
        super().__init__(features, num_classes, hidden, gated=True)


def _at_positions(layer: nn.Linear, features: Tensor) -> Tensor:
    """A linear layer over the channels of (B, C, *positions)."""
    return layer(features.movedim(1, -1)).movedim(-1, 1)


def _spread(values: Tensor, like: Tensor) -> Tensor:
    """Values (B, channels) shaped to act on every position of (B, channels, *positions)."""
    return values.reshape(*values.shape, *(1,) * (like.ndim - 2))
