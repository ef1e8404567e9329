"""What networks are trained on: pairs of an input and a target, whole or only the part that is asked for."""

from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from wholefield.training.crops import Augmentation, augment, draw

Pair = tuple[Tensor, Tensor]
"""Input and target, each (channels, [slice,] row, column)."""


class Pairs(Protocol):
    """A sequence of pairs, such as an ImageDataset or a list."""

    def __len__(self) -> int:
        """Number of pairs."""

    def __getitem__(self, index: int, /) -> Pair:
        """A whole pair."""


@runtime_checkable
class PartialPairs(Protocol):
    """Pairs that are read from files, of which a crop needs only a part."""

    def spatial(self, index: int) -> tuple[int, ...]:
        """([slices,] rows, columns) of a pair."""

    def read(self, index: int, window: tuple[slice, ...]) -> Pair:
        """A range along each spatial axis of a pair."""


def vary(pairs: Pairs, index: int, settings: Augmentation, generator: torch.Generator) -> Pair:
    """A pair, augmented; where pairs can be read in parts, nothing but its crop is read."""
    if not isinstance(pairs, PartialPairs):
        return augment(*pairs[index], settings, generator)
    variation = draw(pairs.spatial(index), settings, generator)
    image, target = pairs.read(index, variation.window)
    return variation.turn(image), variation.turn(target)
