"""A flow network in the form that streaming needs: an image with the time bins as channels in, an image out."""

from torch import Tensor, nn

from wholefield.networks.flow.memory import fresh_memory


class StreamableFlow(nn.Module):
    """The finest flow of some time bins of one or more sequences that all start from an empty state.

    `wholefield.streaming.Streamed(StreamableFlow(network, bins), tile_size)` computes the flow of a sensor of any size,
    and its exact gradients, with the memory of one tile. Networks with squeeze-and-excitation weight their channels by
    a mean over the whole image, so streaming refuses them; choose eminet or eminet_non_sep.

    Args:
        network: A feature extractor, or a `FlowNetwork` in evaluation mode; the state that it carries is unchanged.
        bins: Time bins T.

    Example:
        >>> import torch
        >>> from wholefield.flow import StreamableFlow, eminet
        >>> StreamableFlow(eminet(6, base=4, scales=2), bins=3)(torch.zeros(1, 18, 24, 32)).shape
        torch.Size([1, 6, 24, 32])
    """

    def __init__(self, network: nn.Module, bins: int) -> None:
        super().__init__()
        self.network, self.bins = network, bins

    def forward(self, features: Tensor) -> Tensor:
        """Map features (B, T * C, H, W), the channel varying fastest, to flow (B, T * 2, H, W) in px per time bin."""
        with fresh_memory(self.network):
            flow: Tensor = self.network(features.unflatten(1, (self.bins, -1)).transpose(0, 1))[-1]
        return flow.transpose(0, 1).flatten(1, 2)
