"""Files of torch.save opened as models: checkpoints of every training task, and weights of known architectures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from torch import nn

from wholefield.errors import SourceError
from wholefield.networks.msd.network import MSDNetwork
from wholefield.networks.opening.card import Activation, Gives, Intensity, PublishedCard
from wholefield.networks.opening.model import PublishedModel, published
from wholefield.networks.opening.states import model_of
from wholefield.networks.state_files import read_content, state_in
from wholefield.sources.choices import Reading
from wholefield.tasks.slides.models.classifier import build_network
from wholefield.tasks.slides.models.segmenter import build_segmenter
from wholefield.training.checkpoints import CARD, FORMER_CARD, card_in, load_into
from wholefield.training.model_card import ModelCard


def open_torch(path: Path, reading: Reading) -> PublishedModel:
    """Open a file of torch.save.

    Raises:
        SourceError: It is damaged, of no known architecture, or holds objects that could run code.
    """
    del reading
    content = read_content(path)
    if CARD in content or FORMER_CARD in content:
        return _own(path, content)
    return model_of(state_in(content, str(path)), path)


def _own(path: Path, content: Mapping[str, Any]) -> PublishedModel:
    """A checkpoint of a training run with its card.

    Raises:
        SourceError: It is incomplete, or of a task whose networks are used on recordings only.
    """
    card = card_in(content, path)
    if card.task not in BUILDERS:
        raise SourceError(
            f"{path} is a checkpoint of the task {card.task}; choose it in the workspace of that task instead."
        )
    network = BUILDERS[card.task](card, content, path)
    return published(path, network, _card(card, network))


def _slides(
    build: Callable[[ModelCard], nn.Module],
) -> Callable[[ModelCard, Mapping[str, Any], Path], nn.Module]:
    def built(card: ModelCard, content: Mapping[str, Any], path: Path) -> nn.Module:
        network = build(card)
        load_into(network, content, path)
        return network

    return built


def _msd(card: ModelCard, content: Mapping[str, Any], path: Path) -> nn.Module:
    del card, content
    return MSDNetwork.from_checkpoint(path)


BUILDERS = {
    "classify": _slides(build_network),
    "segment": _slides(build_segmenter),
    **dict.fromkeys(("stack-regression", "stack-segmentation", "noise2inverse"), _msd),
}
GIVES = {"classify": Gives.VECTOR, "segment": Gives.CLASSES, "stack-segmentation": Gives.CLASSES}


def _card(card: ModelCard, network: nn.Module) -> PublishedCard:
    given = card.input
    stacks = isinstance(network, MSDNetwork)
    axes = network.ndim if isinstance(network, MSDNetwork) else 2
    outputs = network.c_out if isinstance(network, MSDNetwork) else len(card.classes)
    intensity = tuple(Intensity(offset=m, divisor=s) for m, s in zip(given.mean, given.std, strict=True))
    found = PublishedCard(
        f"checkpoint of Wholefield, task {card.task}", card.architecture, axes=axes,
        channels=given.channels * given.slices, gives=GIVES.get(card.task, Gives.IMAGE), outputs=outputs,
        unit_scale=not stacks, classes=card.names, values=card.values, spacing=given.spacing, unit=given.unit,
        slices=given.slices, license=card.license, more={"trained epochs": str(card.epoch)},
        activation=Activation.NONE if stacks else Activation.SOFTMAX,
    )  # fmt: skip
    return replace(found, intensity=intensity) if intensity else found
