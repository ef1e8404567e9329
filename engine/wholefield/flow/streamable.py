"""A flow network in the shape that streaming takes: an image with the time bins as channels in, an image out."""

from torch import Tensor, nn

from wholefield.networks.flow.memory import starting_afresh


class StreamableFlow(nn.Module):
    """The finest flow of some time bins of one or more sequences that all begin afresh.

    `wholefield.streaming.Streamed(StreamableFlow(network, bins), tile_size)` finds the flow of a sensor of any size,
    and its exact gradients, with the memory of one tile. Networks with squeeze-excite weigh their channels by a mean
    over the whole image, so streaming refuses them; choose eminet or eminet_non_sep.

    Attributes:
        network: A feature extractor, or a `FlowNetwork` in evaluation mode; what it carries stays as it is.
        bins: Time bins T.
    """

    def __init__(self, network: nn.Module, bins: int) -> None:
        super().__init__()
        self.network, self.bins = network, bins

    def forward(self, features: Tensor) -> Tensor:
        """Features (B, T * C, H, W), the channel counting faster, to flow (B, T * 2, H, W) in px per time bin."""
        with starting_afresh(self.network):
            flow: Tensor = self.network(features.unflatten(1, (self.bins, -1)).transpose(0, 1))[-1]
        return flow.transpose(0, 1).flatten(1, 2)
