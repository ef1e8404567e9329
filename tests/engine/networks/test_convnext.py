"""ConvNeXt: torchvision's names, shapes and totals; streamed as it stands, in training too."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.parts import gradients
from wholefield.networks import convnext_base, convnext_small, convnext_tiny
from wholefield.networks.convnext import ConvNeXt, StochasticDepth
from wholefield.streaming import Streamed

TOTALS: dict[Callable[..., ConvNeXt], Any] = {
    convnext_tiny: 28_589_128,
    convnext_small: 50_223_688,
    convnext_base: 88_591_464,
}
WIDTHS: dict[Callable[..., ConvNeXt], Any] = {
    convnext_tiny: (96, 192, 384, 768),
    convnext_small: (96, 192, 384, 768),
    convnext_base: (128, 256, 512, 1024),
}


def torchvision_layout(widths: tuple[int, ...], depths: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    """Names and shapes of torchvision's ConvNeXt state dict, written from its published description."""
    layout = layer("features.0.0", (widths[0], 3, 4, 4)) | layer("features.0.1", (widths[0],))
    for stage, (width, depth) in enumerate(zip(widths, depths, strict=True)):
        if stage:
            layout |= layer(f"features.{2 * stage}.0", (widths[stage - 1],))
            layout |= layer(f"features.{2 * stage}.1", (width, widths[stage - 1], 2, 2))
        for block in range(depth):
            name = f"features.{2 * stage + 1}.{block}"
            layout[f"{name}.layer_scale"] = (width, 1, 1)
            layout |= layer(f"{name}.block.0", (width, 1, 7, 7))
            layout |= layer(f"{name}.block.2", (width,))
            layout |= layer(f"{name}.block.3", (4 * width, width))
            layout |= layer(f"{name}.block.5", (width, 4 * width))
    return layout | layer("classifier.0", (widths[-1],)) | layer("classifier.2", (1000, widths[-1]))


def layer(name: str, weight: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    """A weight and a bias of as many channels."""
    return {f"{name}.weight": weight, f"{name}.bias": weight[:1]}


@pytest.mark.parametrize("build", TOTALS, ids=lambda build: build.__name__)
def test_layout_and_total(build: Callable[..., ConvNeXt]) -> None:
    with torch.device("meta"):
        net = build()
    depths = (3, 3, 9, 3) if build is convnext_tiny else (3, 3, 27, 3)
    expected = torchvision_layout(WIDTHS[build], depths)
    assert {name: tuple(value.shape) for name, value in net.state_dict().items()} == expected
    assert sum(value.numel() for value in net.parameters()) == TOTALS[build]


@pytest.fixture(scope="module")
def net() -> torch.nn.Module:
    torch.manual_seed(0)
    net = convnext_tiny(num_classes=3).double()
    for name, parameter in net.named_parameters():
        # A fresh layer scale of 1e-6 would hide everything that the blocks compute.
        if name.endswith("layer_scale"):
            torch.nn.init.uniform_(parameter, 0.5, 1.0)
    return net


def features_gradients(net: ConvNeXt) -> dict[str, Tensor]:
    found = gradients(net.features)
    net.zero_grad()
    return found


def test_streamed_equals_plain(net: ConvNeXt) -> None:
    net.eval()
    image = torch.rand(1, 3, 101, 83, dtype=torch.float64)
    plain = net.features(image)
    plain.square().sum().backward()
    expected = features_gradients(net)
    streamed = Streamed(net.features, 40)(image)
    streamed.square().sum().backward()
    torch.testing.assert_close(streamed, plain, rtol=1e-11, atol=1e-12)
    found = features_gradients(net)
    for name, value in expected.items():
        torch.testing.assert_close(
            found[name], value, rtol=1e-9, atol=1e-11 * float(value.abs().max()), msg=name
        )


def test_training_streams_with_the_same_blocks_dropped(net: ConvNeXt) -> None:
    net.train()
    image = torch.rand(2, 3, 70, 64, dtype=torch.float64)
    outputs: list[Tensor] = []
    for network in (net.features, Streamed(net.features, 32), Streamed(net.features, 32)):
        torch.manual_seed(len(outputs) // 2)
        outputs.append(network(image).detach())
    assert not torch.equal(outputs[1], outputs[2])
    torch.testing.assert_close(outputs[1], outputs[0], rtol=1e-10, atol=1e-11)


def test_stochastic_depth_keeps_the_mean() -> None:
    torch.manual_seed(0)
    drop = StochasticDepth(0.25)
    x = torch.ones(4000, 2, 1, 1)
    kept = drop(x)
    assert kept.mean() == pytest.approx(1, abs=0.05)
    assert kept.unique().tolist() == pytest.approx([0, 4 / 3])
    assert torch.equal(kept[:, 0], kept[:, 1])
    assert drop.eval()(x) is x


def test_stochastic_depth_rises_with_the_depth() -> None:
    with torch.device("meta"):
        net = convnext_tiny()
    drops = [module.probability for module in net.modules() if isinstance(module, StochasticDepth)]
    assert drops == pytest.approx([0.1 * index / 17 for index in range(18)])
