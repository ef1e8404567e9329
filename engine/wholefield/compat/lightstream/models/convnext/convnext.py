"""StreamingConvNext: a ConvNeXt whose `features` are streamed."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from torch import nn

from wholefield.compat.lightstream.models.options import by_name, chosen, streaming_options, with_modules
from wholefield.compat.lightstream.modules.imagenet_template import ImageNetClassifier
from wholefield.compat.lightstream.modules.lightningstreaming import TileSize
from wholefield.networks.convnext import (
    ConvNeXt,
    StochasticDepth,
    convnext_base,
    convnext_small,
    convnext_tiny,
)

DOCUMENTED = ("loss_fn", "train_streaming_layers", "use_stochastic_depth", "metrics")
RELEASED = ("additional_modules", "remove_last_block", "use_stochastic_depth")


class StreamingConvNext(ImageNetClassifier):
    """A ConvNeXt from pretrained weights, normalizing its input by the statistics of ImageNet.

    Both forms work: StreamingConvnext(model_name, tile_size, loss_fn, train_streaming_layers, use_stochastic_depth,
    metrics), a classifier, as documented; and StreamingConvNext(encoder, tile_size, additional_modules,
    remove_last_block, use_stochastic_depth, ...), the streamed part alone, as released.

    Layer scale and stochastic depth are streamed exactly (dropped branches are drawn again), so neither has to be
    turned off for streaming; stochastic depth is off by default, as documented.

    Attributes:
        model_choices: Builder by name.
        use_stochastic_depth: Whether residual branches are dropped in training.

    Example:
        >>> from wholefield.compat.lightstream import StreamingConvNext
        >>> StreamingConvNext.get_model_names()
        ['convnext_tiny', 'convnext_small', 'convnext_base']
    """

    model_choices: ClassVar[Mapping[str, Callable[..., ConvNeXt]]] = {
        "convnext_tiny": convnext_tiny,
        "convnext_small": convnext_small,
        "convnext_base": convnext_base,
    }

    def __init__(self, encoder: str = "", tile_size: TileSize = 512, *values: Any, **options: Any) -> None:
        """Build the model.

        Args:
            encoder: One of `model_choices`, or the same with a dash; in the documented form its name is model_name.
            tile_size: Tile size in pixels; any works.
            *values: (loss_fn, train_streaming_layers, use_stochastic_depth, metrics) or (additional_modules,
                remove_last_block, use_stochastic_depth, verbose, deterministic, saliency, copy_to_gpu,
                statistics_on_cpu, normalize_on_gpu, mean, std, tile_cache_path).
            **options: As for StreamingResNet.

        Raises:
            StreamingError: There is no such model.
            SourceError: The weights are missing or do not fit.
        """
        given = by_name(values, options, DOCUMENTED, RELEASED)
        name = given.pop("model_name", encoder)
        network = chosen(self.model_choices, name)(
            weights=given.pop("weights", "DEFAULT"), num_classes=given.pop("num_classes", 1000)
        )
        additional = given.pop("additional_modules", None)
        features = network.features[:-2] if given.pop("remove_last_block", False) else network.features
        use_stochastic_depth = bool(given.pop("use_stochastic_depth", False))
        for module in features.modules():
            if isinstance(module, StochasticDepth):
                module.enabled = use_stochastic_depth
        head = nn.Sequential(network.avgpool, network.classifier) if "loss_fn" in given else None
        super().__init__(with_modules(features, additional), head, tile_size, **streaming_options(given))
        self.use_stochastic_depth = use_stochastic_depth
        self.train(self.training)

    @classmethod
    def get_model_choices(cls) -> dict[str, Callable[..., ConvNeXt]]:
        """The builders by name."""
        return dict(cls.model_choices)

    @classmethod
    def get_model_names(cls) -> list[str]:
        """The names that `encoder` takes."""
        return list(cls.model_choices)


StreamingConvnext = StreamingConvNext
"""The name of the documentation."""
