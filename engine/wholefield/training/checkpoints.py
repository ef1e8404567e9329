"""Reading checkpoints of training runs: what was trained, for which task, and its weights."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from wholefield.errors import SourceError

SPEC = "wholefield"
"""Where a checkpoint keeps the description of its model."""
PREFIX = "network."


def read_checkpoint(path: Path) -> Mapping[str, Any]:
    """Read a checkpoint of a training run.

    Raises:
        SourceError: the file is missing, damaged or something else.
    """
    if not path.is_file():
        raise SourceError(f"The checkpoint {path} does not exist; choose an existing one.")
    try:
        # Weights only: a checkpoint from elsewhere must not be able to run code.
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        # torch raises many unrelated types for a damaged file.
        raise SourceError(f"{path} is not a readable checkpoint; choose another.") from error
    if not isinstance(content, dict) or "state_dict" not in content or "task" not in content.get(SPEC, ()):
        raise SourceError(
            f"{path} is not a checkpoint of a training run; choose best.ckpt or last.ckpt of one."
        )
    return content


def weights_of(content: Mapping[str, Any]) -> dict[str, Tensor]:
    """The weights of the network, under its own names."""
    return {
        name.removeprefix(PREFIX): value
        for name, value in content["state_dict"].items()
        if name.startswith(PREFIX)
    }


def load_into(network: torch.nn.Module, content: Mapping[str, Any], path: Path) -> None:
    """Put the weights of a checkpoint into a network.

    Raises:
        SourceError: they do not fit.
    """
    try:
        network.load_state_dict(weights_of(content))
    except RuntimeError as error:
        name = type(network).__name__
        raise SourceError(f"The weights in {path} do not fit the model {name}; train it again.") from error
