"""Noise2Inverse: learn to denoise a reconstruction from its own noisy projections, without any ground truth.

The projections are split by angle into K parts, each reconstructed by itself. Their noise is independent, so a network
that predicts one part's reconstruction from another's can only learn the object (Hendriksen, Pelt and Batenburg 2020,
doi 10.1109/TCI.2020.3019647).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from wholefield.networks.msd.errors import InputError
from wholefield.networks.msd.network import MSDNetwork
from wholefield.networks.msd.predict import predict_image
from wholefield.tomography.enums import Strategy, Window
from wholefield.tomography.reconstruct import reconstruct


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


class Parts(Protocol):
    """K reconstructions of the same slices, from projections that no two of them share."""

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(K, slices, rows, columns)."""

    def read(self, at: int, rows: slice, columns: slice) -> Tensor:
        """A part of a slice in all reconstructions: (K, rows, columns), float32."""


@dataclass(frozen=True)
class TensorParts:
    """Reconstructions in memory.

    Attributes:
        reconstructions: (K, slices, row, column).
    """

    reconstructions: Tensor

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(K, slices, rows, columns)."""
        parts, slices, rows, columns = self.reconstructions.shape
        return parts, slices, rows, columns

    def read(self, at: int, rows: slice, columns: slice) -> Tensor:
        """A part of a slice in all reconstructions: (K, rows, columns)."""
        return self.reconstructions[:, at, rows, columns]


@dataclass(frozen=True)
class SplitPairs:
    """Every part of some slices as a pair to train on; give it to fit.

    Attributes:
        parts: The reconstructions.
        strategy: What is input and what target.
        slices: The slices to use.
    """

    parts: Parts
    strategy: Strategy
    slices: Sequence[int]

    @classmethod
    def of(cls, reconstructions: Tensor, strategy: Strategy) -> "SplitPairs":
        """All slices of reconstructions in memory, (K, slices, row, column)."""
        return cls(TensorParts(reconstructions), strategy, range(reconstructions.shape[1]))

    def __len__(self) -> int:
        return self.parts.shape[0] * len(self.slices)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        return self.read(index, (slice(None), slice(None)))

    def spatial(self, index: int) -> tuple[int, ...]:
        """(rows, columns)."""
        return self.parts.shape[2:]

    def read(self, index: int, window: tuple[slice, ...]) -> tuple[Tensor, Tensor]:
        """A window of a pair: two tensors (1, row, column)."""
        part, at = divmod(index, len(self.slices))
        rows, columns = window
        image, target = pair_of(self.parts.read(self.slices[at], rows, columns), part, self.strategy)
        return image[None], target[None]


def part_outputs(network: MSDNetwork, images: Tensor, strategy: Strategy) -> Tensor:
    """The network's output for every part of a slice: (K, row, column) to the same."""
    inputs = (pair_of(images, part, strategy)[0] for part in range(len(images)))
    return torch.stack([predict_image(network, image[None])[0] for image in inputs])


def denoise_slice(network: MSDNetwork, images: Tensor, strategy: Strategy) -> Tensor:
    """Mean of the network's outputs for all parts of a slice: (K, row, column) to (row, column)."""
    return part_outputs(network, images, strategy).mean(0)


def denoise(network: MSDNetwork, reconstructions: Tensor, strategy: Strategy) -> Tensor:
    """Mean of the network's outputs for all parts.

    Args:
        network: The trained network, one channel in and out.
        reconstructions: (K, slices, row, column).
        strategy: The one that it was trained with.

    Returns:
        (slices, row, column).
    """
    return torch.stack([denoise_slice(network, images, strategy) for images in reconstructions.unbind(1)])


def split_error(network: MSDNetwork | None, reconstructions: Tensor, strategy: Strategy) -> float:
    """Mean squared difference between targets and predictions; with no network, the inputs are the predictions.

    The noise of the targets is in it, so it does not go to zero; on slices not trained on it ranks networks without
    any ground truth.

    Args:
        network: The network; None takes the input as the prediction.
        reconstructions: (K, slices, row, column).
        strategy: What is input and what target.
    """
    pairs = SplitPairs.of(reconstructions, strategy)
    total = 0.0
    for index in range(len(pairs)):
        image, target = pairs[index]
        guess = image if network is None else predict_image(network, image)
        total += (guess - target).square().mean().item()
    return total / len(pairs)
