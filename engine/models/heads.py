"""Heads: what turns the features of a streamed backbone into logits, and back into a map of the evidence."""

from abc import abstractmethod

import torch
from torch import Tensor, nn


class MappingHead(nn.Module):
    """A head that also tells what each position says of each class.

    Attributes:
        fc: its last, linear layer (features -> classes).
    """

    fc: nn.Linear

    @abstractmethod
    def forward(self, features: Tensor) -> Tensor:
        """Logits (B, classes) of features (B, C, *positions) with any number of spatial axes."""

    @abstractmethod
    def class_map(self, features: Tensor) -> Tensor:
        """Map (B, classes, *positions) whose mean over the positions equals the logits."""


class GlobalAverageHead(MappingHead):
    """Mean over all positions, then a linear layer; the head of ResNet and of most classifiers."""

    def __init__(self, features: int | nn.Linear, num_classes: int = 1000) -> None:
        """Take the number of feature channels, or an existing linear layer, which keeps its own classes."""
        super().__init__()
        self.fc = features if isinstance(features, nn.Linear) else nn.Linear(features, num_classes)

    def forward(self, features: Tensor) -> Tensor:
        """Logits (B, classes) of features (B, C, *positions)."""
        return self.fc(features.flatten(2).mean(dim=2))

    def class_map(self, features: Tensor) -> Tensor:
        """Class-activation map (B, classes, *positions).

        Pooling and layer are linear, so they may be swapped: the mean of the map over its positions equals
        the logits (Zhou et al. 2016, Learning Deep Features for Discriminative Localization, eq. 2, with the
        bias spread over the positions).
        """
        return self.fc(features.movedim(1, -1)).movedim(-1, 1)


class NormedAverageHead(MappingHead):
    """Mean over all positions, layer normalisation over the channels, a linear layer; ConvNeXt's head."""

    def __init__(self, norm: nn.LayerNorm, fc: nn.Linear) -> None:
        """Take the two layers."""
        super().__init__()
        self.norm = norm
        self.fc = fc

    def forward(self, features: Tensor) -> Tensor:
        """Logits (B, classes) of features (B, C, *positions)."""
        pooled = features.flatten(2).mean(dim=2)
        norm = self.norm
        return self.fc(
            nn.functional.layer_norm(pooled, norm.normalized_shape, norm.weight, norm.bias, norm.eps)
        )

    def class_map(self, features: Tensor) -> Tensor:
        """Class-activation map (B, classes, *positions).

        Centring over the channels is linear; the division by the deviation of the pooled features is held
        fixed. So the map still averages to the logits exactly.
        """
        vectors = features.movedim(1, -1)
        pooled = features.flatten(2).mean(dim=2)
        scale = (pooled.var(dim=1, correction=0) + self.norm.eps).rsqrt()
        centred = vectors - vectors.mean(dim=-1, keepdim=True)
        scaled = centred * scale.reshape(-1, *(1,) * (centred.ndim - 1))
        return self.fc(scaled * self.norm.weight + self.norm.bias).movedim(-1, 1)


class GatedAttentionHead(MappingHead):
    """A weighted mean over the positions, weighted by what they show, then a linear layer.

    The weights are softmax(w tanh(V f) sigmoid(U f)) over the positions (Ilse et al. 2018, Attention-based Deep
    Multiple Instance Learning, eq. 9).

    Attributes:
        tanh: V and its bias.
        gate: U and its bias.
        score: w.
    """

    def __init__(self, features: int, num_classes: int, hidden: int = 128) -> None:
        super().__init__()
        self.tanh = nn.Linear(features, hidden)
        self.gate = nn.Linear(features, hidden)
        self.score = nn.Linear(hidden, 1, bias=False)
        self.fc = nn.Linear(features, num_classes)

    def attention(self, features: Tensor) -> Tensor:
        """Weights (B, *positions) that are positive and sum to 1 over the positions."""
        vectors = features.movedim(1, -1)
        scores = self.score(torch.tanh(self.tanh(vectors)) * torch.sigmoid(self.gate(vectors))).squeeze(-1)
        return scores.flatten(1).softmax(dim=1).view_as(scores)

    def forward(self, features: Tensor) -> Tensor:
        """Logits (B, classes) of features (B, C, *positions)."""
        weights = self.attention(features)
        return self.fc((features * weights.unsqueeze(1)).flatten(2).sum(dim=2))

    def class_map(self, features: Tensor) -> Tensor:
        """Map (B, classes, *positions): number of positions times attention times what the position says."""
        weights = self.attention(features)
        count = weights[0].numel()
        vectors = (features * (weights * count).unsqueeze(1)).movedim(1, -1)
        return self.fc(vectors).movedim(-1, 1)
