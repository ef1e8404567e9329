"""Random crops, flips and quarter turns, the same for an input and its target."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Augmentation:
    """How pairs are varied.

    Attributes:
        crop: Side of random squares (cubes) in pixels; None for whole images. Smaller axes are taken whole.
        flips: Mirror every spatial axis with probability 1/2.
        turns: Turn rows against columns by a random multiple of 90 degrees.
    """

    crop: int | None = None
    flips: bool = False
    turns: bool = False


@dataclass(frozen=True)
class Variation:
    """One draw of an augmentation.

    Attributes:
        window: Range along each spatial axis.
        flipped: Axes that are mirrored; axis 0 holds the channels.
        quarters: Quarter turns of rows against columns.
    """

    window: tuple[slice, ...]
    flipped: tuple[int, ...] = ()
    quarters: int = 0

    def turn(self, image: Tensor) -> Tensor:
        """Flip and turn what the window holds: (channels, [slice,] row, column)."""
        return image.flip(self.flipped).rot90(self.quarters, (-2, -1)).contiguous()


def draw(spatial: Sequence[int], settings: Augmentation, generator: torch.Generator) -> Variation:
    """A random variation of an image.

    Args:
        spatial: ([slices,] rows, columns) of the image.
        settings: What is varied.
        generator: Source of the random numbers.
    """
    window = [slice(0, length) for length in spatial]
    if settings.crop is not None:
        for axis, length in enumerate(spatial):
            size = min(settings.crop, length)
            start = _random(length - size + 1, generator)
            window[axis] = slice(start, start + size)
    axes = range(1, len(spatial) + 1)
    flipped = tuple(axis for axis in axes if _random(2, generator)) if settings.flips else ()
    return Variation(tuple(window), flipped, _random(4, generator) if settings.turns else 0)


def augment(
    image: Tensor, target: Tensor, settings: Augmentation, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Vary an input and its target alike.

    Args:
        image: (channels, [slice,] row, column).
        target: (channels, [slice,] row, column), of the same size.
        settings: What is varied.
        generator: Source of the random numbers.
    """
    variation = draw(image.shape[1:], settings, generator)
    window = (slice(None), *variation.window)
    return variation.turn(image[window]), variation.turn(target[window])


def _random(count: int, generator: torch.Generator) -> int:
    return int(torch.randint(count, (), generator=generator))
