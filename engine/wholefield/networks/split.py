"""Cutting a classifier into the part that can be streamed and the head that needs the whole feature map."""

from typing import Any

from torch import nn

from wholefield.errors import SettingError
from wholefield.networks.classifier import Classifier
from wholefield.networks.heads import GlobalAverageHead, MappingHead
from wholefield.networks.normalization import freeze_normalization
from wholefield.networks.resnet import STREAMED_LAYERS


def split_resnet(net: nn.Module, **kwargs: Any) -> tuple[nn.Sequential, GlobalAverageHead]:
    """Cut a ResNet into its convolutional backbone and its head.

    Both share their parameters with `net`.

    Args:
        net: a ResNet of this package, of torchvision, or any with the same attributes: conv1, bn1, relu, maxpool,
            layer1 to layer4 and fc.
        **kwargs: `num_classes`: where it differs from the classes of `net`, the last layer is replaced by a
            fresh one (Xavier-normal weights, zero bias). Other keywords are accepted and mean nothing.

    Returns:
        The backbone, (B, 3, h, w) -> (B, 512 or 2048, h / 32, w / 32), and the head, features -> logits.

    Raises:
        SettingError: the network has no such attributes.

    Example:
        >>> import torch
        >>> from wholefield.networks import resnet18, split_resnet
        >>> backbone, head = split_resnet(resnet18(), num_classes=3)
        >>> head(backbone(torch.rand(1, 3, 64, 96))).shape
        torch.Size([1, 3])
    """
    missing = [
        name for name in (*STREAMED_LAYERS, "fc") if not isinstance(getattr(net, name, None), nn.Module)
    ]
    if missing:
        raise SettingError(
            f"{type(net).__name__} is not a ResNet in torchvision's layout: it has no {', '.join(missing)}. Cut it by "
            "hand into the layers to stream and a head."
        )
    fc = net.fc
    assert isinstance(fc, nn.Linear)
    num_classes = kwargs.get("num_classes", fc.out_features)
    if num_classes != fc.out_features:
        fc = nn.Linear(fc.in_features, num_classes, device=fc.weight.device, dtype=fc.weight.dtype)
        nn.init.xavier_normal_(fc.weight)
        nn.init.zeros_(fc.bias)
        net.fc = fc
    return nn.Sequential(*(getattr(net, name) for name in STREAMED_LAYERS)), GlobalAverageHead(fc)


def split_classifier(network: nn.Module) -> tuple[nn.Module, MappingHead]:
    """Cut any classifier of the list of models into backbone and head.

    Args:
        network: a `Classifier`.

    Returns:
        The backbone, images -> features, and the head, features -> logits; both share the parameters.

    Raises:
        SettingError: the network is not a `Classifier`.

    Example:
        >>> from wholefield.networks import small_cnn, split_classifier
        >>> backbone, head = split_classifier(small_cnn(num_classes=4))
        >>> head.fc.out_features
        4
    """
    if isinstance(network, Classifier):
        return network.split()
    raise SettingError(
        f"The model {type(network).__name__} cannot be cut into backbone and head; choose another."
    )


def streamed_part(network: nn.Module) -> nn.Module:
    """What of any model is streamed, ready to be: the backbone of a classifier, all of a U-Net.

    Batch normalization is frozen.

    Args:
        network: any model of this package.

    Returns:
        The part, which shares its parameters with the network.

    Example:
        >>> import torch
        >>> from wholefield.networks import resnet18, streamed_part
        >>> streamed_part(resnet18())(torch.rand(1, 3, 64, 96)).shape
        torch.Size([1, 512, 2, 3])
    """
    part = network.split()[0] if isinstance(network, Classifier) else network
    return freeze_normalization(part)
