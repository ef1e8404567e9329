"""The parameters of a mixed-scale dense block as the matrices that its passes multiply with."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from wholefield.networks.msd.spec import BlockSpec, Group


def as_matrix(weight: Tensor) -> Tensor:
    """A kernel (width, channels, 3, 3[, 3]) as a matrix (taps * width, channels), rows ordered by tap first."""
    width, channels = weight.shape[:2]
    return weight.reshape(width, channels, -1).permute(2, 0, 1).reshape(-1, channels)


def as_kernel(matrix: Tensor, shape: torch.Size) -> Tensor:
    """Inverse of :func:`as_matrix`."""
    width, channels = shape[:2]
    return matrix.reshape(-1, width, channels).permute(1, 2, 0).reshape(shape)


@dataclass(frozen=True)
class Parameters:
    """Kernels and biases of a block.

    Attributes:
        spec: Shape of the block.
        kernels: For each layer a matrix (taps * width, stored channels in front). The column of the channel of ones
            holds the bias, at the central tap.
    """

    spec: BlockSpec
    kernels: tuple[Tensor, ...]

    @classmethod
    def pack(cls, spec: BlockSpec, weights: Sequence[Tensor], bias: Tensor) -> "Parameters":
        """Parameters from kernels (width, channels in front, 3, 3[, 3]) and a bias (depth * width,)."""
        ones = bias.new_zeros(spec.depth, spec.taps, spec.width, 1)
        ones[:, spec.taps // 2] = bias.view(spec.depth, spec.width, 1)
        columns = ones.flatten(1, 2).unbind(0)
        kernels = (
            torch.cat([one, as_matrix(weight)], 1) for one, weight in zip(columns, weights, strict=True)
        )
        return cls(spec, tuple(kernels))

    def front(self, group: Group) -> Tensor:
        """Kernels of a group over the channels in front of it: (layers * taps * width, channels)."""
        return torch.cat([self.kernels[layer][:, : group.channels] for layer in group.layers])

    def own(self, group: Group, layer: int) -> tuple[Tensor, ...]:
        """Kernels of a layer over the channels in front of it in its group, by tap along the row.

        Returns:
            Three matrices (lines * width, channels), in at least single precision.
        """
        kernel = self.kernels[layer][:, group.channels :]
        by_tap = kernel.view(self.spec.lines, 3, self.spec.width, -1).unbind(1)
        wide = torch.promote_types(kernel.dtype, torch.float32)
        return tuple(tap.flatten(0, 1).to(wide) for tap in by_tap)
