"""A small network that learns from scratch on whole slides, one per step."""

from torch import Tensor, nn

from wholefield.networks.classifier import Classifier
from wholefield.networks.heads import GlobalAverageHead, MappingHead
from wholefield.networks.weights import Weights, load_weights

# (channels, stride) of the 3x3 convolutions.
LAYERS = ((16, 2), (32, 2), (32, 1), (64, 2))
POOL = 17
POOL_STRIDE = 4


class SmallCNN(Classifier):
    """A few 3x3 convolutions, a wide maximum, then global average pooling and a linear layer.

    The maximum over 17 positions (136 pixels) is what finds rare things: a structure that fills one position
    in thousands would vanish in the average over the slide, but its maximum fills hundreds of positions. It is a
    local operation, so it is streamed like the rest.

    Batch normalization is frozen where the network is streamed; measure its statistics once before training
    (`wholefield.networks.normalization.calibrate_normalization`, a run does so), and features are centered and of
    equal scale from the first step on.

    Attributes:
        features: the streamed part, (B, in_channels, h, w) -> (B, 64, h / 32, w / 32).
        head: features -> logits (B, num_classes).

    Example:
        >>> import torch
        >>> from wholefield.networks import SmallCNN
        >>> SmallCNN(num_classes=4).eval()(torch.rand(1, 3, 64, 96)).shape
        torch.Size([1, 4])
    """

    def __init__(self, in_channels: int = 3, num_classes: int = 2) -> None:
        """Build it fresh.

        Args:
            in_channels: channels of the image.
            num_classes: classes of the head.
        """
        super().__init__()
        layers: list[nn.Module] = []
        inputs = in_channels
        for outputs, stride in LAYERS:
            layers += [_convolution(inputs, outputs, stride), nn.BatchNorm2d(outputs), nn.GELU()]
            inputs = outputs
        layers.append(nn.MaxPool2d(POOL, stride=POOL_STRIDE, padding=POOL // 2))
        layers.append(nn.BatchNorm2d(inputs))
        self.features = nn.Sequential(*layers)
        self.head = GlobalAverageHead(inputs, num_classes)
        # Without an opinion to begin with it need not unlearn one: no jumps in the first epochs.
        nn.init.zeros_(self.head.fc.weight)
        nn.init.zeros_(self.head.fc.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Logits (B, num_classes) of images (B, in_channels, h, w) of any size."""
        return self.head(self.features(x))

    def split(self) -> tuple[nn.Module, MappingHead]:
        """`features` and `head`."""
        return self.features, self.head


def _convolution(inputs: int, outputs: int, stride: int) -> nn.Conv2d:
    """A fresh 3x3 convolution; GELU passes about as much variance as ReLU, whose gain keeps the scale."""
    layer = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1)
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    assert layer.bias is not None
    nn.init.zeros_(layer.bias)
    return layer


def small_cnn(in_channels: int = 3, num_classes: int = 2, *, weights: Weights = None) -> SmallCNN:
    """Build the small network.

    Args:
        in_channels: channels of the image.
        num_classes: classes of the head.
        weights: a file or a state dict to start from, or None.

    Returns:
        The network, images (B, in_channels, h, w) -> logits (B, num_classes).

    Raises:
        SourceError: the weights are missing or do not fit.

    Example:
        >>> from wholefield.networks import small_cnn
        >>> small_cnn(num_classes=4).head.fc.out_features
        4
    """
    network = SmallCNN(in_channels, num_classes)
    load_weights(network, weights, published=None, head="head.fc.")
    return network
