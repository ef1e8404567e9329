"""Drawing the same random numbers again when a tile is recomputed."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor


def random_state(device: torch.device) -> Tensor:
    """The state of the generator that operations on a device draw from."""
    return torch.cuda.get_rng_state(device) if device.type == "cuda" else torch.get_rng_state()


@contextmanager
def drawing_from(state: Tensor | None, device: torch.device) -> Iterator[None]:
    """Draw from an earlier state inside the block, and leave the generator as it was; None changes nothing."""
    if state is None:
        yield
        return
    now = random_state(device)
    _set_random_state(state, device)
    try:
        yield
    finally:
        _set_random_state(now, device)


def _set_random_state(state: Tensor, device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.set_rng_state(state, device)
    else:
        torch.set_rng_state(state)
