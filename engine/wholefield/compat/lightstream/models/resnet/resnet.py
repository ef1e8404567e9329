"""StreamingResNet: a ResNet whose stages are streamed."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from torch import nn

from wholefield.compat.lightstream.models.options import by_name, chosen, streaming_options, with_modules
from wholefield.compat.lightstream.modules.imagenet_template import ImageNetClassifier
from wholefield.compat.lightstream.modules.lightningstreaming import TileSize
from wholefield.networks.resnet import ResNet, resnet18, resnet34, resnet50
from wholefield.networks.split import split_resnet as split_resnet

DOCUMENTED = ("loss_fn", "train_streaming_layers", "metrics")
RELEASED = ("additional_modules", "remove_last_block")


class StreamingResNet(ImageNetClassifier):
    """A ResNet from pretrained weights, normalizing its input by the statistics of ImageNet.

    Both forms work: StreamingResNet(model_name, tile_size, loss_fn, train_streaming_layers, metrics), a classifier, as
    documented; and StreamingResNet(encoder, tile_size, additional_modules, remove_last_block, ...), the streamed part
    alone, as released.

    Attributes:
        model_choices: Builder by name.

    Example:
        >>> import torch
        >>> from wholefield.compat.lightstream import StreamingResNet
        >>> encoder = StreamingResNet("resnet18", 96, remove_last_block=True, weights=None, verbose=False).eval()
        >>> with torch.no_grad():
        ...     print(encoder(torch.rand(1, 3, 130, 97)).shape)
        torch.Size([1, 256, 9, 7])
    """

    model_choices: ClassVar[Mapping[str, Callable[..., ResNet]]] = {
        "resnet18": resnet18,
        "resnet34": resnet34,
        "resnet50": resnet50,
    }

    def __init__(self, encoder: str = "", tile_size: TileSize = 512, *values: Any, **options: Any) -> None:
        """Build the model.

        Args:
            encoder: One of `model_choices`; in the documented form its name is model_name.
            tile_size: Tile size in pixels; any works.
            *values: (loss_fn, train_streaming_layers, metrics) or (additional_modules, remove_last_block, verbose,
                deterministic, saliency, copy_to_gpu, statistics_on_cpu, normalize_on_gpu, mean, std, tile_cache_path).
            **options: The same by name, and further options of StreamingModule and StreamingConstructor;
                `num_classes`: where it is not 1000, the last layer of the documented form is a fresh one;
                `weights`: "DEFAULT" for the published ones, a file, a state dict, or None for a fresh network. Nothing
                is downloaded: where the published file is not on the machine, the error says where it belongs.

        Raises:
            StreamingError: There is no such model.
            SourceError: The weights are missing or do not fit.
        """
        given = by_name(values, options, DOCUMENTED, RELEASED)
        name = given.pop("model_name", encoder)
        network = chosen(self.model_choices, name)(weights=given.pop("weights", "DEFAULT"))
        backbone, _ = split_resnet(network, num_classes=given.pop("num_classes", 1000))
        additional = given.pop("additional_modules", None)
        layers = list(backbone)[:-1] if given.pop("remove_last_block", False) else backbone
        # The documented head, so that checkpoints keep its names.
        head = nn.Sequential(network.avgpool, nn.Flatten(), network.fc) if "loss_fn" in given else None
        super().__init__(
            with_modules(nn.Sequential(*layers), additional), head, tile_size, **streaming_options(given)
        )

    @classmethod
    def get_model_choices(cls) -> dict[str, Callable[..., ResNet]]:
        """The builders by name."""
        return dict(cls.model_choices)

    @classmethod
    def get_model_names(cls) -> list[str]:
        """The names that `encoder` takes."""
        return list(cls.model_choices)
