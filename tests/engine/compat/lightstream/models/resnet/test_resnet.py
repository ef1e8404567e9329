"""StreamingResNet: names, defaults, weights, and a trained step like that of the plain network."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

from tests.parts import part
from wholefield.compat.lightstream import ImageNetClassifier, StreamingResNet
from wholefield.errors import SourceError
from wholefield.networks.resnet import resnet18, resnet50
from wholefield.networks.split import split_resnet
from wholefield.streaming import StreamingError

MEAN = torch.tensor([0.485, 0.456, 0.406], dtype=torch.float64).view(3, 1, 1)
STD = torch.tensor([0.229, 0.224, 0.225], dtype=torch.float64).view(3, 1, 1)


@pytest.mark.parametrize("classes", [1000, 3])
def test_forward_and_gradients_are_those_of_the_plain_network(classes: int, same: Callable[..., Any]) -> None:
    weights = resnet18().state_dict()
    model = StreamingResNet(
        "resnet18", 48, functional.cross_entropy, num_classes=classes, weights=weights
    ).double()
    image = torch.randint(0, 256, (2, 3, 99, 70)).to(torch.uint8)
    target = torch.tensor([1, 2])
    plain = resnet18(num_classes=classes).double().eval()
    plain.load_state_dict(
        {name: value for name, value in weights.items() if not name.startswith("fc.")}
        | {f"fc.{name}": value for name, value in model.head[2].state_dict().items()}
    )
    logits = plain((image.double() / 255 - MEAN) / STD)
    functional.cross_entropy(logits, target).backward()
    output = model.forward_streaming(image)
    found = model.forward_head(output)
    assert torch.allclose(found, logits, rtol=1e-11, atol=1e-11)
    functional.cross_entropy(found, target).backward()
    model.backward_streaming(image, output.grad)
    wanted = [p.grad for p in plain.parameters()]
    ours = [p.grad for p in (*model.stream_network.parameters(), *model.head.parameters())]
    same(dict(enumerate(ours)), dict(enumerate(wanted)), 1e-12)


def test_documented_choices_and_defaults() -> None:
    assert list(StreamingResNet.model_choices) == ["resnet18", "resnet34", "resnet50"]
    model = StreamingResNet("resnet50", 600, functional.cross_entropy, num_classes=2, weights=None)
    assert isinstance(model, ImageNetClassifier)
    streaming = model.stream_network
    assert (streaming.verbose, streaming.copy_to_gpu, streaming.normalize_on_gpu) == (True, False, True)
    assert streaming.mean.tolist() == [0.485, 0.456, 0.406]
    assert streaming.std.tolist() == [0.229, 0.224, 0.225]
    assert part(model.head, "2.weight").shape == (2, 2048)
    assert model.configure_tile_stride() == 576
    other = StreamingResNet(
        "resnet18", 64, functional.cross_entropy, weights=None, verbose=False, saliency=True
    )
    assert not other.stream_network.verbose
    assert other.stream_network.saliency


def test_published_weights_are_asked_for_by_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(
        SourceError, match=r"not on this machine; download https://.*resnet18-f37072fd\.pth and put it"
    ):
        StreamingResNet("resnet18", 64, functional.cross_entropy)
    network = resnet50()
    (Path(torch.hub.get_dir()) / "checkpoints").mkdir(parents=True)
    torch.save(network.state_dict(), Path(torch.hub.get_dir()) / "checkpoints" / "resnet50-11ad3fa6.pth")
    model = StreamingResNet("resnet50", 64, functional.cross_entropy)
    assert torch.equal(part(model.stream_network.stream_module, "0.weight"), network.conv1.weight)
    assert torch.equal(part(model.head, "2.weight"), network.fc.weight)


def test_unknown_models_are_refused() -> None:
    with pytest.raises(
        StreamingError, match="no streaming model 'resnet99'; choose one of resnet18, resnet34"
    ):
        StreamingResNet("resnet99", 64, functional.cross_entropy)


@pytest.mark.parametrize("remove", [False, True])
def test_the_released_form_is_the_streamed_part(remove: bool, same: Callable[..., None]) -> None:
    weights = resnet18().state_dict()
    model = StreamingResNet(
        "resnet18",
        48,
        nn.MaxPool2d(2),
        remove,
        verbose=False,
        normalize_on_gpu=False,
        weights=weights,
    ).double()
    plain = resnet18(weights=weights).double().eval()
    layers = list(split_resnet(plain)[0])
    whole = nn.Sequential(*(layers[:-1] if remove else layers), nn.MaxPool2d(2))
    image = torch.randn(1, 3, 130, 97, dtype=torch.float64)
    wanted = whole(image)
    wanted.square().sum().backward()
    output = model(image)
    assert torch.allclose(output, wanted, rtol=1e-11, atol=1e-11)
    output.square().sum().backward()
    model.backward_streaming(image, output.grad)
    same(
        dict(enumerate(p.grad for p in model.parameters())),
        dict(enumerate(p.grad for p in whole.parameters())),
        1e-11,
    )


def test_released_choices_and_defaults(tmp_path: Path) -> None:
    assert StreamingResNet.get_model_names() == ["resnet18", "resnet34", "resnet50"]
    assert StreamingResNet.get_model_choices() == dict(StreamingResNet.model_choices)
    model = StreamingResNet("resnet18", tile_size=480, weights=None)
    streaming = model.stream_network
    assert (
        streaming.verbose,
        streaming.deterministic,
        streaming.copy_to_gpu,
        streaming.normalize_on_gpu,
    ) == (
        True,
        True,
        False,
        True,
    )
    assert isinstance(model.head, nn.Identity)
    path = tmp_path / "resnet18_tile_cache"
    kept = StreamingResNet("resnet18", tile_size=480, weights=None, tile_cache_path=path)
    assert path.is_file()
    assert kept.load_tile_cache_if_needed() == kept.stream_network.get_tile_cache()
    with pytest.raises(ValueError, match="choose one of resnet18"):
        StreamingResNet("vgg16", 480)
