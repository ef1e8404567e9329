"""Pooling over the whole image as a running reduction, so that the feature map itself never has to exist.

Forward, each block of features is folded into a small state. In the reverse sweep the final state is known, and the
gradient that the pooled vector sends into a block is that of a scalar computed from the block alone: its surrogate.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_flatten, tree_unflatten

from wholefield.streaming.errors import StreamingError

Weights: TypeAlias = Mapping[str, Tensor]
"""The reduction's parameters by name."""


class Reduction(nn.Module):
    """Pools features (batch, channels, *axes) to a vector (batch, n), or a few, for each image.

    Example:
        >>> import torch
        >>> from wholefield.streaming import MeanPool, Reduction
        >>> class SquarePool(Reduction):
        ...     def fold(self, state, block, weights):
        ...         return block.flatten(2).square().sum(2) + (0 if state is None else state)
        ...     def finish(self, state):
        ...         return state
        ...     def surrogate(self, state, block, grad, weights):
        ...         return (block.flatten(2).square().sum(2) * grad).sum()
        >>> SquarePool()(torch.ones(1, 2, 3, 4))
        tensor([[12., 12.]])
    """

    @abstractmethod
    def fold(self, state: Any, block: Tensor, weights: Weights) -> Any:
        """Add a block to the state; the state is None before the first."""

    def merge(self, state: Any, other: Any) -> Any:
        """The state after the blocks of two states; for images that several processes stream.

        Raises:
            StreamingError: The reduction has no such method.
        """
        raise StreamingError(
            f"{type(self).__name__} cannot be computed in several processes. Give it a method merge(state, other), or "
            "leave the setting process_group empty."
        )

    @abstractmethod
    def finish(self, state: Any) -> Tensor:
        """The pooled vector (batch, n)."""

    @abstractmethod
    def surrogate(self, state: Any, block: Tensor, grad: Tensor, weights: Weights) -> Tensor:
        """A scalar whose gradient with respect to block and weights is that of sum(grad * pooled).

        Args:
            state: The state after the last block.
            block: Features of one tile, under autograd.
            grad: Gradient of the pooled vector, (batch, n).
            weights: The parameters, under autograd.
        """

    def unpack(self, pooled: Tensor, channels: int) -> Any:
        """What the caller of a streamed network gets of the pooled vector of that many channels."""
        return pooled

    def forward(self, features: Tensor, mask: Tensor | None = None) -> Any:
        """Pool features that are all at hand.

        Args:
            features: (batch, channels, *axes).
            mask: (batch or 1, *axes) bool, the positions that count; None for all.
        """
        weights = dict(self.named_parameters())
        found = [self.finish(self.fold(None, image, weights)) for image in images_of(features, mask)]
        return self.unpack(torch.cat(found).to(features.dtype), features.shape[1])


def images_of(block: Tensor, mask: Tensor | None) -> list[Tensor]:
    """The features that count: the block as it is, or with a mask, image by image, (1, channels, positions).

    Args:
        block: (batch, channels, *axes).
        mask: (batch or 1, *axes) bool.
    """
    if mask is None:
        return [block]
    chosen = mask.flatten(1).expand(len(block), -1)
    return [image[None, :, counts] for image, counts in zip(block.flatten(2), chosen, strict=True)]


@dataclass(frozen=True)
class Sums:
    """The state of a reduction of sums.

    Attributes:
        count: Positions that were added up.
        peak: Largest exponent so far, (batch, n, 1); None where there are no exponents.
        values: The sums, the exponentials among them relative to the peak.
    """

    count: int
    peak: Tensor | None
    values: tuple[Tensor, ...]

    def relative_to(self, peak: Tensor | None) -> tuple[Tensor, ...]:
        """The sums with another largest exponent."""
        if peak is None or self.peak is None:
            return self.values
        scale = torch.exp(self.peak - peak)
        return tuple(scale * value for value in self.values)


class SumReduction(Reduction):
    """A reduction that is a function of a few sums over the positions, which blocks add to one after the other.

    Exponentials are taken relative to the largest exponent so far, and what was added up before is scaled whenever a
    larger one comes.
    """

    def exponents(self, flat: Tensor, weights: Weights) -> Tensor | None:
        """The exponents (batch, n, positions) of features (batch, channels, positions), if there are any."""
        return None

    @abstractmethod
    def sums(self, flat: Tensor, shares: Tensor | None, weights: Weights) -> tuple[Tensor, ...]:
        """Sums over the positions of features (batch, channels, positions).

        Args:
            flat: The features.
            shares: The exponentials (batch, n, positions). With them, every sum is linear in them, (batch, n, m).
            weights: The parameters.
        """

    @abstractmethod
    def pool(self, state: Sums, weights: Weights) -> Tensor:
        """The pooled vector of the sums over all positions."""

    def fold(self, state: Sums | None, block: Tensor, weights: Weights) -> Sums:
        """Add the sums of a block."""
        flat = block.flatten(2)
        exponents = self.exponents(flat, weights)
        peak = None if exponents is None else wide(exponents).detach().amax(2, keepdim=True)
        if state is None:
            return Sums(flat.shape[2], peak, self._sums(flat, exponents, peak, weights))
        if peak is not None and state.peak is not None:
            peak = torch.maximum(peak, state.peak)
        count = flat.shape[2]
        return self.merge(state, Sums(count, peak, self._sums(flat, exponents, peak, weights)))

    def merge(self, state: Sums, other: Sums) -> Sums:
        """The sums of both, relative to the larger peak."""
        peak = None
        if state.peak is not None and other.peak is not None:
            peak = torch.maximum(state.peak, other.peak)
        pairs = zip(state.relative_to(peak), other.relative_to(peak), strict=True)
        return Sums(state.count + other.count, peak, tuple(one + two for one, two in pairs))

    def finish(self, state: Sums) -> Tensor:
        """The pooled vector."""
        return self.pool(state, dict(self.named_parameters()))

    def surrogate(self, state: Sums, block: Tensor, grad: Tensor, weights: Weights) -> Tensor:
        """The block's sums times the gradients of all sums, and its share of what the weights do behind the sums."""
        leaves = tuple(value.detach().requires_grad_() for value in state.values)
        fixed = {name: weight.detach() for name, weight in weights.items()}
        pooled = self.pool(Sums(state.count, state.peak, leaves), fixed)
        pulls = torch.autograd.grad(pooled, leaves, grad.to(pooled.dtype))
        flat = block.flatten(2)
        exponents = self.exponents(flat, weights)
        found = self._sums(flat, exponents, state.peak, weights)
        scalar = torch.stack([(pull * value).sum() for pull, value in zip(pulls, found, strict=True)]).sum()
        behind = self.pool(state, weights)
        if behind.requires_grad:
            scalar = scalar + (behind * grad).sum() * (flat.shape[2] / state.count)
        return scalar

    def _sums(
        self, flat: Tensor, exponents: Tensor | None, peak: Tensor | None, weights: Weights
    ) -> tuple[Tensor, ...]:
        shares = None if exponents is None or peak is None else torch.exp(wide(exponents) - peak)
        return self.sums(wide(flat), shares, weights)


class Together(Reduction):
    """Several reductions of the same features, in a tuple, list or dict, in one sweep."""

    def __init__(self, reductions: Sequence[Reduction] | Mapping[str, Reduction]) -> None:
        """Take them as one.

        Args:
            reductions: Reductions in tuples, lists or dicts.
        """
        super().__init__()
        found, self._structure = tree_flatten(reductions)
        self.each = nn.ModuleList(found)

    def fold(self, state: list[Any] | None, block: Tensor, weights: Weights) -> list[Any]:
        """Fold the block into the state of each."""
        states = state or [None] * len(self.each)
        return [
            one.fold(before, block, own)
            for one, before, own in zip(self._reductions, states, self._own(weights), strict=True)
        ]

    def merge(self, state: list[Any], other: list[Any]) -> list[Any]:
        """Merge the states of each."""
        return [one.merge(*both) for one, *both in zip(self._reductions, state, other, strict=True)]

    def finish(self, state: list[Any]) -> Tensor:
        """What each of them comes to, side by side."""
        pooled = [one.finish(own).flatten(1) for one, own in zip(self._reductions, state, strict=True)]
        return torch.cat(pooled, dim=1)

    def surrogate(self, state: list[Any], block: Tensor, grad: Tensor, weights: Weights) -> Tensor:
        """The sum of those of each."""
        grads = self._apart(grad, block.shape[1])
        each = zip(self._reductions, state, grads, self._own(weights), strict=True)
        return torch.stack([one.surrogate(own, block, part, named) for one, own, part, named in each]).sum()

    def unpack(self, pooled: Tensor, channels: int) -> Any:
        """The pooled vectors in the structure that was given."""
        return tree_unflatten(self._apart(pooled, channels), self._structure)

    @property
    def _reductions(self) -> list[Reduction]:
        return [one for one in self.each if isinstance(one, Reduction)]

    def _own(self, weights: Weights) -> list[dict[str, Tensor]]:
        """The parameters of each by its own names."""
        return [
            {name: weights[f"each.{k}.{name}"] for name, _ in one.named_parameters()}
            for k, one in enumerate(self.each)
        ]

    @torch.no_grad()
    def _apart(self, pooled: Tensor, channels: int) -> list[Tensor]:
        """The part of each, in its shape, of what `finish` puts side by side."""
        like = next(self.parameters(), pooled)
        shapes = [one(like.new_zeros(1, channels, 1)).shape[1:] for one in self.each]
        with torch.enable_grad():
            parts = pooled.split([shape.numel() for shape in shapes], dim=1)
            return [part.unflatten(1, shape) for part, shape in zip(parts, shapes, strict=True)]


Reductions: TypeAlias = "Reduction | Sequence[Reduction] | Mapping[str, Reduction] | None"
"""One reduction, several of the same features, or none."""


def as_one(reductions: Reductions) -> Reduction | None:
    """A reduction of what may be one, several in a structure, or none."""
    if reductions is None or isinstance(reductions, Reduction):
        return reductions
    return Together(reductions)


def mask_at(mask: Tensor, positions: Sequence[int], share: float = 0.5) -> Tensor:
    """A mask of an image at the positions of a network's output, which divide the image evenly.

    Args:
        mask: (batch, *axes) bool, of the same area as the image in any resolution.
        positions: Positions per axis.
        share: A position counts if at least that share of its part of the mask is set.

    Returns:
        (batch, *positions) bool.

    Example:
        >>> import torch
        >>> from wholefield.streaming import mask_at
        >>> tissue = torch.zeros(1, 64, 64, dtype=torch.bool)
        >>> tissue[:, 20:40, 16:64] = True
        >>> mask_at(tissue, (4, 4)).int().tolist()
        [[[0, 0, 0, 0], [0, 1, 1, 1], [0, 1, 1, 1], [0, 0, 0, 0]]]
    """
    pools = nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d
    pool: nn.Module = pools[len(positions) - 1](tuple(positions))
    return pool(mask.unsqueeze(1).float()).squeeze(1) >= share


def wide(tensor: Tensor) -> Tensor:
    """At least single precision: a running sum of half precision stops growing after some hundred blocks."""
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))
