"""U-Net (Ronneberger et al. 2015; Cicek et al. 2016 for volumes) that keeps the size of any image.

Two things differ from the papers: convolutions are padded, and halved sizes are rounded up and the surplus is
cropped after doubling, so that every size is accepted. Batch normalization is frozen where the network is streamed;
measure its statistics once before training (`wholefield.networks.normalization.calibrate_normalization`).
"""

import torch
from torch import Tensor, nn

from wholefield.networks.weights import Weights, load_weights

CONVOLUTIONS = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
NORMS = {1: nn.BatchNorm1d, 2: nn.BatchNorm2d, 3: nn.BatchNorm3d}
POOLS = {1: nn.MaxPool1d, 2: nn.MaxPool2d, 3: nn.MaxPool3d}


class DoubleConvolution(nn.Sequential):
    """Two 3-wide convolutions, each with batch normalization and ReLU."""

    def __init__(self, axes: int, inputs: int, outputs: int) -> None:
        layers: list[nn.Module] = []
        for channels in (inputs, outputs):
            convolution = CONVOLUTIONS[axes](channels, outputs, 3, padding=1, bias=False)
            nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
            layers += [convolution, NORMS[axes](outputs), nn.ReLU(inplace=True)]
        super().__init__(*layers)


class UNet(nn.Module):
    """Encoder, decoder, and skip connections between them; local operations only, so it can be streamed whole.

    Attributes:
        axes: number of spatial axes.
        down: one double convolution per level, finest first, and the one at the bottom.
        up: one double convolution per level, coarsest first.
        last: from features to classes, position by position.

    Example:
        >>> import torch
        >>> from wholefield.networks import UNet
        >>> UNet(axes=2, in_channels=1, num_classes=3, width=4, depth=2)(torch.rand(2, 1, 37, 50)).shape
        torch.Size([2, 3, 37, 50])
    """

    def __init__(self, axes: int, in_channels: int, num_classes: int, width: int, depth: int) -> None:
        """Build it fresh.

        Args:
            axes: spatial axes, 1 to 3.
            in_channels: channels of the image.
            num_classes: channels of the result.
            width: channels of the finest level; each coarser one has twice as many.
            depth: how often the size is halved.
        """
        super().__init__()
        self.axes = axes
        widths = [width * 2**level for level in range(depth + 1)]
        self.down = nn.ModuleList(
            DoubleConvolution(axes, inputs, outputs)
            for inputs, outputs in zip([in_channels, *widths], widths, strict=False)
        )
        self.pool = POOLS[axes](2, ceil_mode=True)
        self.upsample = nn.Upsample(scale_factor=2, mode="nearest")
        self.up = nn.ModuleList(
            DoubleConvolution(axes, widths[level + 1] + widths[level], widths[level])
            for level in reversed(range(depth))
        )
        self.last = CONVOLUTIONS[axes](width, num_classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Logits (B, num_classes, *size) of images (B, in_channels, *size) of any size."""
        skips: list[Tensor] = []
        for index, block in enumerate(self.down):
            x = block(x if index == 0 else self.pool(x))
            skips.append(x)
        skips.pop()
        for block in self.up:
            skip = skips.pop()
            x = block(torch.cat([skip, self._enlarge(x, skip)], dim=1))
        return self.last(x)

    def _enlarge(self, x: Tensor, like: Tensor) -> Tensor:
        """Twice the size, less the surplus over `like`."""
        x = self.upsample(x)
        window = tuple(slice(0, size) for size in like.shape[2:])
        return x[(slice(None), slice(None), *window)]


def unet(
    in_channels: int = 3,
    num_classes: int = 2,
    *,
    axes: int = 2,
    width: int = 32,
    depth: int = 4,
    weights: Weights = None,
) -> UNet:
    """Build a U-Net.

    Args:
        in_channels: channels of the image.
        num_classes: channels of the result.
        axes: spatial axes: 2 for images, 3 for volumes.
        width: channels of the finest level; each coarser one has twice as many.
        depth: how often the size is halved.
        weights: a file or a state dict to start from, or None.

    Returns:
        The network, images (B, in_channels, *size) -> logits (B, num_classes, *size).

    Raises:
        SourceError: the weights are missing or do not fit.

    Example:
        >>> import torch
        >>> from wholefield.networks import unet
        >>> unet(1, 2, axes=3, width=4, depth=1)(torch.rand(1, 1, 9, 8, 7)).shape
        torch.Size([1, 2, 9, 8, 7])
    """
    network = UNet(axes, in_channels, num_classes, width, depth)
    load_weights(network, weights, published=None, head="last.")
    return network
