"""A segmenter: a streamed U-Net, fresh or from a checkpoint."""

from collections.abc import Sequence
from pathlib import Path

from torch import Tensor, nn

from wholefield.networks.u_net import unet
from wholefield.streaming import Streamed
from wholefield.streaming.execution.images import LazyImage
from wholefield.tasks.slides.models.pixel_loss import BesideClasses, PixelLoss
from wholefield.tasks.slides.models.streamed_model import StreamedModel
from wholefield.training.checkpoints import card_in, load_into, read_checkpoint, starting_weights
from wholefield.training.model_card import ModelCard


class StreamedSegmenter(StreamedModel):
    """A U-Net, streamed whole."""

    def __init__(self, network: nn.Module, tile_size: int, class_weights: Sequence[float] = ()) -> None:
        """Stream `network`; the class weights are those of the loss, which `judge` needs."""
        judged = Streamed(BesideClasses(network), tile_size, reduction=PixelLoss(class_weights))
        super().__init__(network, Streamed(network, tile_size), judged)
        self._classes = len(class_weights)

    def judge(self, image: Tensor | LazyImage) -> tuple[Tensor, Tensor]:
        """Sum of the weighted losses, and table of wanted by found classes, of image and classes (1, C + 1, h, w)."""
        pooled = self.pooled(image)[0]
        return pooled[0], pooled[1:].detach().round().long().reshape(self._classes, self._classes)


def build_segmenter(card: ModelCard, weights: str | None = None) -> nn.Module:
    """The network of a card, fresh or with weights to start from.

    Raises:
        SourceError: the weights are missing or do not fit.
    """
    given = None if weights is None else starting_weights(Path(weights))
    return unet(card.input.channels, len(card.classes), **card.arguments, weights=given)


def load_segmenter(path: Path, tile_size: int) -> tuple[StreamedSegmenter, ModelCard]:
    """Rebuild the segmenter of a checkpoint, ready to predict.

    Raises:
        SourceError: the file is missing, damaged or something else.
    """
    content = read_checkpoint(path)
    card = card_in(content, path)
    network = build_segmenter(card)
    load_into(network, content, path)
    segmenter = StreamedSegmenter(network, tile_size)
    segmenter.train(False)
    return segmenter, card
