"""The last layer of a mixed-scale dense network."""

from torch import Tensor, nn


class MSDFinalLayer(nn.Module):
    """A linear combination of all channels and a bias for every output channel, both zero at the start.

    Args:
        c_in: Input channels: those of the image and of every hidden layer.
        c_out: Output channels.
    """

    def __init__(self, c_in: int, c_out: int) -> None:
        super().__init__()
        self.linear = nn.Conv1d(c_in, c_out, 1)
        nn.init.zeros_(self.linear.weight)
        if self.linear.bias is not None:
            nn.init.zeros_(self.linear.bias)

    def forward(self, input: Tensor) -> Tensor:
        """(batch, c_in, ...) to (batch, c_out, ...), for any number of spatial axes."""
        combined: Tensor = self.linear(input.flatten(2))
        return combined.unflatten(2, input.shape[2:])
