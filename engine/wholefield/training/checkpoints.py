"""Checkpoints of training runs: the card of the network, its weights, and weights to start from."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from wholefield.errors import SettingError, SourceError
from wholefield.networks.state_files import load_state, read_content, state_in
from wholefield.runs.folder import RunFolder
from wholefield.sources import Kind, kind_of
from wholefield.training.kept_split import KeptSplit, kept_split
from wholefield.training.model_card import TRAINING, VALIDATION, ModelCard, demand_same

CARD = "wholefield"
"""Where a checkpoint keeps the card of its network."""
FORMER_CARD = "tessera"
PREFIX = "network."


def read_checkpoint(path: Path) -> Mapping[str, Any]:
    """Read a checkpoint of a training run.

    Raises:
        SourceError: The file is missing, damaged or something else.
    """
    content = read_content(path)
    if "state_dict" not in content or "task" not in content.get(CARD, content.get(FORMER_CARD, ())):
        raise SourceError(
            f"{path} is not a checkpoint of a training run; choose best.ckpt or last.ckpt of one."
        )
    return content


def is_own_checkpoint(path: Path) -> bool:
    """Whether a file is a checkpoint of a training run, and not any other model.

    Raises:
        SourceError: It is missing or damaged, or holds objects that could run code.
    """
    named = path.suffix.lower()
    if path.is_dir() or not (named == ".ckpt" or (named in (".pt", ".pth") and kind_of(path) is Kind.MODEL)):
        return False
    content = read_content(path)
    return CARD in content or FORMER_CARD in content


def card_in(content: Mapping[str, Any], path: Path) -> ModelCard:
    """The card in what a checkpoint holds.

    Raises:
        SourceError: It is incomplete, or that of something else.
    """
    try:
        return ModelCard.from_plain(content[CARD if CARD in content else FORMER_CARD])
    except (KeyError, TypeError, ValueError) as error:
        raise SourceError(f"{path} describes its network incompletely ({error}); train it again.") from error


def card_of(path: Path) -> ModelCard:
    """The card of a checkpoint.

    Raises:
        SourceError: The file is missing, damaged or something else.
    """
    return card_in(read_checkpoint(path), path)


def load_into(network: nn.Module, content: Mapping[str, Any], path: Path) -> None:
    """Put the weights of a checkpoint into a network.

    Raises:
        SourceError: They do not fit.
    """
    load_state(network, _weights(content), str(path))


def starting_weights(path: Path) -> dict[str, Tensor]:
    """The weights in a file to start from: of a run, of another program, or bare, see `networks.state_files`.

    Raises:
        SourceError: The file is missing, damaged or holds no weights.
    """
    content = read_content(path)
    if CARD in content or FORMER_CARD in content:
        content = {"state_dict": _weights(content)}
    return state_in(content, str(path))


def start_from(network: nn.Module, path: Path) -> None:
    """Put weights to start from into a network.

    Raises:
        SourceError: The file is missing, damaged, or of a network of another shape.
    """
    load_state(network, starting_weights(path), str(path))


def continues(folder: RunFolder, card: ModelCard) -> bool:
    """Whether an earlier part of a run is continued.

    Raises:
        SettingError: The earlier part trained another network, or was made by a version that saved no progress.
    """
    if not folder.last.exists():
        return False
    content = read_checkpoint(folder.last)
    demand_same(card_in(content, folder.last), card, folder.path)
    if "loops" not in content:
        raise SettingError(
            f"The run in {folder.path} was started by an earlier version and cannot be continued; "
            f"start a new run with {folder.last} as initial_weights."
        )
    return True


def earlier_split(folder: RunFolder) -> KeptSplit | None:
    """What the earlier part of a run was trained on and validated with; None where there is none, or it does not say.

    Runs of before kept no split, but their checkpoints name the files.

    Raises:
        WholefieldError: The split or the checkpoint is damaged.
    """
    if not folder.last.exists():
        return None
    kept = kept_split(folder)
    if kept is not None:
        return kept
    data = card_of(folder.last).data
    sides = [tuple(each.name for each in data if each.use == use) for use in (TRAINING, VALIDATION)]
    divided = any(each.part for each in data) or set(sides[0]) & set(sides[1])
    return None if divided or not all(sides) else KeptSplit(*sides)


def _weights(content: Mapping[str, Any]) -> dict[str, Tensor]:
    state = content["state_dict"]
    named = {name.removeprefix(PREFIX): value for name, value in state.items() if name.startswith(PREFIX)}
    return named or dict(state)
