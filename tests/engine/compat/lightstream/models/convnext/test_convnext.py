"""StreamingConvnext: exact as it is, with layer scale and, where it is wanted, stochastic depth."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

from tests.parts import part
from wholefield.compat.lightstream import ImageNetClassifier, StreamingConvNext, StreamingConvnext
from wholefield.errors import SourceError
from wholefield.networks.convnext import ConvNeXt, StochasticDepth
from wholefield.streaming import StreamingError


@pytest.fixture(autouse=True)
def small_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network of two blocks a stage beside the published ones."""

    def small(weights: object = None, num_classes: int = 1000) -> ConvNeXt:
        assert weights is None
        network = ConvNeXt((8, 12, 16, 24), (1, 1, 2, 1), 0.6, num_classes)
        for name, parameter in network.named_parameters():
            if name.endswith("layer_scale"):
                nn.init.uniform_(parameter, 0.5, 1.0)
        return network

    monkeypatch.setattr(
        StreamingConvnext, "model_choices", {**StreamingConvnext.model_choices, "small": small}
    )


def test_forward_and_gradients_are_those_of_the_plain_network(same: Callable[..., Any]) -> None:
    model = StreamingConvnext(
        "small", 40, functional.cross_entropy, num_classes=3, weights=None, normalize_on_gpu=False
    ).double()
    image, target = torch.randn(2, 3, 101, 75, dtype=torch.float64), torch.tensor([1, 2])
    output = model.train().forward_streaming(image)
    functional.cross_entropy(model.forward_head(output), target).backward()
    model.backward_streaming(image, output.grad)
    found = {name: p.grad.clone() for name, p in model.named_parameters()}
    model.zero_grad()
    functional.cross_entropy(model.head(model.eval().stream_network.stream_module(image)), target).backward()
    same(found, {name: p.grad for name, p in model.named_parameters()}, 1e-12)


@pytest.mark.parametrize("used", [False, True])
def test_stochastic_depth_is_off_unless_wanted(used: bool) -> None:
    model = StreamingConvnext("small", 40, functional.cross_entropy, use_stochastic_depth=used, weights=None)
    layers = [module for module in model.modules() if isinstance(module, StochasticDepth)]
    assert len(layers) == 5
    assert all(layer.training is used for layer in layers)
    model.eval()
    assert not any(layer.training for layer in layers)
    model.train()
    assert all(layer.training is used for layer in layers)


def test_stochastic_depth_is_replayed() -> None:
    """A step along the gradient changes the same draw as the gradient says."""
    model = StreamingConvnext(
        "small", 40, functional.cross_entropy, use_stochastic_depth=True, weights=None, normalize_on_gpu=False
    ).double()
    image = torch.randn(6, 3, 64, 49, dtype=torch.float64)

    def value(seed: int) -> torch.Tensor:
        torch.manual_seed(seed)
        return model.forward_streaming(image)

    output = value(7)
    assert not torch.allclose(output, value(8))
    ramp = torch.linspace(-1, 2, output.numel(), dtype=torch.float64).view_as(output)
    model.backward_streaming(image, ramp)
    weight = model.stream_network.stream_module[0][0].weight
    direction, step = torch.randn_like(weight), 1e-6
    with torch.no_grad():
        weight += step * direction
        above = (value(7) * ramp).sum()
        weight -= 2 * step * direction
        below = (value(7) * ramp).sum()
    slope = ((above - below) / (2 * step)).item()
    assert (weight.grad * direction).sum().item() == pytest.approx(slope, rel=1e-6)


def test_documented_choices_defaults_and_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    assert {"convnext_tiny", "convnext_small", "convnext_base"} <= set(StreamingConvnext.model_choices)
    with pytest.raises(SourceError, match=r"not on this machine; download https://.*convnext_tiny"):
        StreamingConvnext("convnext_tiny", 600, functional.cross_entropy)
    with pytest.raises(StreamingError, match="choose one of convnext_tiny"):
        StreamingConvnext("convnext_huge", 600, functional.cross_entropy)
    model = StreamingConvnext("convnext_tiny", 600, functional.cross_entropy, num_classes=4, weights=None)
    assert model.stream_network.normalize_on_gpu
    assert model.stream_network.plan.receptive_field == (1688, 1688)
    assert model.configure_tile_stride() == 576
    assert part(model.head, "1.2.out_features") == 4


@pytest.mark.parametrize("remove", [False, True])
def test_the_released_form_is_the_streamed_part(remove: bool, same: Callable[..., None]) -> None:
    model = StreamingConvNext(
        "small", 40, nn.AvgPool2d(2), remove, verbose=False, normalize_on_gpu=False, weights=None
    ).double()
    features = model.stream_network.stream_module[0]
    assert len(features) == (6 if remove else 8)
    image = torch.randn(2, 3, 101, 75, dtype=torch.float64)
    output = model.train()(image)
    output.square().sum().backward()
    model.backward_streaming(image, output.grad)
    found = {name: p.grad.clone() for name, p in model.named_parameters()}
    model.zero_grad()
    whole = nn.functional.avg_pool2d(features.eval()(image), 2)
    assert torch.allclose(output, whole, rtol=1e-11, atol=1e-11)
    whole.square().sum().backward()
    same(found, {name: p.grad for name, p in model.named_parameters()}, 1e-11)


def test_stochastic_depth_stays_off_in_a_classifier_around_it() -> None:
    streamed = StreamingConvNext("small", 40, weights=None)
    head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(24, 2))
    model = ImageNetClassifier(streamed, head, nn.CrossEntropyLoss()).train()
    assert not any(module.training for module in model.modules() if isinstance(module, StochasticDepth))


def test_names_with_dashes_are_the_released_ones() -> None:
    assert StreamingConvnext is StreamingConvNext
    model = StreamingConvNext("convnext-tiny", 256, weights=None)
    assert len(model.stream_network.stream_module) == 8  # type: ignore[arg-type]
