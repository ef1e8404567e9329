"""What networks over stacks are trained on: pairs of an input and a target, of which a crop is read, in batches."""

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from wholefield.training.augmentation import draw_orientation, oriented
from wholefield.training.settings import Augmentation
from wholefield.training.visits import Visits

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


@runtime_checkable
class PlacedPairs(Protocol):
    """Pairs that say themselves where their crops are taken, such as around labels."""

    def window(self, index: int, crop: int | None, random: np.random.Generator) -> tuple[slice, ...]:
        """A range along each spatial axis of a pair, `crop` long at most."""


class PairLoader(Visits[Pair]):
    """Visits pairs, whole or as random crops, flipped and rotated alike; pairs of different sizes are not put together.

    Args:
        pairs: The pairs; where they can be read in parts, nothing but the crops is read.
        crop: Side of random squares (cubes); None for whole pairs. Smaller axes are taken whole.
        augmentation: How pairs are flipped and rotated.
        batch_size: Pairs of a batch.
        repeats: Visits to each pair in an epoch.
        seed: Seed of the order and of what is random; None keeps the order.
    """

    def __init__(
        self,
        pairs: Pairs,
        *,
        crop: int | None = None,
        augmentation: Augmentation = Augmentation.NONE,
        batch_size: int = 1,
        repeats: int = 1,
        seed: int | None = None,
    ) -> None:
        super().__init__(len(pairs), repeats, seed, batch_size)
        self._pairs, self._crop, self._augmentation = pairs, crop, augmentation

    def item(self, row: int, place: int, files: ExitStack) -> Pair:
        """A pair, cropped, flipped and rotated as drawn for its place."""
        pairs, random = self._pairs, self.random(place)
        if isinstance(pairs, PartialPairs):
            window = (
                pairs.window(row, self._crop, random)
                if isinstance(pairs, PlacedPairs)
                else random_window(pairs.spatial(row), self._crop, random)
            )
            image, target = pairs.read(row, window)
        else:
            image, target = pairs[row]
            part = (slice(None), *random_window(image.shape[1:], self._crop, random))
            image, target = image[part], target[part]
        orientation = draw_orientation(self._augmentation, random)
        upside_down = image.ndim == 4 and self._augmentation.flips and bool(random.integers(2))
        turned = (oriented(each, orientation) for each in (image, target))
        image, target = ((each.flip(1) if upside_down else each).contiguous() for each in turned)
        return image, target

    def batch(self, items: list[Pair]) -> list[Pair]:
        """Pairs stacked to batches of one size each, (batch, channels, [slice,] row, column)."""
        sizes: dict[torch.Size, list[Pair]] = {}
        for image, target in items:
            sizes.setdefault(image.shape, []).append((image, target))
        return [
            (torch.stack([image for image, _ in same]), torch.stack([target for _, target in same]))
            for same in sizes.values()
        ]


def random_window(spatial: Sequence[int], crop: int | None, random: np.random.Generator) -> tuple[slice, ...]:
    """A range along each axis, `crop` long at most, at a random place."""
    lengths = [length if crop is None else min(crop, length) for length in spatial]
    starts = [
        int(random.integers(whole - length + 1)) for whole, length in zip(spatial, lengths, strict=True)
    ]
    return tuple(slice(start, start + length) for start, length in zip(starts, lengths, strict=True))


def window_around(
    place: Sequence[int], spatial: Sequence[int], crop: int, random: np.random.Generator
) -> tuple[slice, ...]:
    """A range along each axis, `crop` long at most, at a random place among those that hold a position.

    Args:
        place: The position.
        spatial: Length of each axis.
        crop: Length of the ranges; smaller axes are taken whole.
        random: Draws the place.
    """
    ranges = []
    for at, whole in zip(place, spatial, strict=True):
        length = min(crop, whole)
        low, high = max(at - length + 1, 0), min(at, whole - length)
        start = int(random.integers(low, high + 1))
        ranges.append(slice(start, start + length))
    return tuple(ranges)
