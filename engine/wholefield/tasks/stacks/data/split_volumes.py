"""Noise2Inverse with networks over volumes: pairs to train on, and the mean of what every part gives."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from wholefield.networks.msd.network import MSDNetwork
from wholefield.networks.msd.scaling import filled
from wholefield.runs.eta import PartCounter
from wholefield.tasks.stacks.inference.scratch import ScratchVolume
from wholefield.tasks.stacks.inference.volumes import volume_blocks, volume_windows
from wholefield.tomography.enums import Strategy
from wholefield.tomography.noise2inverse import SplitReconstructions, pair_of

WHOLE = slice(None)


def read_volume(
    parts: SplitReconstructions, slices: range, rows: slice = WHOLE, columns: slice = WHOLE
) -> Tensor:
    """A box of all reconstructions: (K, slices, rows, columns)."""
    return torch.stack([parts.read(at, rows, columns) for at in slices], 1)


@dataclass(frozen=True)
class SplitVolumePairs:
    """Every part of some runs of slices as a pair.

    Attributes:
        parts: the reconstructions.
        strategy: what is input and what target.
        runs: the runs of slices.
    """

    parts: SplitReconstructions
    strategy: Strategy
    runs: Sequence[range]

    def __len__(self) -> int:
        return self.parts.shape[0] * len(self.runs)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        return self.read(index, (slice(0, self.spatial(index)[0]), WHOLE, WHOLE))

    def spatial(self, index: int) -> tuple[int, ...]:
        """(slices, rows, columns)."""
        return (len(self.runs[index % len(self.runs)]), *self.parts.shape[2:])

    def read(self, index: int, window: tuple[slice, ...]) -> tuple[Tensor, Tensor]:
        """A window (slices, rows, columns) of a pair: two tensors (1, slices, rows, columns)."""
        part, run = divmod(index, len(self.runs))
        slices, rows, columns = window
        volumes = read_volume(self.parts, self.runs[run][slices], rows, columns)
        image, target = pair_of(volumes, part, self.strategy)
        return image[None], target[None]


def denoise_volume(
    model: MSDNetwork,
    parts: SplitReconstructions,
    strategy: Strategy,
    result: ScratchVolume,
    counter: PartCounter,
) -> None:
    """Add up the mean of the network's outputs for all parts, one part after the other.

    Where the reconstructions are not finite the network is given the mean.

    Args:
        model: the network, over volumes.
        parts: the reconstructions.
        strategy: the one that it was trained with.
        result: where the mean goes; zeros at first.
        counter: told of every part; obeyed between slabs.

    Raises:
        StopAndKeep, Discarded: the control asked for it.
    """
    count, *shape = parts.shape
    cut = volume_windows(model, shape)
    for part in range(count):

        def read(slices: slice, rows: slice, columns: slice, part: int = part) -> Tensor:
            counter.poll()
            volumes = read_volume(parts, range(slices.start, slices.stop), rows, columns)
            return filled(model.scale_in, pair_of(volumes, part, strategy)[0][None])

        for block in volume_blocks(model, read, shape, cut):
            result.add(block.box, block.values[0].float().cpu().numpy() / count)
        counter.done(part + 1)
