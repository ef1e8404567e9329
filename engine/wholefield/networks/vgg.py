"""VGG-16 (Simonyan and Zisserman 2015), with the parameter names of its published weight files.

`features` can be streamed. The classifier behind it is dense over a 7x7 grid, so it has no map of evidence and VGG
is not in the list of slide classifiers; put an `wholefield.networks.GlobalAverageHead(512, classes)` behind `features`.
"""

from torch import Tensor, nn

from wholefield.networks.weights import Weights, load_weights

STAGES = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))
GRID = 7
HIDDEN = 4096


class VGG(nn.Module):
    """The whole classifier.

    Attributes:
        features: the streamed part, (B, 3, h, w) -> (B, 512, h / 32, w / 32).

    Example:
        >>> import torch
        >>> from wholefield.networks import VGG
        >>> VGG(((8, 1), (16, 1)), num_classes=2).features(torch.rand(1, 3, 64, 48)).shape
        torch.Size([1, 16, 16, 12])
    """

    def __init__(self, stages: tuple[tuple[int, int], ...], num_classes: int = 1000) -> None:
        """Build it fresh.

        Args:
            stages: channels and convolutions of each stage.
            num_classes: classes of the head.
        """
        super().__init__()
        layers: list[nn.Module] = []
        inputs = 3
        for width, depth in stages:
            for _ in range(depth):
                layers += [nn.Conv2d(inputs, width, 3, padding=1), nn.ReLU(inplace=True)]
                inputs = width
            layers.append(nn.MaxPool2d(2, stride=2))
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(GRID)
        self.classifier = nn.Sequential(
            nn.Linear(inputs * GRID**2, HIDDEN),
            nn.ReLU(inplace=True),
            nn.Dropout(),
            nn.Linear(HIDDEN, HIDDEN),
            nn.ReLU(inplace=True),
            nn.Dropout(),
            nn.Linear(HIDDEN, num_classes),
        )
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                _initialize(module)

    def forward(self, x: Tensor) -> Tensor:
        """Logits (B, num_classes) of images (B, 3, h, w) of any size from 32 up."""
        return self.classifier(self.avgpool(self.features(x)).flatten(1))


def _initialize(module: nn.Conv2d | nn.Linear) -> None:
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    else:
        nn.init.normal_(module.weight, std=0.01)
    assert module.bias is not None
    nn.init.zeros_(module.bias)


def vgg16(*, weights: Weights = None, num_classes: int = 1000) -> VGG:
    """VGG-16.

    Args:
        weights: a file, a state dict, "DEFAULT" for the pretrained weights, or None for a fresh network.
        num_classes: classes of the head; where it differs from that of the weights, the last layer stays fresh.

    Returns:
        The network, images (B, 3, h, w) -> logits (B, num_classes).

    Raises:
        SourceError: the weights are missing or do not fit.

    Example:
        >>> import torch
        >>> from wholefield.networks import vgg16
        >>> with torch.device("meta"):  # without its numbers
        ...     network = vgg16(num_classes=5)
        >>> network.classifier[6].out_features
        5
    """
    network = VGG(STAGES, num_classes)
    load_weights(network, weights, "vgg16-397923af.pth", head="classifier.6.")
    return network
