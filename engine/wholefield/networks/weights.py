"""Published weights: where their files are, and loading them into networks of the same layout."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from wholefield.errors import SourceError
from wholefield.networks.state_files import fitted, load_state, read_content, state_in

DEFAULT = "DEFAULT"
HOST = "https://download.pytorch.org/models"

Weights = str | Path | Mapping[str, Tensor] | None


def load_weights(network: nn.Module, weights: Weights, published: str | None, head: str) -> None:
    """Load weights into a network; every name and shape must fit, see `wholefield.networks.state_files`.

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
    state = fitted(state, own)
    for name in [name for name in state if name.startswith(head)]:
        if (
            name in own
            and own[name].shape[1:] == state[name].shape[1:]
            and own[name].shape != state[name].shape
        ):
            state[name] = own[name]
    load_state(network, state, origin)


def _read(weights: str | Path | Mapping[str, Tensor], published: str | None) -> tuple[str, dict[str, Tensor]]:
    if isinstance(weights, Mapping):
        return "The given state dict", dict(weights)
    if weights == DEFAULT and published is None:
        raise SourceError("This model has no pretrained weights; give a file, or start without weights.")
    path = published_file(published) if published and weights == DEFAULT else Path(weights)
    return str(path), state_in(read_content(path), str(path))


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
