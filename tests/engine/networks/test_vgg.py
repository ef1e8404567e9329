"""VGG-16: torchvision's names, shapes and total."""

import torch

from wholefield.networks import vgg16

WIDTHS = (64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512)
PLACES = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)


def test_layout_and_total() -> None:
    with torch.device("meta"):
        net = vgg16()
    expected: dict[str, tuple[int, ...]] = {}
    for place, inputs, outputs in zip(PLACES, (3, *WIDTHS), WIDTHS, strict=False):
        expected |= {
            f"features.{place}.weight": (outputs, inputs, 3, 3),
            f"features.{place}.bias": (outputs,),
        }
    for place, inputs, outputs in ((0, 25088, 4096), (3, 4096, 4096), (6, 4096, 1000)):
        expected |= {f"classifier.{place}.weight": (outputs, inputs), f"classifier.{place}.bias": (outputs,)}
    assert {name: tuple(value.shape) for name, value in net.state_dict().items()} == expected
    assert sum(value.numel() for value in net.parameters()) == 138_357_544


def test_any_size() -> None:
    with torch.device("meta"):
        net = vgg16(num_classes=5)
        assert net(torch.zeros(1, 3, 75, 101)).shape == (1, 5)
        assert net.features(torch.zeros(1, 3, 75, 101)).shape == (1, 512, 2, 3)
