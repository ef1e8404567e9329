"""Noise2Inverse: learn to denoise a reconstruction from its own noisy projections, without any ground truth.

The projections are split by angle into K parts, each reconstructed by itself. Their noise is independent, so a network
that predicts one part's reconstruction from another's can only learn the object (Hendriksen, Pelt and Batenburg 2020,
doi 10.1109/TCI.2020.3019647).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

import torch
from torch import Tensor

from engine.msd.augmentation import Augmentation, augment
from engine.msd.errors import InputError
from engine.msd.msd_model import MSDModel
from engine.msd.reconstruct import Window, reconstruct


class Strategy(StrEnum):
    """What the network sees and what it predicts.

    X_TO_1: The mean of all parts but one gives the one; the input is least noisy.
    ONE_TO_X: One part gives the mean of all others; the target is least noisy.
    """

    X_TO_1 = "X:1"
    ONE_TO_X = "1:X"


def split_reconstructions(
    sinograms: Tensor,
    angles: Tensor,
    parts: int,
    *,
    size: int | None = None,
    centre: float | None = None,
    window: Window = Window.RAMP,
) -> Tensor:
    """Reconstruct every K-th projection by itself.

    Args:
        sinograms: (slices, angles, columns), line integrals.
        angles: (angles,), radians.
        parts: K, at least 2.
        size: Rows and columns of the result; as many as detector columns when None.
        centre: Column of the rotation axis; the middle when None.
        window: Taper of the ramp filter.

    Returns:
        (K, slices, size, size).

    Raises:
        InputError: There are fewer than 2 parts or fewer projections than parts.
    """
    if not 2 <= parts <= len(angles):
        raise InputError(
            f"{len(angles)} projections cannot be split into {parts} parts; choose 2 to {len(angles)}."
        )
    options = {"size": size, "centre": centre, "window": window}
    return torch.stack(
        [reconstruct(sinograms[:, k::parts], angles[k::parts], **options) for k in range(parts)]  # type: ignore[arg-type]
    )


def pair_of(reconstructions: Tensor, part: int, strategy: Strategy) -> tuple[Tensor, Tensor]:
    """Input and target: the chosen part on one side, the mean of the others on the other.

    Args:
        reconstructions: (K, ..., row, column).
        part: The part that stands alone.
        strategy: On which side it stands.

    Returns:
        Two tensors (..., row, column).
    """
    alone = reconstructions[part]
    others = (reconstructions.sum(0) - alone) / (len(reconstructions) - 1)
    return (others, alone) if strategy is Strategy.X_TO_1 else (alone, others)


@dataclass(frozen=True)
class SplitPairs:
    """Every part of every slice as a pair to train on, in random order; give it to MSDModel.train.

    Attributes:
        reconstructions: (K, slices, row, column).
        strategy: What is input and what target.
        generator: Source of the random numbers.
        augmentation: Crops, flips and turns, the same for input and target.
        batch_size: Pairs a step.
    """

    reconstructions: Tensor
    strategy: Strategy
    generator: torch.Generator
    augmentation: Augmentation = field(default_factory=Augmentation)
    batch_size: int = 1

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        parts, slices = self.reconstructions.shape[:2]
        order = torch.randperm(parts * slices, generator=self.generator).tolist()
        for first in range(0, len(order), self.batch_size):
            pairs = [self._pair(index) for index in order[first : first + self.batch_size]]
            inputs, targets = zip(*pairs, strict=True)
            yield torch.stack(inputs), torch.stack(targets)

    def _pair(self, index: int) -> tuple[Tensor, Tensor]:
        part, at = divmod(index, self.reconstructions.shape[1])
        image, target = pair_of(self.reconstructions[:, at], part, self.strategy)
        return augment(image[None], target[None], self.augmentation, self.generator)


@torch.no_grad()
def denoise(model: MSDModel, reconstructions: Tensor, strategy: Strategy) -> Tensor:
    """Mean of the network's outputs for all parts.

    Args:
        model: The trained network, one channel in and out.
        reconstructions: (K, slices, row, column).
        strategy: The one that it was trained with.

    Returns:
        (slices, row, column).
    """
    total = torch.zeros_like(reconstructions[0])
    for part in range(len(reconstructions)):
        images, _ = pair_of(reconstructions, part, strategy)
        for at, image in enumerate(images):
            total[at] += model.net(image[None, None].to(model.device))[0, 0].to(total.device)
    return total / len(reconstructions)


@torch.no_grad()
def split_error(model: MSDModel | None, reconstructions: Tensor, strategy: Strategy) -> float:
    """Mean squared difference between targets and what is predicted from inputs; with no model, from inputs themselves.

    The noise of the targets is in it, so it does not go to zero; on slices not trained on it ranks networks without
    any ground truth.

    Args:
        model: The network; None takes the input as the prediction.
        reconstructions: (K, slices, row, column).
        strategy: What is input and what target.
    """
    total = 0.0
    for part in range(len(reconstructions)):
        images, targets = pair_of(reconstructions, part, strategy)
        for image, target in zip(images, targets, strict=True):
            guess = (
                image
                if model is None
                else model.net(image[None, None].to(model.device))[0, 0].to(image.device)
            )
            total += (guess - target).square().mean().item()
    return total / (len(reconstructions) * reconstructions.shape[1])
