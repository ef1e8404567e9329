"""ResNet: torchvision's names, shapes and totals; cutting it changes nothing."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from tests.parts import part
from wholefield.networks import ResNet, resnet18, resnet34, resnet50, split_resnet
from wholefield.networks.normalization import freeze_normalization

DEPTHS: dict[Callable[..., ResNet], Any] = {
    resnet18: (2, 2, 2, 2),
    resnet34: (3, 4, 6, 3),
    resnet50: (3, 4, 6, 3),
}
TOTALS: dict[Callable[..., ResNet], Any] = {resnet18: 11_689_512, resnet34: 21_797_672, resnet50: 25_557_032}


def norm_layout(name: str, channels: int) -> dict[str, tuple[int, ...]]:
    """Names and shapes of one batch normalization in a state dict."""
    vectors = {f"{name}.{part}": (channels,) for part in ("weight", "bias", "running_mean", "running_var")}
    return vectors | {f"{name}.num_batches_tracked": ()}


def torchvision_layout(depths: tuple[int, ...], bottleneck: bool) -> dict[str, tuple[int, ...]]:
    """Names and shapes of torchvision's ResNet state dict, written from its published description."""
    layout: dict[str, tuple[int, ...]] = {"conv1.weight": (64, 3, 7, 7)} | norm_layout("bn1", 64)
    inputs = 64
    for stage, depth in enumerate(depths):
        width = 64 * 2**stage
        outputs = width * (4 if bottleneck else 1)
        for block in range(depth):
            name = f"layer{stage + 1}.{block}"
            kernels = (
                [(width, inputs, 1), (width, width, 3), (outputs, width, 1)]
                if bottleneck
                else [(width, inputs, 3), (outputs, width, 3)]
            )
            for index, (out, into, kernel) in enumerate(kernels, start=1):
                layout[f"{name}.conv{index}.weight"] = (out, into, kernel, kernel)
                layout |= norm_layout(f"{name}.bn{index}", out)
            if block == 0 and (stage > 0 or inputs != outputs):
                layout[f"{name}.downsample.0.weight"] = (outputs, inputs, 1, 1)
                layout |= norm_layout(f"{name}.downsample.1", outputs)
            inputs = outputs
    return layout | {"fc.weight": (1000, inputs), "fc.bias": (1000,)}


@pytest.mark.parametrize("build", DEPTHS, ids=lambda build: build.__name__)
class TestLayout:
    def test_names_and_shapes(self, build: Callable[..., ResNet]) -> None:
        expected = torchvision_layout(DEPTHS[build], bottleneck=build is resnet50)
        assert {name: tuple(value.shape) for name, value in build().state_dict().items()} == expected

    def test_total(self, build: Callable[..., ResNet]) -> None:
        assert sum(value.numel() for value in build().parameters()) == TOTALS[build]


def test_strides_sit_in_the_3x3_convolution_of_a_bottleneck() -> None:
    first = resnet50().layer2[0]
    assert first.conv1.stride == (1, 1)
    assert first.conv2.stride == (2, 2)
    assert part(first, "downsample.0.stride") == (2, 2)


@pytest.mark.parametrize("build", [resnet18, resnet50], ids=lambda build: build.__name__)
def test_split_equals_the_whole(build: Callable[..., ResNet]) -> None:
    torch.manual_seed(0)
    net = freeze_normalization(build(num_classes=5).double())
    backbone, head = split_resnet(net)
    image = torch.randn(2, 3, 71, 93, dtype=torch.float64)
    features = backbone(image)
    torch.testing.assert_close(head(features), net(image), rtol=1e-12, atol=1e-14)
    assert features.shape == (2, {resnet18: 512, resnet50: 2048}[build], 3, 3)
    assert head.fc is net.fc


def test_split_replaces_the_last_layer_for_other_classes() -> None:
    net = resnet50()
    backbone, head = split_resnet(net, num_classes=3, tile_size=512)
    assert isinstance(backbone, nn.Sequential)
    assert head.fc.weight.shape == (3, 2048)
    assert head.fc.bias.abs().max() == 0
    assert head.fc is net.fc


def test_split_keeps_the_last_layer_for_equal_classes() -> None:
    net = resnet18(num_classes=4)
    before = net.fc
    assert split_resnet(net, num_classes=4)[1].fc is before
    assert split_resnet(net)[1].fc is before
