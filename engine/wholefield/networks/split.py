"""Cutting a classifier into the part that can be streamed and the head that needs the whole feature map."""

from typing import Any

from torch import nn

from wholefield.errors import SettingError
from wholefield.networks.classifier import Classifier
from wholefield.networks.heads import GlobalAverageHead, MappingHead
from wholefield.networks.normalization import freeze_normalization
from wholefield.networks.resnet import ResNet


def split_resnet(net: ResNet, **kwargs: Any) -> tuple[nn.Sequential, GlobalAverageHead]:
    """Cut a ResNet into its convolutional backbone and its head.

    Both share their parameters with `net`.

    Args:
        net: a ResNet in torchvision's layout.
        **kwargs: `num_classes`: where it differs from the classes of `net`, the last layer is replaced by a
            fresh one (Xavier-normal weights, zero bias). Other keywords are accepted and mean nothing.

    Returns:
        The backbone, (B, 3, h, w) -> (B, 512 or 2048, h / 32, w / 32), and the head, features -> logits.
    """
    num_classes = kwargs.get("num_classes", net.fc.out_features)
    if num_classes != net.fc.out_features:
        net.fc = nn.Linear(net.fc.in_features, num_classes)
        nn.init.xavier_normal_(net.fc.weight)
        nn.init.zeros_(net.fc.bias)
    return net.split()


def split_classifier(network: nn.Module) -> tuple[nn.Module, MappingHead]:
    """Cut any classifier of the list of models into (backbone, head).

    Raises:
        SettingError: the network is no `Classifier`.
    """
    if isinstance(network, Classifier):
        return network.split()
    raise SettingError(
        f"The model {type(network).__name__} cannot be cut into backbone and head; choose another."
    )


def streamed_part(network: nn.Module) -> nn.Module:
    """What of any model is streamed, ready to be: the backbone of a classifier, all of a U-Net.

    Batch normalization is frozen.
    """
    part = network.split()[0] if isinstance(network, Classifier) else network
    return freeze_normalization(part)
