"""Mixed-scale dense networks in two or three dimensions, and what they are built from."""

from collections.abc import Iterable

from torch import Tensor, nn

from wholefield.compat.msd_pytorch.conv_relu import ConvRelu2dInPlaceModule
from wholefield.compat.msd_pytorch.stitch import StitchBuffer, StitchLazyModule, stitchLazy
from wholefield.networks.msd.final_layer import MSDFinalLayer
from wholefield.networks.msd.initialization import init_convolution_weights
from wholefield.networks.msd.msd_block import MSDNetwork
from wholefield.networks.msd.spec import DEFAULT_DILATIONS, units_in_front

__all__ = [
    "MSDFinalLayer",
    "MSDLayerModule",
    "MSDModule",
    "init_convolution_weights",
    "stitchLazy",
    "units_in_front",
]


class MSDModule(MSDNetwork):
    """A mixed-scale dense network over images or volumes.

    Args:
        c_in: Input channels.
        c_out: Output channels.
        depth: Number of hidden layers.
        width: Channels that every layer adds.
        dilations: Dilations in pixels; repeated until every layer has its own. [1, 2, 4, 8] is a good alternative.
        ndim: Spatial axes, 2 or 3.
    """

    def __init__(
        self,
        c_in: int,
        c_out: int,
        depth: int,
        width: int,
        dilations: Iterable[int] = DEFAULT_DILATIONS,
        ndim: int = 2,
    ) -> None:
        super().__init__(c_in, c_out, depth, width, dilations, ndim)


class MSDLayerModule(nn.Module):
    """One hidden layer that writes its channels into a shared buffer; the network itself does not need it.

    The buffer and the start of the kernels are the caller's business.

    Args:
        buffer: Holds the layers ``L`` and their gradients ``G``; must be sized before the layer runs.
        c_in: Input channels of the network.
        layer_depth: Index of this layer; the first hidden layer has index zero.
        width: Channels that every layer adds.
        dilation: Dilation in pixels.
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
