"""A segmenter: a streamed U-Net, and the description of it that a checkpoint holds."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from torch import Tensor, nn

from wholefield.errors import SourceError
from wholefield.networks.u_net import unet
from wholefield.sources.slides.slide_image import Pixels
from wholefield.streaming import Streamed
from wholefield.streaming.execution.images import LazyImage
from wholefield.tasks.slides.pixel_loss import BesideClasses, PixelLoss
from wholefield.tasks.slides.settings import SegmentSettings
from wholefield.tasks.slides.streamed_model import StreamedModel
from wholefield.training.checkpoints import SPEC, load_into, read_checkpoint


@dataclass(frozen=True)
class SegmenterSpec:
    """What must be known, beside the weights, to segment a slide.

    Attributes:
        classes: names of the classes in the order of the logits.
        level: pyramid level that it was trained on.
        spacing: um per pixel of that level along (y, x); None where the slides do not say.
        mean: per channel mean that was subtracted, on the scale 0..1.
        std: per channel divisor, on the same scale.
        width: channels of the finest level.
        depth: how often the image is halved.
    """

    classes: tuple[str, ...]
    level: int
    spacing: tuple[float, float] | None
    mean: tuple[float, ...]
    std: tuple[float, ...]
    width: int
    depth: int

    @property
    def model(self) -> str:
        """Name of the network."""
        return "unet"

    @property
    def pixels(self) -> Pixels:
        """How pixels are scaled."""
        return Pixels(self.mean, self.std)

    def to_plain(self) -> dict[str, Any]:
        """As plain values, for a checkpoint."""
        return asdict(self) | {"task": SegmentSettings.task}

    @classmethod
    def from_plain(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of `to_plain`; raises KeyError or TypeError where values are missing."""
        return cls(
            classes=tuple(values["classes"]),
            level=values["level"],
            spacing=None if values["spacing"] is None else tuple(values["spacing"]),
            mean=tuple(values["mean"]),
            std=tuple(values["std"]),
            width=values["width"],
            depth=values["depth"],
        )


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


def build_segmenter(spec: SegmenterSpec, weights: str | None = None) -> nn.Module:
    """The network of a description, fresh or with weights to start from.

    Raises:
        SourceError: the weights are missing or do not fit.
    """
    channels, classes = len(spec.mean), len(spec.classes)
    return unet(channels, classes, width=spec.width, depth=spec.depth, weights=weights)


def segmenter_spec(content: Mapping[str, Any], path: Path) -> SegmenterSpec:
    """The description of the segmenter in a checkpoint.

    Raises:
        SourceError: it is incomplete, or that of something else.
    """
    try:
        return SegmenterSpec.from_plain(content[SPEC])
    except (KeyError, TypeError) as error:
        raise SourceError(
            f"{path} describes its segmenter incompletely ({error}); train it again."
        ) from error


def load_segmenter(path: Path, tile_size: int) -> tuple[StreamedSegmenter, SegmenterSpec]:
    """Rebuild the segmenter of a checkpoint, ready to predict.

    Raises:
        SourceError: the file is missing, damaged or something else.
    """
    content = read_checkpoint(path)
    spec = segmenter_spec(content, path)
    network = build_segmenter(spec)
    load_into(network, content, path)
    segmenter = StreamedSegmenter(network, tile_size)
    segmenter.train(False)
    return segmenter, spec
