"""Results folders of nnU-Net v2: the network, its weights, its preprocessing, and what is refused."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tests.engine.networks.opening.evil import Evil
from wholefield.errors import SourceError
from wholefield.networks.opening import Activation, Gives, Intensity, Measured, open_model

unets = pytest.importorskip("dynamic_network_architectures.architectures.unet")

ARGUMENTS: dict[str, Any] = {
    "n_stages": 3, "features_per_stage": [4, 8, 8], "conv_op": "torch.nn.modules.conv.Conv2d",
    "kernel_sizes": [[3, 3]] * 3, "strides": [[1, 1], [2, 2], [2, 2]], "n_conv_per_stage": [1, 1, 1],
    "n_conv_per_stage_decoder": [1, 1], "conv_bias": True, "norm_op": "torch.nn.modules.instancenorm.InstanceNorm2d",
    "norm_op_kwargs": {"eps": 1e-5, "affine": True}, "dropout_op": None, "dropout_op_kwargs": None,
    "nonlin": "torch.nn.LeakyReLU", "nonlin_kwargs": {"inplace": True},
}  # fmt: skip
IMPORTED = ["conv_op", "norm_op", "dropout_op", "nonlin"]
CT = {"mean": 50.0, "std": 20.0, "percentile_00_5": -100.0, "percentile_99_5": 300.0}


def plans(**changes: Any) -> dict[str, Any]:
    configuration = {
        "patch_size": [64, 64], "spacing": [0.8, 0.7],
        "normalization_schemes": ["CTNormalization", "ZScoreNormalization"],
        "use_mask_for_norm": [False, True],
        "architecture": {
            "network_class_name": "dynamic_network_architectures.architectures.unet.PlainConvUNet",
            "arch_kwargs": ARGUMENTS, "_kw_requires_import": IMPORTED,
        },
    }  # fmt: skip
    return {
        "dataset_name": "Dataset001",
        "configurations": {"base": configuration, "2d": {"inherits_from": "base", **changes}},
        "foreground_intensity_properties_per_channel": {"0": CT, "1": CT},
    }  # fmt: skip


def folder(
    path: Path,
    network: nn.Module,
    described: dict[str, Any],
    labels: dict[str, Any] | None = None,
    **more: Any,
) -> Path:
    (path / "fold_0").mkdir(parents=True)
    (path / "plans.json").write_text(json.dumps(described))
    names = labels or {"background": 0, "liver": 1, "tumor": 2}
    (path / "dataset.json").write_text(
        json.dumps({"channel_names": {"0": "CT", "1": "PET"}, "labels": names})
    )
    content = {
        "network_weights": network.state_dict(), "init_args": {"configuration": "2d"}, "_best_ema": np.float64(0.5),
        "logging": {"mean": [np.float32(0.25)]}, **more,
    }  # fmt: skip
    torch.save(content, path / "fold_0" / "checkpoint_final.pth")
    return path


def unet(outputs: int = 3) -> nn.Module:
    layers = {name: getattr(nn, str(ARGUMENTS[name]).split(".")[-1]) for name in IMPORTED if ARGUMENTS[name]}
    built: nn.Module = unets.PlainConvUNet(input_channels=2, num_classes=outputs, **{**ARGUMENTS, **layers})
    return built.eval()


def test_the_network_of_the_plans_with_its_weights(tmp_path: Path) -> None:
    network = unet()
    model = open_model(folder(tmp_path / "net", network, plans()))
    x = torch.rand(1, 2, 32, 40)
    assert torch.equal(model.network(x), network(x))
    card = model.card
    assert (card.axes, card.channels, card.gives, card.outputs) == (2, 2, Gives.CLASSES, 3)
    assert card.classes == ("background", "liver", "tumor")
    assert card.values == (0, 1, 2)
    assert (card.spacing, card.unit, card.unit_scale) == ((0.8, 0.7), "mm", False)
    assert card.intensity == (Intensity((-100, 300), 50, 20), Intensity(measured=Measured.MEAN, nonzero=True))
    assert dict(card.lines())["network"] == "PlainConvUNet"


def test_the_first_plans_of_version_2(tmp_path: Path) -> None:
    former = {
        "UNet_class_name": "PlainConvUNet", "UNet_base_num_features": 4, "unet_max_num_features": 8,
        "conv_kernel_sizes": [[3, 3]] * 3, "pool_op_kernel_sizes": [[1, 1], [2, 2], [2, 2]],
        "n_conv_per_stage_encoder": [1, 1, 1], "n_conv_per_stage_decoder": [1, 1], "architecture": None,
    }  # fmt: skip
    network = unet()
    model = open_model(folder(tmp_path / "net", network, plans(**former)))
    x = torch.rand(1, 2, 16, 24)
    assert torch.equal(model.network(x), network(x))


def test_regions_are_maps_with_a_probability_each(tmp_path: Path) -> None:
    labels = {"background": 0, "whole": [1, 2], "core": [2]}
    card = open_model(folder(tmp_path / "net", unet(2), plans(), labels)).card
    assert (card.gives, card.activation, card.classes) == (Gives.MAPS, Activation.SIGMOID, ("whole", "core"))


STRANGE = {"network_class_name": "os.system", "arch_kwargs": {}, "_kw_requires_import": []}
LAYER = {
    **plans()["configurations"]["base"]["architecture"],
    "arch_kwargs": {**ARGUMENTS, "conv_op": "os.system"},
}


@pytest.mark.parametrize(("changes", "reason"), [
    ({"architecture": STRANGE}, "architecture system"),
    ({"architecture": LAYER}, "layer os.system"),
    ({"previous_stage": "3d_lowres"}, "a cascade"),
    ({"normalization_schemes": ["Mine", "Mine"]}, "unknown normalization"),
])  # fmt: skip
def test_what_cannot_be_built_is_refused(tmp_path: Path, changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(SourceError, match=reason):
        open_model(folder(tmp_path / "net", unet(), plans(**changes)))


def test_what_could_run_code_is_refused(tmp_path: Path) -> None:
    evil = folder(tmp_path / "evil", unet(), plans(), network_weights=Evil(tmp_path))
    with pytest.raises(SourceError, match="because they could run code"):
        open_model(evil)
    assert not (tmp_path / "ran").exists()
    (evil / "plans.json").write_text("[" * 100_000)
    with pytest.raises(SourceError, match=r"plans\.json cannot be read"):
        open_model(evil)
