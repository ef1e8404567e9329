"""Weights of known architectures, told by names and shapes in their files: ours, torchvision's, timm's, spandrel's."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from wholefield.errors import SourceError
from wholefield.networks.convnext import ConvNeXt
from wholefield.networks.msd.checkpoints import plain_state, read_settings
from wholefield.networks.msd.enums import Task
from wholefield.networks.msd.errors import CheckpointError
from wholefield.networks.msd.network import MSDNetwork
from wholefield.networks.opening.card import Activation, Gives, Intensity, PublishedCard
from wholefield.networks.opening.model import PublishedModel, published
from wholefield.networks.registry import IMAGENET_MEAN, IMAGENET_STD
from wholefield.networks.resnet import BasicBlock, Bottleneck, ResNet
from wholefield.networks.small import SmallCNN
from wholefield.networks.state_files import PREFIXES, load_state, read_content, state_in
from wholefield.networks.u_net import UNet
from wholefield.sources.choices import Reading

ASSUMED = "The file does not say how images are normalized; the mean and deviation of ImageNet are assumed."
EXPORT = "export the network with torch.export, see docs/models.md, and open the .pt2 file"
RESNETS = {
    (False, (2, 2, 2, 2)): "ResNet-18",
    (False, (3, 4, 6, 3)): "ResNet-34",
    (True, (2, 2, 2, 2)): "ResNet-26",
    (True, (3, 4, 6, 3)): "ResNet-50",
    (True, (3, 4, 23, 3)): "ResNet-101",
    (True, (3, 8, 36, 3)): "ResNet-152",
}
CONVNEXTS = {
    ((96, 192, 384, 768), (3, 3, 9, 3)): "ConvNeXt-T",
    ((96, 192, 384, 768), (3, 3, 27, 3)): "ConvNeXt-S",
    ((128, 256, 512, 1024), (3, 3, 27, 3)): "ConvNeXt-B",
}

State = Mapping[str, Tensor]


@dataclass(frozen=True)
class Known:
    """What weights turned out to be.

    Attributes:
        network: The network, without its weights.
        state: The weights under its names.
        card: What is known of it.
    """

    network: nn.Module
    state: State
    card: PublishedCard


@dataclass(frozen=True)
class Beside:
    """What lies beside a file of weights: the description that model hubs keep there.

    Attributes:
        config: The content of config.json.
        license: What the README's header states.
    """

    config: Mapping[str, Any] = field(default_factory=dict)
    license: str = ""

    @classmethod
    def of(cls, path: Path) -> Beside:
        """What lies beside a file; nothing where there is nothing, or it cannot be read."""
        try:
            found = json.loads((path.parent / "config.json").read_text("utf-8"))
        except (OSError, ValueError):
            found = {}
        try:
            head = (path.parent / "README.md").read_text("utf-8", errors="replace")[:4096]
        except OSError:
            head = ""
        stated = re.search(r"^license:\s*(\S+)", head, re.MULTILINE) if head.startswith("---") else None
        return cls(found if isinstance(found, dict) else {}, stated[1] if stated else "")

    @property
    def architecture(self) -> str:
        """The name that timm has for the network, without the tag of its weights; empty where nothing says it."""
        return str(self.config.get("architecture", "")).split(".")[0]

    @property
    def pretrained(self) -> Mapping[str, Any]:
        """How timm says that the network was trained."""
        found = self.config.get("pretrained_cfg", {})
        return found if isinstance(found, dict) else {}


def open_weights(path: Path, reading: Reading) -> PublishedModel:
    """Open a file of weights by its names and shapes.

    Raises:
        SourceError: It is damaged, or of no architecture that is known.
    """
    del reading
    return model_of(state_in(read_content(path), str(path)), path)


def model_of(state: State, path: Path) -> PublishedModel:
    """The network that weights belong to.

    Args:
        state: Weights by the names in the file.
        path: The file.

    Raises:
        SourceError: They are of no architecture that is known, or do not fit it.
    """
    beside = Beside.of(path)
    plain = _without_prefix(plain_state(state))
    for recognize in RECOGNIZERS:
        if (known := recognize(plain, beside)) is not None:
            load_state(known.network, known.state, str(path))
            license_ = known.card.license or beside.license or str(beside.pretrained.get("license", ""))
            return published(path, known.network, replace(known.card, license=license_))
    from wholefield.networks.opening.spandrel_networks import spandrel_model

    if (model := spandrel_model(state, path, beside.license)) is not None:
        return model
    names = ", ".join(list(plain)[:3])
    hint = (
        "" if find_spec("spandrel") else ", install wholefield[spandrel] for restoration and super-resolution"
    )
    raise SourceError(
        f"{path} holds weights of an architecture that is not known here ({names}, ...){hint}; {EXPORT}."
    )


def _without_prefix(state: State) -> dict[str, Tensor]:
    """Names without what data-parallel training and wrapping modules put before all of them."""
    for prefix in filter(None, PREFIXES):
        if all(name.startswith(prefix) for name in state):
            return _without_prefix({name.removeprefix(prefix): value for name, value in state.items()})
    return dict(state)


def _imagenet(beside: Beside) -> dict[str, Any]:
    """Normalization of a network that was trained on pictures, as its description says or as usual."""
    mean = tuple(beside.pretrained.get("mean", IMAGENET_MEAN))
    std = tuple(beside.pretrained.get("std", IMAGENET_STD))
    notes = () if "mean" in beside.pretrained else (ASSUMED,)
    return {
        "intensity": tuple(
            Intensity(offset=float(m), divisor=float(s)) for m, s in zip(mean, std, strict=True)
        ),
        "notes": notes,
    }


def _classifier(
    network: nn.Module, state: State, name: str, classes: int, beside: Beside, source: str
) -> Known:
    names = beside.config.get("label_names") or beside.pretrained.get("label_names") or ()
    card = PublishedCard(
        source, name, axes=2, channels=3, gives=Gives.VECTOR, outputs=classes, activation=Activation.SOFTMAX,
        classes=tuple(map(str, names)) if len(names) == classes else (), **_imagenet(beside),
    )  # fmt: skip
    return Known(network, state, card)


def _count(state: State, pattern: str) -> int:
    """How many numbers occur where a pattern has its group."""
    return len({found[1] for name in state if (found := re.match(pattern, name))})


def _resnet(state: State, beside: Beside) -> Known | None:
    first, last = state.get("conv1.weight"), state.get("fc.weight")
    if first is None or last is None or first.shape != (64, 3, 7, 7):
        return None
    depths = tuple(_count(state, rf"layer{stage}\.(\d+)\.") for stage in (1, 2, 3, 4))
    deep = "layer1.0.conv3.weight" in state
    name = RESNETS.get((deep, depths))  # type: ignore[arg-type]
    if name is None or beside.architecture not in ("", name.lower().replace("-", "")):
        # Architectures such as resnetblur50 have the same names, and layers without weights between.
        return None
    network = ResNet(Bottleneck if deep else BasicBlock, depths, last.shape[0])  # type: ignore[arg-type]
    if set(network.state_dict()) - set(state) or not _same_shapes(network, state):
        return None
    return _classifier(network, state, name, last.shape[0], beside, "weights of torchvision or timm")


def _same_shapes(network: nn.Module, state: State) -> bool:
    own = network.state_dict()
    return own.keys() == state.keys() and all(own[name].shape == state[name].shape for name in own)


def _convnext(state: State, beside: Beside) -> Known | None:
    """ConvNeXt with the names of torchvision, or with those of timm."""
    if "stem.0.weight" in state and "stages.0.blocks.0.conv_dw.weight" in state:
        state, source = _from_timm(state), "weights of timm"
    elif "features.1.0.layer_scale" in state:
        source = "weights of torchvision"
    else:
        return None
    last = state.get("classifier.2.weight")
    if last is None:
        return None
    stages = (1, 3, 5, 7)
    depths = tuple(_count(state, rf"features\.{stage}\.(\d+)\.") for stage in stages)
    widths = tuple(len(state.get(f"features.{stage}.0.layer_scale", ())) for stage in stages)
    name = CONVNEXTS.get((widths, depths))  # type: ignore[arg-type]
    if name is None:
        return None
    network = ConvNeXt(widths, depths, num_classes=last.shape[0])
    if not _same_shapes(network, state):
        return None
    return _classifier(network, state, name, last.shape[0], beside, source)


TIMM_NAMES = (
    (r"^stem\.(\d)", r"features.0.\1"),
    (r"^head\.norm\.", "classifier.0."),
    (r"^head\.fc\.", "classifier.2."),
    (r"\.conv_dw\.", ".block.0."),
    (r"\.mlp\.fc1\.", ".block.3."),
    (r"\.mlp\.fc2\.", ".block.5."),
    (r"\.norm\.", ".block.2."),
    (r"\.gamma$", ".layer_scale"),
)


def _from_timm(state: State) -> dict[str, Tensor]:
    """Weights of timm's ConvNeXt under torchvision's names."""
    found: dict[str, Tensor] = {}
    for name, value in state.items():
        if stage := re.match(r"stages\.(\d)\.(downsample|blocks)\.", name):
            index = 2 * int(stage[1]) + (stage[2] == "blocks")
            name = f"features.{index}.{name[stage.end() :]}"
        for pattern, replacement in TIMM_NAMES:
            name = re.sub(pattern, replacement, name)
        found[name] = value[:, None, None] if name.endswith(".layer_scale") and value.ndim == 1 else value
    return found


def _unet(state: State, beside: Beside) -> Known | None:
    first, last = state.get("down.0.0.weight"), state.get("last.weight")
    if first is None or last is None or "up.0.0.weight" not in state:
        return None
    depth = _count(state, r"down\.(\d+)\.") - 1
    axes, channels, outputs = first.ndim - 2, first.shape[1], last.shape[0]
    card = PublishedCard(
        "weights of Wholefield", "U-Net", axes=axes, channels=channels, gives=Gives.CLASSES, outputs=outputs,
        activation=Activation.SOFTMAX, **(_imagenet(beside) if channels == 3 else {}),
    )  # fmt: skip
    return Known(UNet(axes, channels, outputs, first.shape[0], depth), state, card)


def _small(state: State, beside: Beside) -> Known | None:
    first, last = state.get("features.0.weight"), state.get("head.fc.weight")
    if first is None or last is None or first.ndim != 4:
        return None
    network = SmallCNN(first.shape[1], last.shape[0])
    if not _same_shapes(network, state):
        return None
    return _classifier(network, state, "Small CNN", last.shape[0], beside, "weights of Wholefield")


def _msd(state: State, beside: Beside) -> Known | None:
    del beside
    try:
        settings = read_settings(state)
    except CheckpointError:
        return None
    labels = settings.task is Task.SEGMENTATION
    card = PublishedCard(
        "weights of a mixed-scale dense network", f"MSD, depth {settings.depth}", axes=settings.ndim,
        channels=settings.c_in, gives=Gives.CLASSES if labels else Gives.IMAGE, outputs=settings.c_out,
        unit_scale=False, notes=("The file does not say its dilations; 1 to 10 are assumed.",),
    )  # fmt: skip
    return Known(MSDNetwork.of(settings), state, card)


def _timm(state: State, beside: Beside) -> Known | None:
    """Any network of timm, where its name lies beside the weights and the package is installed."""
    name = beside.architecture
    if not re.fullmatch(r"\w+", name) or find_spec("timm") is None:
        return None
    from wholefield.networks.opening.extras import extra

    timm = extra("timm", "timm", f"A network of timm ({name})")
    if not timm.is_model(name):
        return None
    classes, channels = (
        int(beside.config.get("num_classes", 1000)),
        int(beside.pretrained.get("input_size", [3])[0]),
    )
    network: nn.Module = timm.create_model(name, pretrained=False, num_classes=classes, in_chans=channels)
    known = _classifier(network, state, name, classes, beside, "weights of timm")
    return replace(known, card=replace(known.card, channels=channels))


RECOGNIZERS: tuple[Callable[[State, Beside], Known | None], ...] = (
    _resnet, _convnext, _unet, _small, _msd, _timm,
)  # fmt: skip
