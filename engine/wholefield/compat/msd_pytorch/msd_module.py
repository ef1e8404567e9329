"""Mixed-scale dense networks in two or three dimensions, and what they are built from."""

from torch import Tensor, nn

from wholefield.compat.msd_pytorch.conv_relu import ConvRelu2dInPlaceModule
from wholefield.compat.msd_pytorch.stitch import StitchBuffer, StitchLazyModule, stitchLazy
from wholefield.networks.msd.modules import MSDFinalLayer, MSDModule, init_convolution_weights
from wholefield.networks.msd.spec import units_in_front

__all__ = [
    "MSDFinalLayer",
    "MSDLayerModule",
    "MSDModule",
    "init_convolution_weights",
    "stitchLazy",
    "units_in_front",
]


class MSDLayerModule(nn.Module):
    """One hidden layer that writes its channels into a shared buffer; the network itself does not need it.

    The buffer and the start of the kernels are the caller's business.

    Args:
        buffer: Holds the layers ``L`` and their gradients ``G``; must be sized before the layer runs.
        c_in: Input channels of the network.
        layer_depth: Index of this layer; the first hidden layer has index zero.
        width: Channels that every layer adds.
        dilation: Dilation in pixels.

    Example:
        >>> import torch
        >>> from wholefield.compat.msd_pytorch import MSDLayerModule
        >>> from wholefield.compat.msd_pytorch.stitch import StitchBuffer, StitchCopyModule
        >>> buffer, image = StitchBuffer(), torch.zeros(1, 1, 8, 8)
        >>> buffer.like_(image, (1, 2, 8, 8))
        >>> layer = MSDLayerModule(buffer, c_in=1, layer_depth=0, width=1, dilation=2)
        >>> layer(StitchCopyModule(buffer, 0)(image)).shape
        torch.Size([1, 2, 8, 8])
    """

    def __init__(self, buffer: StitchBuffer, c_in: int, layer_depth: int, width: int, dilation: int) -> None:
        super().__init__()
        self.buffer = buffer
        self.in_front = units_in_front(c_in, width, layer_depth)
        self.width = width
        self.convolution = ConvRelu2dInPlaceModule(None, self.in_front, width, dilation=dilation)
        self.stitch = StitchLazyModule(buffer, self.in_front)

    def forward(self, input: Tensor) -> Tensor:
        """All channels in front, (batch, channels, row, column), to the same and this layer's."""
        self.convolution.output = self.buffer.L[:, self.in_front : self.in_front + self.width]
        result: Tensor = self.stitch(self.convolution(input))
        return result
