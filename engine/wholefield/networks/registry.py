"""The models by name, with what a list of them shows. Builds none and imports no torch until asked to."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from wholefield.errors import SettingError

if TYPE_CHECKING:
    from torch import nn

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class ModelEntry:
    """One model of the list.

    Attributes:
        name: its name in settings and on the command line.
        title: its name on the screen.
        description: one sentence: what it is good for.
        builder: `module:function` that builds it.
        pretrained: whether pretrained weights exist, so that `weights` may be DEFAULT.
        mean: per channel mean subtracted from pixels scaled to 0..1.
        std: per channel divisor after that.
    """

    name: str
    title: str
    description: str
    builder: str
    pretrained: bool
    mean: tuple[float, ...] = IMAGENET_MEAN
    std: tuple[float, ...] = IMAGENET_STD

    def build(self, **options: Any) -> "nn.Module":
        """Build the network; `options` are the keywords of its builder."""
        module, function = self.builder.split(":")
        builder: Callable[..., nn.Module] = getattr(import_module(module), function)
        return builder(**options)


CLASSIFIERS: tuple[ModelEntry, ...] = (
    ModelEntry(
        "small_cnn",
        "Small CNN",
        "A light network that learns from scratch within minutes on a CPU.",
        "wholefield.networks.small:small_cnn",
        pretrained=False,
        mean=(0.5, 0.5, 0.5),
        std=(0.25, 0.25, 0.25),
    ),
    *(
        ModelEntry(
            f"resnet{depth}",
            f"ResNet-{depth}",
            f"Residual network of {depth} layers; start it from pretrained weights.",
            f"wholefield.networks.resnet:resnet{depth}",
            pretrained=True,
        )
        for depth in (18, 34, 50)
    ),
    *(
        ModelEntry(
            f"convnext_{size}",
            f"ConvNeXt-{size[0].upper()}",
            f"Modern convolutional network, {millions} million parameters; start it from pretrained weights.",
            f"wholefield.networks.convnext:convnext_{size}",
            pretrained=True,
        )
        for size, millions in (("tiny", 29), ("small", 50), ("base", 89))
    ),
)


def find_model(name: str) -> ModelEntry:
    """The entry of a model.

    Raises:
        SettingError: there is no model of that name.
    """
    for entry in CLASSIFIERS:
        if entry.name == name:
            return entry
    known = ", ".join(entry.name for entry in CLASSIFIERS)
    raise SettingError(f"The setting model is {name!r}; choose one of {known}.")


def titles() -> dict[str, str]:
    """What a list of the models calls each, by name."""
    return {entry.name: entry.title for entry in CLASSIFIERS}
