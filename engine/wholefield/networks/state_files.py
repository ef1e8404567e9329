"""Weights in files: nested, prefixed, in half precision or as safetensors; nothing in a file is executed."""

import pickle
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from wholefield.errors import SourceError

NESTED = ("state_dict", "model_state_dict", "model", "params_ema", "params", "network", "net", "weights")
"""Keys under which training programs keep the weights, the likeliest first."""
PREFIXES = ("", "module.", "_orig_mod.", "model.", "network.", "net.")
"""What data-parallel training, compilation and wrapping modules put before names; two of them may follow each other."""
MOST_SHOWN = 3
# Single numbers of numpy, which training programs keep beside the weights: bytes and a type, nothing that runs.
NUMBERS: list[Any] = [
    np.float64(0).__reduce__()[0],
    np.dtype,
    *(type(np.dtype(kind)) for kind in ("f2", "f4", "f8", "i4", "i8", "?")),
]


def read_content(path: Path) -> Mapping[str, Any]:
    """What a file of torch or safetensors holds.

    Args:
        path: The file.

    Raises:
        SourceError: It is missing or damaged, or holds objects that could run code.
    """
    if not path.is_file():
        raise SourceError(f"The checkpoint {path} does not exist; choose an existing one.")
    try:
        if _is_safetensors(path):
            from safetensors.torch import load_file

            return dict(load_file(path))
        with torch.serialization.safe_globals(NUMBERS):
            content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if found := re.search(r"[Uu]nsupported (?:global: )?GLOBAL (\S+)", str(error)):
            raise SourceError(
                f"{path} holds objects besides weights ({found[1]}), which are not loaded because they could run "
                "code; save network.state_dict() alone."
            ) from error
        raise SourceError(f"{path} is not a readable checkpoint; choose another.") from error
    except Exception as error:
        # Both libraries raise many unrelated types for a damaged file.
        raise SourceError(f"{path} is not a readable checkpoint; choose another.") from error
    if not isinstance(content, Mapping):
        raise SourceError(f"{path} is not a checkpoint; choose another.")
    return content


def state_in(content: Mapping[str, Any], origin: str) -> dict[str, Tensor]:
    """The weights in what a file holds, by the names that they have there.

    Args:
        content: What the file holds: weights by name, or a mapping with them under a customary key.
        origin: The file, for the errors.

    Raises:
        SourceError: It holds no weights, or several sets of them.
    """
    if _are_weights(content):
        return dict(content)
    found = {key: content[key] for key in NESTED if _are_weights(content.get(key))}
    if "params_ema" in found:
        # Super-resolution networks are published with the averaged weights beside those of the last step.
        found.pop("params", None)
    if len(found) > 1:
        raise SourceError(
            f"{origin} holds several sets of weights ({', '.join(found)}); save the one that you mean alone."
        )
    if not found:
        raise SourceError(
            f"{origin} holds no weights; choose a checkpoint, or a file made of network.state_dict()."
        )
    return dict(next(iter(found.values())))


def fitted(state: Mapping[str, Tensor], names: Iterable[str]) -> dict[str, Tensor]:
    """Weights by the names of a network: without the prefix that most of them have in the file.

    Where a prefix goes, weights without it are those of other modules, such as a loss, and are left out.

    Args:
        state: Weights by the names in the file.
        names: Names of the parameters of the network.
    """
    own = set(names)

    def matches(prefix: str) -> int:
        return sum(name.startswith(prefix) and name[len(prefix) :] in own for name in state)

    prefixes = ["".join(pair) for pair in product(PREFIXES, repeat=2)]
    best = max(prefixes, key=lambda prefix: (matches(prefix), -len(prefix)))
    return {name[len(best) :]: value for name, value in state.items() if name.startswith(best)}


def load_state(network: nn.Module, state: Mapping[str, Tensor], origin: str) -> None:
    """Put weights into a network; all names and shapes must fit, types of floating-point numbers need not.

    Args:
        network: The network.
        state: Weights by the names in a file.
        origin: Where they come from, for the errors.

    Raises:
        SourceError: They do not fit, or are not finite.
    """
    own = network.state_dict()
    given = fitted(state, own)
    if fault := mismatch(own, given):
        raise SourceError(f"{origin} does not fit {type(network).__name__}: {fault}.")
    strange = [name for name, value in given.items() if not torch.isfinite(value).all()]
    if strange:
        raise SourceError(
            f"{origin} holds weights that are not finite ({_examples(strange)}); its training diverged. Choose another."
        )
    network.load_state_dict(given)


def mismatch(own: Mapping[str, Tensor], given: Mapping[str, Tensor]) -> str:
    """How weights differ from what a network has, with three examples of each kind; empty where they fit."""
    missing = [name for name in own if name not in given]
    unknown = [name for name in given if name not in own]
    both = [name for name in own if name in given]
    shapes = [
        f"{name} is {_size(given[name])} instead of {_size(own[name])}"
        for name in both
        if given[name].shape != own[name].shape
    ]
    types = [
        f"{name} is {str(given[name].dtype).removeprefix('torch.')}"
        for name in both
        if own[name].is_floating_point() and not given[name].is_floating_point()
    ]
    kinds = (
        (missing, "missing"),
        (unknown, "not known to it"),
        (shapes, "of another shape"),
        (types, "not floating-point numbers"),
    )
    return "; ".join(
        f"{len(found)} of {len(given) if word == 'not known to it' else len(own)} parameters are {word} "
        f"({_examples(found)})"
        for found, word in kinds
        if found
    )


def _examples(found: Sequence[str]) -> str:
    more = f" and {len(found) - MOST_SHOWN} more" if len(found) > MOST_SHOWN else ""
    return f"{', '.join(found[:MOST_SHOWN])}{more}"


def _size(tensor: Tensor) -> str:
    return " x ".join(map(str, tensor.shape)) or "a single number"


def _are_weights(value: Any) -> bool:
    return (
        isinstance(value, Mapping)
        and bool(value)
        and all(isinstance(each, Tensor) for each in value.values())
    )


def _is_safetensors(path: Path) -> bool:
    """By the length of a header that begins with a brace; a zip or pickle has no such beginning."""
    with path.open("rb") as file:
        head = file.read(9)
    return len(head) == 9 and head[8:] == b"{" and int.from_bytes(head[:8], "little") < path.stat().st_size
