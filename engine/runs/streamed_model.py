"""A network whose local part is streamed: what trainings train and predictions ask, whatever the task."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Protocol

from torch import Tensor, nn

from engine.models.normalization import freeze_normalization
from engine.runs.views import Pixels
from engine.streaming import Streamed


class Spec(Protocol):
    """What must be known, beside the weights, to use a trained network."""

    @property
    def model(self) -> str:
        """Name of the network."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes in the order of the logits."""

    @property
    def level(self) -> int:
        """Pyramid level that it was trained on."""

    @property
    def spacing(self) -> tuple[float, float] | None:
        """Size in um of a pixel of that level along (y, x)."""

    @property
    def pixels(self) -> Pixels:
        """How pixels are scaled."""

    def to_plain(self) -> Mapping[str, Any]:
        """As plain values, for a checkpoint."""


class StreamedModel(ABC):
    """A network with its local part streamed in tiles; batch normalisation is frozen.

    Not a module itself: whoever trains it registers `network`, so that checkpoints keep the names of its
    parameters.

    Attributes:
        network: the network as a whole.
        streamed: the part that is streamed; shares the parameters.
    """

    def __init__(self, network: nn.Module, local: nn.Module, tile_size: int) -> None:
        self.network = freeze_normalization(network)
        self.streamed = Streamed(local, tile_size)

    def train(self, training: bool) -> None:
        """Switch dropout on or off; the statistics of batch normalisation stay frozen."""
        self.network.train(training)
        self.streamed.train(training)
        freeze_normalization(self.network)

    @abstractmethod
    def logits(self, image: Tensor) -> Tensor:
        """What the loss is taken of, for an image (1, C, h, w)."""

    @abstractmethod
    def answer(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Probability of every class, (classes,), and maps (classes, h', w') in 0..1 for an image (1, C, h, w)."""
