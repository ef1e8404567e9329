"""A network whose local part is streamed: what trainings train and predictions ask, whatever the task."""

from collections.abc import Callable

from torch import Tensor, nn

from wholefield.networks.normalization import freeze_normalization
from wholefield.streaming import Skip, Streamed
from wholefield.streaming.execution.tile_visits import OnTile


class StreamedModel:
    """A network with its local part streamed in tiles; batch normalization is frozen.

    Not a module itself: whoever trains it registers `network`, so that checkpoints keep the names of its
    parameters.

    Attributes:
        network: the network as a whole.
        streamed: the part that is streamed; shares the parameters.
        pooled: the same, with its output folded into one vector (1, n) as it is computed, so that an image of any
            size is trained on in bounded memory.
    """

    def __init__(self, network: nn.Module, streamed: Streamed, pooled: Streamed) -> None:
        self.network = freeze_normalization(network)
        self.streamed = streamed
        self.pooled = pooled

    @property
    def like(self) -> Tensor:
        """A tensor of the device and the type that images must have."""
        return next(self.network.parameters())

    def train(self, training: bool) -> None:
        """Switch dropout on or off; the statistics of batch normalization stay frozen."""
        for module in (self.network, self.streamed, self.pooled):
            module.train(training)
        freeze_normalization(self.network)

    def compute_with(self, workers: int | None, exact_kernels: bool) -> None:
        """Choose how many tiles run at the same time, None by the grid and the threads, and the kind of kernels."""
        for streamed in (self.streamed, self.pooled):
            streamed.workers, streamed.exact_kernels = workers, exact_kernels

    def skip(self, background: Skip | None) -> None:
        """Take tiles of background as one color; None computes every tile."""
        for streamed in (self.streamed, self.pooled):
            streamed.skip = background

    def watch(self, on_tile: OnTile, poll: Callable[[], None]) -> None:
        """Have `on_tile` called before every tile, and `poll` before every layer of one, where it may wait or raise."""
        for streamed in (self.streamed, self.pooled):
            streamed.on_tile, streamed.poll = on_tile, poll
