"""Networks for restoration and super-resolution, built by the package spandrel from the names and shapes of weights."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from wholefield.errors import SourceError
from wholefield.networks.opening.card import Gives, PublishedCard
from wholefield.networks.opening.extras import extra
from wholefield.networks.opening.model import PublishedModel, published

PURPOSES = {"SR": "super-resolution", "FaceSR": "super-resolution of faces", "Restoration": "restoration"}


def spandrel_model(state: Mapping[str, Tensor], path: Path, license_: str = "") -> PublishedModel | None:
    """The network that weights belong to, built by spandrel; None where it is not installed or does not know them.

    Args:
        state: Weights by name, read already: spandrel opens no file.
        path: Where they come from.
        license_: What is known of their license.

    Raises:
        SourceError: spandrel knows the architecture and fails to build it.
    """
    if find_spec("spandrel") is None:
        return None
    spandrel = extra("spandrel", "spandrel", str(path))
    try:
        described: Any = spandrel.MAIN_REGISTRY.load(spandrel.canonicalize_state_dict(dict(state)))
    except spandrel.UnsupportedModelError:
        return None
    except Exception as error:  # weights that only look like those of an architecture
        raise SourceError(
            f"{path} looks like weights for restoration, and spandrel cannot build their network "
            f"({type(error).__name__}: {error}); choose another file."
        ) from error
    network: nn.Module = described.model
    card = PublishedCard(
        "weights known to spandrel", str(described.architecture.name), axes=2, channels=described.input_channels,
        gives=Gives.IMAGE, outputs=described.output_channels, license=license_,
        more={"purpose": PURPOSES.get(described.purpose, str(described.purpose))} | _tags(described),
    )  # fmt: skip
    return published(path, network, card)


def _tags(described: Any) -> dict[str, str]:
    tags = ", ".join(map(str, described.tags))
    return {"variant": tags} if tags else {}
