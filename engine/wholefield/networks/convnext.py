"""ConvNeXt (Liu et al. 2022, A ConvNet for the 2020s), with the parameter names of its published weight files.

All its normalization is over the channels, so `features` can be streamed as it stands, in training too.
"""

from typing import Self

import torch
from torch import Tensor, nn

from wholefield.networks.classifier import Classifier
from wholefield.networks.heads import MappingHead, NormedAverageHead
from wholefield.networks.weights import Weights, load_weights

EPS = 1e-6
LAYER_SCALE = 1e-6


class LayerNorm2d(nn.LayerNorm):
    """Layer normalization over the channels of (B, C, h, w)."""

    def forward(self, x: Tensor) -> Tensor:
        """Same shape."""
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class Permute(nn.Module):
    """Reorders axes."""

    def __init__(self, *order: int) -> None:
        super().__init__()
        self.order = order

    def forward(self, x: Tensor) -> Tensor:
        """The axes of x in the given order."""
        return x.permute(self.order)


class StochasticDepth(nn.Module):
    """Drops a whole residual branch for some images of a batch in training (Huang et al. 2016).

    Attributes:
        probability: share of the images for which it is dropped; the others are scaled up in turn.
        enabled: whether it is ever in training mode.
    """

    def __init__(self, probability: float) -> None:
        super().__init__()
        self.probability = probability
        self.enabled = True

    def train(self, mode: bool = True) -> Self:
        """Switch to training, where it is enabled, or to evaluation."""
        return super().train(mode and self.enabled)

    def forward(self, x: Tensor) -> Tensor:
        """Same shape."""
        if not self.training or self.probability == 0:
            return x
        survival = 1 - self.probability
        kept = x.new_empty((x.shape[0], *(1,) * (x.ndim - 1))).bernoulli_(survival)
        return x * kept.div_(survival)


class CNBlock(nn.Module):
    """A 7x7 convolution per channel and two layers over the channels, scaled, beside a shortcut."""

    def __init__(self, width: int, drop: float) -> None:
        super().__init__()
        self.block = nn.Sequential(
            nn.Conv2d(width, width, 7, padding=3, groups=width),
            Permute(0, 2, 3, 1),
            nn.LayerNorm(width, eps=EPS),
            nn.Linear(width, 4 * width),
            nn.GELU(),
            nn.Linear(4 * width, width),
            Permute(0, 3, 1, 2),
        )
        self.layer_scale = nn.Parameter(torch.full((width, 1, 1), LAYER_SCALE))
        self.stochastic_depth = StochasticDepth(drop)

    def forward(self, x: Tensor) -> Tensor:
        """(B, width, h, w), same shape."""
        return x + self.stochastic_depth(self.layer_scale * self.block(x))


class ConvNeXt(Classifier):
    """The whole classifier.

    Attributes:
        features: the streamed part, (B, 3, h, w) -> (B, last width, h / 32, w / 32).

    Example:
        >>> import torch
        >>> from wholefield.networks import ConvNeXt
        >>> ConvNeXt((8, 16), (1, 1), num_classes=2)(torch.rand(1, 3, 64, 48)).shape
        torch.Size([1, 2])
    """

    def __init__(
        self, widths: tuple[int, ...], depths: tuple[int, ...], drop: float = 0.0, num_classes: int = 1000
    ) -> None:
        """Build it fresh.

        Args:
            widths: channels per stage.
            depths: blocks per stage.
            drop: probability of stochastic depth in the last block, falling to 0 at the first.
            num_classes: classes of the head.
        """
        super().__init__()
        stem = nn.Sequential(nn.Conv2d(3, widths[0], 4, stride=4), LayerNorm2d(widths[0], eps=EPS))
        layers: list[nn.Module] = [stem]
        block, last = 0, max(sum(depths) - 1, 1)
        for stage, (width, depth) in enumerate(zip(widths, depths, strict=True)):
            if stage:
                layers.append(_downsampling(widths[stage - 1], width))
            layers.append(nn.Sequential(*(CNBlock(width, drop * (block + i) / last) for i in range(depth))))
            block += depth
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(
            LayerNorm2d(widths[-1], eps=EPS), nn.Flatten(1), nn.Linear(widths[-1], num_classes)
        )
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                assert module.bias is not None
                nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Logits (B, num_classes) of images (B, 3, h, w) of any size from 32 up."""
        return self.classifier(self.avgpool(self.features(x)))

    def split(self) -> tuple[nn.Module, MappingHead]:
        """`features`, and pooling with the layers of `classifier`."""
        norm, fc = self.classifier[0], self.classifier[2]
        assert isinstance(norm, nn.LayerNorm)
        assert isinstance(fc, nn.Linear)
        return self.features, NormedAverageHead(norm, fc)


def _downsampling(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(LayerNorm2d(inputs, eps=EPS), nn.Conv2d(inputs, outputs, 2, stride=2))


def _build(
    widths: tuple[int, ...],
    depths: tuple[int, ...],
    drop: float,
    published: str,
    weights: Weights,
    classes: int,
) -> ConvNeXt:
    network = ConvNeXt(widths, depths, drop, classes)
    load_weights(network, weights, published, head="classifier.2.")
    return network


def convnext_tiny(*, weights: Weights = None, num_classes: int = 1000) -> ConvNeXt:
    """ConvNeXt-T.

    Args:
        weights: a file, a state dict, "DEFAULT" for the pretrained weights, or None for a fresh network.
        num_classes: classes of the head; where it differs from that of the weights, the last layer stays fresh.

    Returns:
        The network, images (B, 3, h, w) -> logits (B, num_classes).

    Raises:
        SourceError: the weights are missing or do not fit.

    Example:
        >>> import torch
        >>> from wholefield.networks import convnext_tiny
        >>> with torch.device("meta"):  # without its numbers
        ...     network = convnext_tiny(num_classes=5)
        >>> network.classifier[2].out_features
        5
    """
    name = "convnext_tiny-983f1562.pth"
    return _build((96, 192, 384, 768), (3, 3, 9, 3), 0.1, name, weights, num_classes)


def convnext_small(*, weights: Weights = None, num_classes: int = 1000) -> ConvNeXt:
    """ConvNeXt-S.

    Args:
        weights: a file, a state dict, "DEFAULT" for the pretrained weights, or None for a fresh network.
        num_classes: classes of the head; where it differs from that of the weights, the last layer stays fresh.

    Returns:
        The network, images (B, 3, h, w) -> logits (B, num_classes).

    Raises:
        SourceError: the weights are missing or do not fit.

    Example:
        >>> import torch
        >>> from wholefield.networks import convnext_small
        >>> with torch.device("meta"):  # without its numbers
        ...     network = convnext_small(num_classes=5)
        >>> network.classifier[2].out_features
        5
    """
    name = "convnext_small-0c510722.pth"
    return _build((96, 192, 384, 768), (3, 3, 27, 3), 0.4, name, weights, num_classes)


def convnext_base(*, weights: Weights = None, num_classes: int = 1000) -> ConvNeXt:
    """ConvNeXt-B.

    Args:
        weights: a file, a state dict, "DEFAULT" for the pretrained weights, or None for a fresh network.
        num_classes: classes of the head; where it differs from that of the weights, the last layer stays fresh.

    Returns:
        The network, images (B, 3, h, w) -> logits (B, num_classes).

    Raises:
        SourceError: the weights are missing or do not fit.

    Example:
        >>> import torch
        >>> from wholefield.networks import convnext_base
        >>> with torch.device("meta"):  # without its numbers
        ...     network = convnext_base(num_classes=5)
        >>> network.classifier[2].out_features
        5
    """
    name = "convnext_base-6075fbad.pth"
    return _build((128, 256, 512, 1024), (3, 3, 27, 3), 0.5, name, weights, num_classes)
