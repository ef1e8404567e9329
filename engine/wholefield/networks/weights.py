"""Published weights: where their files are, and loading them into networks of the same layout."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from wholefield.errors import SourceError

DEFAULT = "DEFAULT"
HOST = "https://download.pytorch.org/models"

Weights = str | Path | Mapping[str, Tensor] | None


def load_weights(network: nn.Module, weights: Weights, published: str | None, head: str) -> None:
    """Load weights into a network; every name and shape must fit.

    Only the head may differ in its number of classes: the network then keeps its fresh head.

    Args:
        network: the network.
        weights: a file, the mapping that such a file holds, "DEFAULT" for the published file, or None.
        published: file name of the pretrained weights; None where there are none.
        head: prefix of the parameters of the head, such as `fc.`.

    Raises:
        SourceError: the file is missing or unreadable, or does not belong to this network.
    """
    if weights is None:
        return
    origin, state = _read(weights, published)
    own = network.state_dict()
    for name in [name for name in state if name.startswith(head)]:
        if (
            name in own
            and own[name].shape[1:] == state[name].shape[1:]
            and own[name].shape != state[name].shape
        ):
            state[name] = own[name]
    try:
        network.load_state_dict(state, strict=True)
    except RuntimeError as error:
        detail = " ".join(str(error).split())[:300]
        raise SourceError(f"{origin} does not fit {type(network).__name__}: {detail}") from error


def _read(weights: str | Path | Mapping[str, Tensor], published: str | None) -> tuple[str, dict[str, Tensor]]:
    if isinstance(weights, Mapping):
        return "The given state dict", dict(weights)
    if weights == DEFAULT and published is None:
        raise SourceError("This model has no pretrained weights; give a file, or start without weights.")
    path = published_file(published) if published and weights == DEFAULT else Path(weights)
    if not path.is_file():
        raise SourceError(f"The weights file {path} does not exist; choose an existing one.")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        # torch raises many unrelated types for a damaged file.
        raise SourceError(f"{path} is not a readable PyTorch weights file; download it again.") from error
    if not isinstance(state, Mapping) or not all(isinstance(value, Tensor) for value in state.values()):
        raise SourceError(f"{path} holds no plain state dict; save network.state_dict() into it.")
    return str(path), dict(state)


def published_file(name: str) -> Path:
    """The place of a pretrained weights file: the cache folder of torch.hub, shared with torchvision.

    Raises:
        SourceError: it is not there; the sentence says what to download and where to put it. Nothing is
            downloaded unasked.
    """
    path = Path(torch.hub.get_dir()) / "checkpoints" / name
    if not path.is_file():
        raise SourceError(
            f"The pretrained weights are not on this machine; download {HOST}/{name} and put it at {path}."
        )
    return path
