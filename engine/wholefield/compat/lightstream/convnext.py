"""StreamingConvnext: a ConvNeXt whose `features` are streamed."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Self

from torch import nn
from torchmetrics import MetricCollection

from wholefield.compat.lightstream.classifier import ImageNetClassifier
from wholefield.compat.lightstream.module import LossFunction, TileSize
from wholefield.compat.lightstream.options import chosen, streaming_options
from wholefield.networks.convnext import (
    ConvNeXt,
    StochasticDepth,
    convnext_base,
    convnext_small,
    convnext_tiny,
)
from wholefield.networks.weights import Weights


class StreamingConvnext(ImageNetClassifier):
    """A ConvNeXt from published weights, normalizing its input by the statistics of ImageNet.

    Layer scale and stochastic depth are streamed exactly (dropped branches are replayed), so neither has to be turned
    off for streaming; stochastic depth is off by default, as documented.

    Attributes:
        model_choices: Builder by name.
        use_stochastic_depth: Whether residual branches are dropped in training.
    """

    model_choices: ClassVar[Mapping[str, Callable[..., ConvNeXt]]] = {
        "convnext_tiny": convnext_tiny,
        "convnext_small": convnext_small,
        "convnext_base": convnext_base,
    }

    def __init__(
        self,
        model_name: str,
        tile_size: TileSize,
        loss_fn: LossFunction,
        train_streaming_layers: bool = True,
        use_stochastic_depth: bool = False,
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
            use_stochastic_depth: Whether residual branches are dropped in training.
            metrics: Computed from (logits, target).
            num_classes: Where it is not 1000, the last layer is a fresh one.
            weights: As for StreamingResNet.
            **kwargs: Options of StreamingModule and StreamingConstructor.

        Raises:
            StreamingError: There is no such model.
            SourceError: The weights are missing or do not fit.
        """
        network = chosen(self.model_choices, model_name)(weights=weights, num_classes=num_classes)
        head = nn.Sequential(network.avgpool, network.classifier)
        options = streaming_options(kwargs)
        super().__init__(
            network.features, head, tile_size, loss_fn, train_streaming_layers, metrics, **options
        )
        self.use_stochastic_depth = use_stochastic_depth
        self.train(self.training)

    def train(self, mode: bool = True) -> Self:
        """Switch to training or evaluation; stochastic depth only where it is used."""
        super().train(mode)
        if not self.use_stochastic_depth:
            for module in self.modules():
                if isinstance(module, StochasticDepth):
                    module.eval()
        return self
