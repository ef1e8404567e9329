"""ResNet (He et al. 2016, Deep Residual Learning), with the parameter names of its published weight files.

The stride of a bottleneck sits in its 3x3 convolution, as in those files. A fresh network that is streamed,
that is with frozen batch normalization, trains badly from scratch: start from pretrained weights, or measure
its statistics first (`wholefield.networks.normalization.calibrate_normalization`).
"""

from torch import Tensor, nn

from wholefield.networks.classifier import Classifier
from wholefield.networks.heads import GlobalAverageHead
from wholefield.networks.weights import Weights, load_weights

STAGES = (64, 128, 256, 512)
STREAMED_LAYERS = ("conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3", "layer4")
"""Names of the layers in front of the pooling, in their order, here and in torchvision."""


def _conv3x3(inputs: int, outputs: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)


def _conv1x1(inputs: int, outputs: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False)


class BasicBlock(nn.Module):
    """Two 3x3 convolutions beside a shortcut."""

    expansion = 1

    def __init__(self, inputs: int, width: int, stride: int, downsample: nn.Module | None) -> None:
        super().__init__()
        self.conv1 = _conv3x3(inputs, width, stride)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = _conv3x3(width, width)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = downsample

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, h, w) -> (B, width, ceil(h / stride), ceil(w / stride))."""
        shortcut = x if self.downsample is None else self.downsample(x)
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.bn2(self.conv2(x))
        x += shortcut
        return self.relu(x)


class Bottleneck(nn.Module):
    """A 3x3 convolution between two 1x1 convolutions, beside a shortcut."""

    expansion = 4

    def __init__(self, inputs: int, width: int, stride: int, downsample: nn.Module | None) -> None:
        super().__init__()
        self.conv1 = _conv1x1(inputs, width)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = _conv3x3(width, width, stride)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = _conv1x1(width, width * self.expansion)
        self.bn3 = nn.BatchNorm2d(width * self.expansion)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = downsample

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, h, w) -> (B, 4 width, ceil(h / stride), ceil(w / stride))."""
        shortcut = x if self.downsample is None else self.downsample(x)
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.relu(self.bn2(self.conv2(x)))
        x = self.bn3(self.conv3(x))
        x += shortcut
        return self.relu(x)


Block = type[BasicBlock] | type[Bottleneck]


class ResNet(Classifier):
    """The whole classifier; `wholefield.networks.split_resnet` cuts it into backbone and head.

    Example:
        >>> import torch
        >>> from wholefield.networks import ResNet
        >>> from wholefield.networks.resnet import BasicBlock
        >>> ResNet(BasicBlock, (1, 1, 1, 1), num_classes=2).eval()(torch.rand(1, 3, 64, 48)).shape
        torch.Size([1, 2])
    """

    def __init__(self, block: Block, depths: tuple[int, int, int, int], num_classes: int = 1000) -> None:
        """Build it fresh.

        Args:
            block: BasicBlock or Bottleneck.
            depths: blocks per stage.
            num_classes: classes of the head.
        """
        super().__init__()
        self.conv1 = nn.Conv2d(3, STAGES[0], 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(STAGES[0])
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        widths = (STAGES[0], *(width * block.expansion for width in STAGES))
        self.layer1 = _stage(block, widths[0], STAGES[0], depths[0], stride=1)
        self.layer2 = _stage(block, widths[1], STAGES[1], depths[1], stride=2)
        self.layer3 = _stage(block, widths[2], STAGES[2], depths[2], stride=2)
        self.layer4 = _stage(block, widths[3], STAGES[3], depths[3], stride=2)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(widths[4], num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: Tensor) -> Tensor:
        """Logits (B, num_classes) of images (B, 3, h, w) of any size."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(self.avgpool(x).flatten(1))

    def split(self) -> tuple[nn.Sequential, GlobalAverageHead]:
        """Everything up to layer4, and pooling with the last layer."""
        return nn.Sequential(*(getattr(self, name) for name in STREAMED_LAYERS)), GlobalAverageHead(self.fc)


def _stage(block: Block, inputs: int, width: int, depth: int, stride: int) -> nn.Sequential:
    outputs = width * block.expansion
    downsample: nn.Module | None = None
    if stride != 1 or inputs != outputs:
        downsample = nn.Sequential(_conv1x1(inputs, outputs, stride), nn.BatchNorm2d(outputs))
    first = block(inputs, width, stride, downsample)
    return nn.Sequential(first, *(block(outputs, width, 1, None) for _ in range(depth - 1)))


def _build(
    block: Block, depths: tuple[int, int, int, int], published: str, weights: Weights, num_classes: int
) -> ResNet:
    network = ResNet(block, depths, num_classes)
    load_weights(network, weights, published, head="fc.")
    return network


def resnet18(*, weights: Weights = None, num_classes: int = 1000) -> ResNet:
    """ResNet-18.

    Args:
        weights: a file, a state dict, "DEFAULT" for the pretrained weights, or None for a fresh network.
        num_classes: classes of the head; where it differs from that of the weights, the last layer stays fresh.

    Returns:
        The network, images (B, 3, h, w) -> logits (B, num_classes).

    Raises:
        SourceError: the weights are missing or do not fit.

    Example:
        >>> from wholefield.networks import resnet18
        >>> resnet18(num_classes=5).fc.out_features
        5
    """
    return _build(BasicBlock, (2, 2, 2, 2), "resnet18-f37072fd.pth", weights, num_classes)


def resnet34(*, weights: Weights = None, num_classes: int = 1000) -> ResNet:
    """ResNet-34.

    Args:
        weights: a file, a state dict, "DEFAULT" for the pretrained weights, or None for a fresh network.
        num_classes: classes of the head; where it differs from that of the weights, the last layer stays fresh.

    Returns:
        The network, images (B, 3, h, w) -> logits (B, num_classes).

    Raises:
        SourceError: the weights are missing or do not fit.

    Example:
        >>> import torch
        >>> from wholefield.networks import resnet34
        >>> with torch.device("meta"):  # without its numbers
        ...     network = resnet34(num_classes=5)
        >>> network.fc.out_features
        5
    """
    return _build(BasicBlock, (3, 4, 6, 3), "resnet34-b627a593.pth", weights, num_classes)


def resnet50(*, weights: Weights = None, num_classes: int = 1000) -> ResNet:
    """ResNet-50.

    Args:
        weights: a file, a state dict, "DEFAULT" for the pretrained weights, or None for a fresh network.
        num_classes: classes of the head; where it differs from that of the weights, the last layer stays fresh.

    Returns:
        The network, images (B, 3, h, w) -> logits (B, num_classes).

    Raises:
        SourceError: the weights are missing or do not fit.

    Example:
        >>> import torch
        >>> from wholefield.networks import resnet50
        >>> with torch.device("meta"):  # without its numbers
        ...     network = resnet50(num_classes=5)
        >>> network.fc.out_features
        5
    """
    return _build(Bottleneck, (3, 4, 6, 3), "resnet50-11ad3fa6.pth", weights, num_classes)
