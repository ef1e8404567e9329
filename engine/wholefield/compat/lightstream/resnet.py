"""StreamingResNet: a ResNet whose stages are streamed."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from torch import nn
from torchmetrics import MetricCollection

from wholefield.compat.lightstream.classifier import ImageNetClassifier
from wholefield.compat.lightstream.module import LossFunction, TileSize
from wholefield.compat.lightstream.options import chosen, streaming_options
from wholefield.networks.resnet import ResNet, resnet18, resnet34, resnet50
from wholefield.networks.split import split_resnet
from wholefield.networks.weights import Weights


class StreamingResNet(ImageNetClassifier):
    """A ResNet from published weights, normalizing its input by the statistics of ImageNet.

    Attributes:
        model_choices: Builder by name.
    """

    model_choices: ClassVar[Mapping[str, Callable[..., ResNet]]] = {
        "resnet18": resnet18,
        "resnet34": resnet34,
        "resnet50": resnet50,
    }

    def __init__(
        self,
        model_name: str,
        tile_size: TileSize,
        loss_fn: LossFunction,
        train_streaming_layers: bool = True,
        metrics: MetricCollection | None = None,
        *,
        num_classes: int = 1000,
        weights: Weights = "DEFAULT",
        **kwargs: Any,
    ) -> None:
        """Build the classifier.

        Args:
            model_name: One of `model_choices`.
            tile_size: Tile size in pixels; any works.
            loss_fn: Takes (logits, target).
            train_streaming_layers: Whether the streamed part learns.
            metrics: Computed from (logits, target).
            num_classes: Where it is not 1000, the last layer is a fresh one.
            weights: "DEFAULT" for the published ones, a file, a state dict, or None for a fresh network. Nothing is
                downloaded: where the published file is not on the machine, the error says where it belongs.
            **kwargs: Options of StreamingModule and StreamingConstructor.

        Raises:
            StreamingError: There is no such model.
            SourceError: The weights are missing or do not fit.
        """
        network = chosen(self.model_choices, model_name)(weights=weights)
        backbone, _ = split_resnet(network, num_classes=num_classes)
        # The documented head, so that checkpoints keep its names.
        head = nn.Sequential(network.avgpool, nn.Flatten(), network.fc)
        options = streaming_options(kwargs)
        super().__init__(backbone, head, tile_size, loss_fn, train_streaming_layers, metrics, **options)
