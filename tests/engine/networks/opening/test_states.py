"""Weights of known architectures are told by names and shapes, and malicious files are refused."""

import io
import json
import pickle
import tarfile
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from tests.engine.networks.opening.evil import Evil
from wholefield.errors import SourceError
from wholefield.networks import ConvNeXt, ResNet, small_cnn, unet
from wholefield.networks.msd.network import MSDNetwork
from wholefield.networks.opening import Activation, Gives, open_model, states
from wholefield.networks.resnet import BasicBlock, resnet18

TIMM = {
    "features.0.": "stem.", "classifier.0.": "head.norm.", "classifier.2.": "head.fc.", ".block.0.": ".conv_dw.",
    ".block.2.": ".norm.", ".block.3.": ".mlp.fc1.", ".block.5.": ".mlp.fc2.", ".layer_scale": ".gamma",
}  # fmt: skip


@pytest.fixture
def tiny_convnext(monkeypatch: pytest.MonkeyPatch) -> ConvNeXt:
    widths, depths = (4, 8, 8, 8), (1, 1, 2, 1)
    monkeypatch.setattr(states, "CONVNEXTS", {(widths, depths): "ConvNeXt of the test"})
    return ConvNeXt(widths, depths, num_classes=3).eval()


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_a_resnet_with_the_prefix_of_data_parallel_training(tmp_path: Path, suffix: str) -> None:
    network = resnet18(num_classes=3).eval()
    state = {f"module.{name}": value for name, value in network.state_dict().items()}
    path = tmp_path / f"net{suffix}"
    torch.save(state, path) if suffix == ".pth" else save_file(state, path)
    model = open_model(path)
    x = torch.rand(1, 3, 64, 50)
    assert torch.equal(model.network(x), network(x))
    assert (model.card.architecture, model.card.gives, model.card.outputs) == ("ResNet-18", Gives.VECTOR, 3)
    assert model.card.streaming.field == (435, 435)
    assert str(model.card.streaming.scale[0]) == "1/32"
    assert "ImageNet are assumed" in dict(model.card.lines())["note"]


def test_what_lies_beside_the_weights_is_used(tmp_path: Path) -> None:
    torch.save(resnet18(num_classes=2).state_dict(), tmp_path / "model.bin.pth")
    config = {
        "architecture": "resnet18.tv",
        "label_names": ["a", "b"],
        "pretrained_cfg": {"mean": [0.5] * 3, "std": [0.25] * 3},
    }
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "README.md").write_text("---\nlicense: apache-2.0\n---\n# net")
    card = open_model(tmp_path / "model.bin.pth").card
    assert card.classes == ("a", "b")
    assert [(each.offset, each.divisor) for each in card.intensity] == [(0.5, 0.25)] * 3
    assert card.license == "apache-2.0"
    assert not card.notes


def test_an_architecture_with_the_same_names_is_not_taken_for_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(states, "find_spec", lambda name: None)
    torch.save(resnet18(num_classes=2).state_dict(), tmp_path / "net.pth")
    (tmp_path / "config.json").write_text(json.dumps({"architecture": "resnetblur18"}))
    with pytest.raises(SourceError, match="of an architecture that is not known here"):
        open_model(tmp_path / "net.pth")


@pytest.mark.parametrize("timm", [False, True])
def test_convnext_under_the_names_of_torchvision_and_timm(
    tmp_path: Path, tiny_convnext: ConvNeXt, timm: bool
) -> None:
    state = dict(tiny_convnext.state_dict())
    if timm:
        state = {
            _timm_name(name): value.squeeze() if "layer_scale" in name else value
            for name, value in state.items()
        }
        assert "stages.1.downsample.0.weight" in state
        assert "stages.2.blocks.1.gamma" in state
    torch.save(state, tmp_path / "net.pth")
    model = open_model(tmp_path / "net.pth")
    x = torch.rand(1, 3, 64, 50)
    assert torch.equal(model.network(x), tiny_convnext(x))


def _timm_name(name: str) -> str:
    """The name of a weight of torchvision's ConvNeXt in timm."""
    parts = name.split(".")
    if parts[0] == "features" and parts[1] != "0":
        stage, kind = divmod(int(parts[1]), 2)
        if kind == 0:
            return ".".join(["stages", str(stage), "downsample", *parts[2:]])
        name = ".".join(["stages", str(stage), "blocks", *parts[2:]])
    for ours, theirs in TIMM.items():
        name = name.replace(ours, theirs)
    return name


def test_our_networks_without_a_card(tmp_path: Path) -> None:
    for name, network, gives in (
        ("unet", unet(1, 3, axes=3, width=4, depth=1), Gives.CLASSES),
        ("small", small_cnn(num_classes=4), Gives.VECTOR),
        ("msd", MSDNetwork(1, 1, depth=2), Gives.IMAGE),
    ):
        torch.save({"state_dict": network.state_dict()}, tmp_path / f"{name}.pth")
        model = open_model(tmp_path / f"{name}.pth")
        assert model.card.gives is gives
        assert model.card.streaming.refusal == ""
        assert model.network.state_dict().keys() == network.state_dict().keys()
    assert open_model(tmp_path / "unet.pth").card.activation is Activation.SOFTMAX


def test_unknown_weights_name_the_way_out(tmp_path: Path) -> None:
    torch.save(nn.Linear(2, 3).state_dict(), tmp_path / "net.pth")
    with pytest.raises(SourceError, match=r"\(weight, bias, \.\.\.\).*torch\.export"):
        open_model(tmp_path / "net.pth")


def test_other_widths_are_not_a_resnet_of_this_name(tmp_path: Path) -> None:
    state = ResNet(BasicBlock, (2, 2, 2, 2), 2).state_dict()
    state["layer1.0.conv2.weight"] = torch.zeros(64, 32, 3, 3)
    torch.save(state, tmp_path / "net.pth")
    with pytest.raises(SourceError, match="not known here"):
        open_model(tmp_path / "net.pth")


def test_a_malicious_pickle_is_refused_in_every_container(tmp_path: Path) -> None:
    torch.save({"state_dict": Evil(tmp_path)}, tmp_path / "zip.pth")
    torch.save({"state_dict": Evil(tmp_path)}, tmp_path / "legacy.pth", _use_new_zipfile_serialization=False)
    _legacy_tar(tmp_path / "tar.pth", Evil(tmp_path))
    for name in ("zip.pth", "legacy.pth", "tar.pth"):
        reason = "is not a readable checkpoint" if name.startswith("tar") else "because they could run code"
        with pytest.raises(SourceError, match=f"{name}.*{reason}"):
            open_model(tmp_path / name)
        assert not (tmp_path / "ran").exists()


def _legacy_tar(path: Path, content: object) -> None:
    """The layout of torch 0.1: a tar of pickles."""
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as tar:
        for name, value in (("sys_info", {}), ("pickle", content), ("storages", 0), ("tensors", 0)):
            data = pickle.dumps(value)
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
