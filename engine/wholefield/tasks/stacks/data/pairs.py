"""Pairs of an input and a target read straight from stacks, no more than a crop of them where that is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from wholefield.sources.stacks.stack import StackSource
from wholefield.training.label_values import LabelSet
from wholefield.training.pairs import random_window, window_around

WHOLE = slice(None)


def slab_around(
    stack: StackSource, at: int, slab: int, rows: slice = WHOLE, columns: slice = WHOLE
) -> Tensor:
    """A slice and its neighbors as channels, reflected symmetrically at the ends of the stack.

    Args:
        stack: the stack.
        at: the slice in the middle.
        slab: slices in all, odd.
        rows: range of rows.
        columns: range of columns.

    Returns:
        (slab * channels, rows, columns), float32; the channels of a slice follow each other.
    """
    reach, count = slab // 2, stack.shape[0]
    wanted = [reflected(z, count) for z in range(at - reach, at + reach + 1)]
    first = min(wanted)
    voxels = stack.read(slice(first, max(wanted) + 1), rows, columns)
    chosen = voxels[[z - first for z in wanted]]
    if stack.channels > 1:
        chosen = np.moveaxis(chosen, -1, 1).reshape(-1, *chosen.shape[1:3])
    return torch.from_numpy(chosen.astype(np.float32))


def reflected(index: int, count: int) -> int:
    """A position outside of 0 to count - 1 as its mirror image inside: -1 is 0, count is count - 1."""
    index %= 2 * count
    return index if index < count else 2 * count - 1 - index


def volume_of(stack: StackSource, slices: slice, rows: slice = WHOLE, columns: slice = WHOLE) -> Tensor:
    """A box of a stack: (channels, slices, rows, columns), float32."""
    voxels = stack.read(slices, rows, columns)
    voxels = np.moveaxis(voxels, -1, 0) if stack.channels > 1 else voxels[None]
    return torch.from_numpy(voxels.astype(np.float32))


@dataclass(frozen=True)
class Target:
    """What the network shall give: numbers, or the classes of labels.

    Attributes:
        stack: where it is read from.
        labels: the labels; None for numbers.
        labeled: the slices that have a label which counts; None for all.
    """

    stack: StackSource
    labels: LabelSet | None = None
    labeled: frozenset[int] | None = None

    def read(self, slices: slice, rows: slice = WHOLE, columns: slice = WHOLE) -> Tensor:
        """A box: (1, slices, rows, columns), float32 or int64."""
        voxels = self.stack.read(slices, rows, columns)[None]
        if self.labels is None:
            return torch.from_numpy(voxels.astype(np.float32))
        place = f"{self.stack.name}, slices {slices.start} to {slices.stop - 1},"
        return torch.from_numpy(self.labels.classes(voxels, place))


@dataclass(frozen=True)
class SlicePairs:
    """Slices, each with its neighbors as channels.

    Attributes:
        stack: the inputs.
        target: the targets.
        slices: the slices to use.
        slab: slices that make an input.
    """

    stack: StackSource
    target: Target
    slices: Sequence[int]
    slab: int = 1

    def __len__(self) -> int:
        return len(self.slices)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        return self.read(index, (WHOLE, WHOLE))

    def spatial(self, index: int) -> tuple[int, ...]:
        """(rows, columns)."""
        return self.stack.shape[1:]

    def window(self, index: int, crop: int | None, random: np.random.Generator) -> tuple[slice, ...]:
        """A random window (rows, columns), `crop` long at most, with a label in it where not all voxels have one."""
        spatial = self.spatial(index)
        labels = self.target.labels
        if crop is None or labels is None or not labels.ignored:
            return random_window(spatial, crop, random)
        at = self.slices[index]
        classes = self.target.read(slice(at, at + 1))[0, 0].numpy()
        places = np.argwhere(classes != labels.ignored_class)
        if not len(places):
            return random_window(spatial, crop, random)
        return window_around(places[random.integers(len(places))].tolist(), spatial, crop, random)

    def read(self, index: int, window: tuple[slice, ...]) -> tuple[Tensor, Tensor]:
        """A window (rows, columns) of a pair."""
        at, (rows, columns) = self.slices[index], window
        image = slab_around(self.stack, at, self.slab, rows, columns)
        return image, self.target.read(slice(at, at + 1), rows, columns)[:, 0]


@dataclass(frozen=True)
class VolumePairs:
    """Runs of slices as volumes.

    Attributes:
        stack: the inputs.
        target: the targets.
        runs: the runs of slices to use.
    """

    stack: StackSource
    target: Target
    runs: Sequence[range]

    def __len__(self) -> int:
        return len(self.runs)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        return self.read(index, (slice(0, len(self.runs[index])), WHOLE, WHOLE))

    def spatial(self, index: int) -> tuple[int, ...]:
        """(slices, rows, columns)."""
        return (len(self.runs[index]), *self.stack.shape[1:])

    def read(self, index: int, window: tuple[slice, ...]) -> tuple[Tensor, Tensor]:
        """A window (slices, rows, columns) of a pair."""
        slices, rows, columns = window
        first = self.runs[index].start
        box = slice(first + slices.start, first + slices.stop), rows, columns
        return volume_of(self.stack, *box), self.target.read(*box)
