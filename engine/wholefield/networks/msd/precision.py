"""Autocast around a network: the kernel keeps to the precision of the parameters."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor


@contextmanager
def own_precision(image: Tensor, weights: Sequence[Tensor]) -> Iterator[Tensor]:
    """Give the image in the precision of the weights, and turn autocast off; without autocast give it as it is.

    Sums over hundreds of channels would lose digits in the types that autocast chooses; a network converted with
    .bfloat16() takes half the memory without that loss.
    """
    kind = image.device.type
    if not torch.is_autocast_enabled(kind):
        yield image
        return
    with torch.autocast(kind, enabled=False):
        yield image.to(weights[0].dtype) if weights else image
