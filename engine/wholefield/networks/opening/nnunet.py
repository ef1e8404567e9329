"""Results folders of nnU-Net v2: the network of its plans with trained weights; its trainer is not needed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import nn

from wholefield.errors import SourceError
from wholefield.networks.opening.card import Activation, Gives, Intensity, Measured, PublishedCard
from wholefield.networks.opening.extras import extra
from wholefield.networks.opening.model import PublishedModel, published
from wholefield.networks.state_files import load_state, read_content
from wholefield.sources.choices import Reading

CHECKPOINTS = ("checkpoint_final.pth", "checkpoint_best.pth", "checkpoint_latest.pth")
ARCHITECTURES = ("PlainConvUNet", "ResidualEncoderUNet", "ResidualUNet")
LAYERS = {
    layer.__name__: layer
    for layer in (
        nn.Conv2d, nn.Conv3d, nn.InstanceNorm2d, nn.InstanceNorm3d, nn.BatchNorm2d, nn.BatchNorm3d, nn.LeakyReLU,
        nn.ReLU, nn.GELU, nn.SiLU, nn.ELU, nn.Dropout2d, nn.Dropout3d,
    )
}  # fmt: skip
ASSUMED = "Trained on patches of {patch}; normalization within the network then saw no more than that."


def open_nnunet(path: Path, reading: Reading) -> PublishedModel:
    """Open the folder of a trained nnU-Net, such as `nnUNetTrainer__nnUNetPlans__3d_fullres`.

    Args:
        path: The folder with plans.json, dataset.json and fold_*.
        reading: `fold` chooses one of the folds; the first one otherwise.

    Raises:
        SourceError: Something is missing or damaged, or has an architecture that is not known.
        SettingError: The package dynamic-network-architectures is not installed.
    """
    reading.only(path, "fold")
    plans, dataset = _json(path / "plans.json"), _json(path / "dataset.json")
    checkpoint = _checkpoint(path, reading.get("fold"))
    content = read_content(checkpoint)
    try:
        name = str(content["init_args"]["configuration"])
        configuration = _configuration(plans, name)
        if configuration.get("previous_stage"):
            raise SourceError(
                f"{path} is the second stage of a cascade, which needs the result of the first; choose 3d_fullres."
            )
        channels = len(dataset.get("channel_names") or dataset["modality"])
        labels = {key: value for key, value in dataset["labels"].items() if key != "ignore"}
        regions = any(isinstance(value, list) and len(value) > 1 for value in labels.values())
        kept = [key for key in labels if not (regions and key == "background")]
        network = _network(plans, configuration, channels, len(kept), path)
        card = _card(plans, configuration, channels, {key: labels[key] for key in kept}, regions)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise SourceError(
            f"{path} describes its network incompletely ({error!r}); copy the folder again."
        ) from error
    load_state(network, content["network_weights"], str(checkpoint))
    return published(path, network, card)


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError, OSError) as error:
        raise SourceError(f"{path} cannot be read ({error}); copy the folder again.") from error
    if not isinstance(found, dict):
        raise SourceError(f"{path} is not a description of nnU-Net; copy the folder again.")
    return found


def _checkpoint(path: Path, fold: str | None) -> Path:
    folders = sorted(path.glob("fold_*")) if fold is None else [path / f"fold_{fold}"]
    for folder in folders:
        for name in CHECKPOINTS:
            if (folder / name).is_file():
                return folder / name
    raise SourceError(
        f"{path} has no {'fold_*' if fold is None else f'fold_{fold}'} with a checkpoint_final.pth."
    )


def _configuration(plans: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A configuration of the plans with what it takes over from others."""
    seen: list[str] = []
    found: dict[str, Any] = {}
    while name and name not in seen:
        seen.append(name)
        own = plans["configurations"][name]
        found = {**own, **found}
        name = str(own.get("inherits_from", ""))
    return found


def _network(
    plans: Mapping[str, Any], configuration: Mapping[str, Any], channels: int, outputs: int, path: Path
) -> nn.Module:
    architectures = extra("dynamic_network_architectures.architectures.unet", "nnunet", str(path))
    described = configuration.get("architecture")
    name = described["network_class_name"].split(".")[-1] if described else configuration["UNet_class_name"]
    if name not in ARCHITECTURES or not hasattr(architectures, name):
        raise SourceError(
            f"{path} has the architecture {name}, which is not known here; export it with torch.export."
        )
    if described:
        arguments = {
            key: _layer(value, path) if key in described["_kw_requires_import"] and value else value
            for key, value in described["arch_kwargs"].items()
        }
    else:
        arguments = _former_arguments(configuration)
    built: nn.Module = getattr(architectures, name)(
        input_channels=channels, num_classes=outputs, **{**arguments, "deep_supervision": False}
    )
    return built


def _layer(name: str, path: Path) -> type[nn.Module]:
    """A layer by its name; only those of the list, whatever a file says."""
    kind = LAYERS.get(str(name).split(".")[-1])
    if kind is None:
        raise SourceError(
            f"{path} has the layer {name}, which is not known here; export it with torch.export."
        )
    return kind


def _former_arguments(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """What nnU-Net's first plans of version 2 left to the code."""
    kernels = configuration["conv_kernel_sizes"]
    axes, stages = len(kernels[0]), len(kernels)
    base, most = configuration["UNet_base_num_features"], configuration["unet_max_num_features"]
    blocks = (
        "n_blocks_per_stage"
        if configuration["UNet_class_name"] == "ResidualEncoderUNet"
        else "n_conv_per_stage"
    )
    return {
        "n_stages": stages,
        "features_per_stage": [min(base * 2**stage, most) for stage in range(stages)],
        "conv_op": LAYERS[f"Conv{axes}d"],
        "kernel_sizes": kernels,
        "strides": configuration["pool_op_kernel_sizes"],
        blocks: configuration["n_conv_per_stage_encoder"],
        "n_conv_per_stage_decoder": configuration["n_conv_per_stage_decoder"],
        "conv_bias": True,
        "norm_op": LAYERS[f"InstanceNorm{axes}d"],
        "norm_op_kwargs": {"eps": 1e-5, "affine": True},
        "nonlin": nn.LeakyReLU,
        "nonlin_kwargs": {"inplace": True},
    }


def _card(
    plans: Mapping[str, Any],
    configuration: Mapping[str, Any],
    channels: int,
    labels: Mapping[str, Any],
    regions: bool,
) -> PublishedCard:
    statistics = plans.get("foreground_intensity_properties_per_channel") or plans.get(
        "foreground_intensity_properties_by_modality", {}
    )
    masks = configuration["use_mask_for_norm"]
    intensity = tuple(
        _intensity(scheme, bool(masks[index]), statistics.get(str(index), {}))
        for index, scheme in enumerate(configuration["normalization_schemes"])
    )
    patch, spacing = configuration["patch_size"], configuration["spacing"]
    order = plans.get("transpose_forward", [0, 1, 2])
    values = () if regions else tuple(int(value) for value in labels.values())
    return PublishedCard(
        "nnU-Net v2", str(configuration.get("UNet_class_name") or configuration["architecture"]["network_class_name"])
        .split(".")[-1],
        axes=len(patch), channels=channels, gives=Gives.MAPS if regions else Gives.CLASSES, outputs=len(labels),
        unit_scale=False, intensity=intensity if len(intensity) == channels else intensity[:1],
        activation=Activation.SIGMOID if regions else Activation.SOFTMAX, classes=tuple(labels), values=values,
        spacing=tuple(float(each) for each in spacing), unit="mm",
        notes=(ASSUMED.format(patch=" x ".join(map(str, patch))),),
        more={"dataset": str(plans.get("dataset_name", ""))} | _transposed(order),
    )  # fmt: skip


def _transposed(order: Sequence[int]) -> dict[str, str]:
    return {} if list(order) == [0, 1, 2] else {"axes": "".join("zyx"[axis] for axis in order)}


def _intensity(scheme: str, mask: bool, statistics: Mapping[str, float]) -> Intensity:
    """The normalization of a channel by nnU-Net's name for it.

    Raises:
        ValueError: There is no such normalization.
    """
    match scheme:
        case "CTNormalization":
            clip = float(statistics["percentile_00_5"]), float(statistics["percentile_99_5"])
            return Intensity(clip, float(statistics["mean"]), max(float(statistics["std"]), 1e-8))
        case "ZScoreNormalization":
            return Intensity(measured=Measured.MEAN, nonzero=mask)
        case "RescaleTo01Normalization":
            return Intensity(measured=Measured.RANGE)
        case "RGBTo01Normalization":
            return Intensity(divisor=255.0)
        case "NoNormalization":
            return Intensity()
    raise ValueError(f"an unknown normalization, {scheme}")
