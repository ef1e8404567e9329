"""Mixed-scale dense blocks and modules under the names of msd_pytorch, over images and volumes."""

from collections.abc import Iterable, Sequence
from typing import Any

from torch import Tensor

from wholefield.networks.msd.kernel.autograd import MSDBlockFunction
from wholefield.networks.msd.kernel.functions import spec_of
from wholefield.networks.msd.modules import MSDBlock, MSDModule
from wholefield.networks.msd.spec import DEFAULT_DILATIONS

__all__ = [
    "MSDBlock",
    "MSDBlock2d",
    "MSDBlock3d",
    "MSDBlockImpl2d",
    "MSDBlockImpl3d",
    "MSDModule2d",
    "MSDModule3d",
    "msdblock2d",
    "msdblock3d",
]


class MSDBlockImpl2d(MSDBlockFunction):
    """A block as an autograd function: apply(input, dilations, bias, *weights).

    Example:
        >>> import torch
        >>> from wholefield.compat.msd_pytorch import MSDBlockImpl2d
        >>> image, bias, weight = torch.ones(1, 1, 4, 4), torch.zeros(1), torch.ones(1, 1, 3, 3)
        >>> MSDBlockImpl2d.apply(image, (2,), bias, weight)[0, :, 0, 0]
        tensor([1., 9.])
    """

    @staticmethod
    def forward(  # type: ignore[override]
        ctx: Any, input: Tensor, dilations: Sequence[int], bias: Tensor, *weights: Tensor
    ) -> Tensor:
        """Compute all channels: (batch, c_in + depth * width, [slice,] row, column)."""
        spec = spec_of(input, dilations, bias, weights)
        return MSDBlockFunction.forward(ctx, input, spec, bias, *weights)


class MSDBlockImpl3d(MSDBlockImpl2d):
    """The same over volumes."""


msdblock2d = MSDBlockImpl2d.apply
msdblock3d = MSDBlockImpl3d.apply


class MSDBlock2d(MSDBlock):
    """Hidden layers over images.

    Args:
        in_channels: Input channels.
        dilations: Dilation of every layer, in pixels; its length is the depth.
        width: Channels that every layer adds.

    Example:
        >>> import torch
        >>> from wholefield.compat.msd_pytorch import MSDBlock2d
        >>> block = MSDBlock2d(1, (1, 2, 4), width=2)
        >>> block(torch.zeros(1, 1, 16, 16)).shape
        torch.Size([1, 7, 16, 16])
    """

    def __init__(self, in_channels: int, dilations: Iterable[int], width: int = 1) -> None:
        super().__init__(in_channels, dilations, width, 2)


class MSDBlock3d(MSDBlock):
    """Hidden layers over volumes.

    Args:
        in_channels: Input channels.
        dilations: Dilation of every layer, in voxels; its length is the depth.
        width: Channels that every layer adds.

    Example:
        >>> import torch
        >>> from wholefield.compat.msd_pytorch import MSDBlock3d
        >>> block = MSDBlock3d(1, (1, 2), width=1)
        >>> block(torch.zeros(1, 1, 4, 6, 8)).shape
        torch.Size([1, 3, 4, 6, 8])
    """

    def __init__(self, in_channels: int, dilations: Iterable[int], width: int = 1) -> None:
        super().__init__(in_channels, dilations, width, 3)


class MSDModule2d(MSDModule):
    """A mixed-scale dense network over images.

    Args:
        c_in: Input channels.
        c_out: Output channels.
        depth: Number of hidden layers.
        width: Channels that every layer adds.
        dilations: Dilations in pixels; repeated until every layer has its own. [1, 2, 4, 8] is a good alternative.

    Example:
        >>> import torch
        >>> from wholefield.compat.msd_pytorch import MSDModule2d
        >>> MSDModule2d(1, 3, depth=4, width=1, dilations=[1, 2, 4, 8])(torch.zeros(2, 1, 16, 16)).shape
        torch.Size([2, 3, 16, 16])
    """

    def __init__(
        self, c_in: int, c_out: int, depth: int, width: int, dilations: Iterable[int] = DEFAULT_DILATIONS
    ) -> None:
        super().__init__(c_in, c_out, depth, width, dilations, 2)


class MSDModule3d(MSDModule):
    """A mixed-scale dense network over volumes.

    Args:
        c_in: Input channels.
        c_out: Output channels.
        depth: Number of hidden layers.
        width: Channels that every layer adds.
        dilations: Dilations in voxels; repeated until every layer has its own.

    Example:
        >>> import torch
        >>> from wholefield.compat.msd_pytorch import MSDModule3d
        >>> MSDModule3d(1, 2, depth=2, width=1, dilations=[1, 2])(torch.zeros(1, 1, 4, 6, 8)).shape
        torch.Size([1, 2, 4, 6, 8])
    """

    def __init__(
        self, c_in: int, c_out: int, depth: int, width: int, dilations: Iterable[int] = DEFAULT_DILATIONS
    ) -> None:
        super().__init__(c_in, c_out, depth, width, dilations, 3)
