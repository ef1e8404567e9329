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

from wholefield.errors import SettingError
from wholefield.networks.msd.network import MSDNetwork
from wholefield.networks.msd.predict import predict_image
from wholefield.networks.msd.scaling import filled
from wholefield.tomography.backprojection import reconstruct
from wholefield.tomography.enums import Strategy, Window


def split_reconstructions(
    sinograms: Tensor,
    angles: Tensor,
    parts: int,
    *,
    size: int | None = None,
    center: float | None = None,
    window: Window = Window.RAMP,
) -> Tensor:
    """Reconstruct every K-th projection by itself.

    Args:
        sinograms: (slices, angles, columns), line integrals.
        angles: (angles,), radians.
        parts: K, at least 2.
        size: Rows and columns of the result; as many as detector columns when None.
        center: Column of the rotation axis; the middle when None.
        window: Taper of the ramp filter.

    Returns:
        (K, slices, size, size).

    Raises:
        SettingError: There are fewer than 2 parts or fewer projections than parts.

    Example:
        >>> import torch
        >>> from wholefield.tomography import split_reconstructions
        >>> angles = torch.arange(12) * torch.pi / 12
        >>> split_reconstructions(torch.ones(2, 12, 16), angles, 3).shape
        torch.Size([3, 2, 16, 16])
    """
    if not 2 <= parts <= len(angles):
        raise SettingError(
            f"{len(angles)} projections cannot be split into {parts} parts; choose 2 to {len(angles)}."
        )
    return torch.stack(
        [
            reconstruct(sinograms[:, k::parts], angles[k::parts], size=size, center=center, window=window)
            for k in range(parts)
        ]
    )


def pair_of(reconstructions: Tensor, part: int, strategy: Strategy) -> tuple[Tensor, Tensor]:
    """Input and target: the chosen part on one side, the mean of the others on the other.

    Args:
        reconstructions: (K, ..., row, column).
        part: The part that stands alone.
        strategy: On which side it stands.

    Returns:
        Two tensors (..., row, column).

    Example:
        >>> import torch
        >>> from wholefield.tomography import Strategy, pair_of
        >>> pair_of(torch.tensor([1.0, 2.0, 6.0]), 0, Strategy.X_TO_1)
        (tensor(4.), tensor(1.))
    """
    alone = reconstructions[part]
    others = (reconstructions.sum(0) - alone) / (len(reconstructions) - 1)
    return (others, alone) if strategy is Strategy.X_TO_1 else (alone, others)


class SplitReconstructions(Protocol):
    """K reconstructions of the same slices, from projections that no two of them share."""

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(K, slices, rows, columns)."""

    def read(self, at: int, rows: slice, columns: slice) -> Tensor:
        """A part of a slice in all reconstructions: (K, rows, columns), float32."""


@dataclass(frozen=True)
class TensorReconstructions:
    """Reconstructions in memory.

    Attributes:
        reconstructions: (K, slices, row, column).

    Example:
        >>> import torch
        >>> from wholefield.tomography import TensorReconstructions
        >>> TensorReconstructions(torch.zeros(4, 3, 8, 9)).read(0, slice(0, 2), slice(None)).shape
        torch.Size([4, 2, 9])
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
    """Every part of some slices as a pair to train on.

    Attributes:
        parts: The reconstructions.
        strategy: What is input and what target.
        slices: The slices to use.

    Example:
        >>> import torch
        >>> from wholefield.tomography import SplitPairs, Strategy
        >>> pairs = SplitPairs.of(torch.zeros(4, 3, 8, 9), Strategy.X_TO_1)
        >>> len(pairs), pairs[0][0].shape
        (12, torch.Size([1, 8, 9]))
    """

    parts: SplitReconstructions
    strategy: Strategy
    slices: Sequence[int]

    @classmethod
    def of(cls, reconstructions: Tensor, strategy: Strategy) -> "SplitPairs":
        """All slices of reconstructions in memory, (K, slices, row, column)."""
        return cls(TensorReconstructions(reconstructions), strategy, range(reconstructions.shape[1]))

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
    """The network's output for every part of a slice: (K, row, column) to the same.

    Where an input is not finite the network is given the mean, and the output is not a number.
    """
    inputs = torch.stack([pair_of(images, part, strategy)[0] for part in range(len(images))])
    outputs = [predict_image(network, filled(network.scale_in, image[None]))[0] for image in inputs]
    return torch.stack(outputs).masked_fill(~inputs.isfinite(), torch.nan)


def denoise_slice(network: MSDNetwork, images: Tensor, strategy: Strategy) -> Tensor:
    """Mean of the network's outputs for all parts of a slice.

    Args:
        network: The trained network, one channel in and out.
        images: (K, row, column).
        strategy: The one that it was trained with.

    Returns:
        (row, column).

    Example:
        >>> import torch
        >>> from wholefield.networks.msd import MSDNetwork
        >>> from wholefield.tomography import Strategy, denoise_slice
        >>> denoise_slice(MSDNetwork(1, 1, depth=2), torch.zeros(4, 8, 9), Strategy.X_TO_1).shape
        torch.Size([8, 9])
    """
    return part_outputs(network, images, strategy).mean(0)


def denoise(network: MSDNetwork, reconstructions: Tensor, strategy: Strategy) -> Tensor:
    """Mean of the network's outputs for all parts.

    Args:
        network: The trained network, one channel in and out.
        reconstructions: (K, slices, row, column).
        strategy: The one that it was trained with.

    Returns:
        (slices, row, column).

    Example:
        >>> import torch
        >>> from wholefield.networks.msd import MSDNetwork
        >>> from wholefield.tomography import Strategy, denoise
        >>> denoise(MSDNetwork(1, 1, depth=2), torch.zeros(4, 3, 8, 9), Strategy.X_TO_1).shape
        torch.Size([3, 8, 9])
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

    Returns:
        The error.

    Example:
        >>> import torch
        >>> from wholefield.tomography import Strategy, split_error
        >>> split_error(None, torch.tensor([1.0, 3.0]).view(2, 1, 1, 1), Strategy.X_TO_1)
        4.0
    """
    pairs = SplitPairs.of(reconstructions, strategy)
    total = 0.0
    for index in range(len(pairs)):
        image, target = pairs[index]
        guess = image if network is None else predict_image(network, image)
        total += (guess - target).square().mean().item()
    return total / len(pairs)
