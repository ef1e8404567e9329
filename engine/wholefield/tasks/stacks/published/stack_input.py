"""A stack as a published network takes it: slices or volumes, intensities normalized, sizes filled up to multiples."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from wholefield.networks.opening import Intensity, Measured, PublishedCard
from wholefield.progress import ProgressCallback
from wholefield.sources.stacks.stack import StackSource
from wholefield.streaming.geometry.spans import Spans
from wholefield.tasks.applying import AnyArray, Measurement, mirrored, normalized
from wholefield.tasks.stacks.data.pairs import slab_around, volume_of

Box = tuple[tuple[int, int], ...]


class StackInput:
    """Slices around one, or a whole volume, read box by box; what is beyond a far end is mirrored.

    Attributes:
        size: Voxels along the axes of the network.
        shape: (1, channels, *size), filled up to multiples.
        device: Where the voxels go.
        dtype: Their type.
    """

    def __init__(
        self,
        stack: StackSource,
        card: PublishedCard,
        intensity: Sequence[Intensity],
        like: Tensor,
        at: int | None,
    ) -> None:
        """Nothing is read yet; `at` is the slice in the middle, or None for a volume."""
        self.size = stack.shape if at is None else stack.shape[1:]
        self.dtype, self.device = like.dtype, like.device
        multiple = card.streaming.multiple or (1,) * card.axes
        filled = [-(-side // each) * each for side, each in zip(self.size, multiple, strict=True)]
        self.shape = torch.Size((1, card.channels, *filled))
        self._stack, self._at, self._slices = stack, at, card.slices
        self._intensity = tuple(intensity)
        self._scale = stored_scale(stack, card)

    def read(self, spans: Spans) -> Tensor:
        """(1, channels, *box), normalized."""
        places = [mirrored(*span, side) for span, side in zip(spans, self.size, strict=True)]
        box = [slice(int(each.min()), int(each.max()) + 1) for each in places]
        voxels = (
            volume_of(self._stack, box[0], box[1], box[2])
            if self._at is None
            else slab_around(self._stack, self._at, self._slices, *box)
        ).numpy()
        inside = np.ix_(
            np.arange(len(voxels)), *(each - part.start for each, part in zip(places, box, strict=True))
        )
        found = normalized_channels(voxels[inside] * self._scale, self._intensity)
        return torch.from_numpy(found)[None].to(self.device, self.dtype)


def normalized_channels(voxels: AnyArray, intensity: Sequence[Intensity]) -> AnyArray:
    """Channels (c, ...) as a network takes them; those of neighboring slices follow each other."""
    return np.stack(
        [normalized(each, intensity[index % len(intensity)]) for index, each in enumerate(voxels)]
    )


def stored_scale(stack: StackSource, card: PublishedCard) -> float:
    """What brings whole numbers to the scale 0..1, where the network takes that."""
    whole = card.unit_scale and stack.dtype.kind in "ui"
    return 1 / float(np.iinfo(stack.dtype).max) if whole else 1.0


def measured_intensity(
    stack: StackSource, card: PublishedCard, box: Box, progress: ProgressCallback
) -> tuple[Intensity, ...]:
    """How each channel is normalized, with what of the stack it is normalized by.

    Args:
        stack: The stack.
        card: What the network takes.
        box: The part that is measured.
        progress: Called with the slices read and the slices in all.
    """
    given = tuple(card.channel(index) for index in range(stack.channels))
    if all(each.measured is Measured.NOTHING for each in given):
        return given
    measurements, scale = [Measurement(each) for each in given], stored_scale(stack, card)
    (first, last), rows, columns = box
    for z in range(first, last):
        part = volume_of(stack, slice(z, z + 1), slice(*rows), slice(*columns)).numpy() * scale
        for measurement, values in zip(measurements, part, strict=True):
            measurement.add(values)
        progress(z + 1 - first, last - first)
    return tuple(each.result() for each in measurements)


def nonzero_box(stack: StackSource, progress: ProgressCallback) -> Box:
    """The smallest box with all voxels that are not 0 in some channel; all of a stack that has none."""
    low, high = np.array(stack.shape), np.zeros(3, int)
    for z in range(stack.shape[0]):
        filled = (volume_of(stack, slice(z, z + 1)).numpy() != 0).any((0, 1))
        if filled.any():
            rows, columns = np.nonzero(filled.any(1))[0], np.nonzero(filled.any(0))[0]
            low = np.minimum(low, [z, rows[0], columns[0]])
            high = np.maximum(high, [z + 1, rows[-1] + 1, columns[-1] + 1])
        progress(z + 1, stack.shape[0])
    if not high.any():
        return tuple((0, side) for side in stack.shape)
    return tuple((int(first), int(last)) for first, last in zip(low, high, strict=True))
