"""Random crops, flips and quarter turns, the same for an input and its target."""

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
    axes = range(1, image.ndim)
    if settings.crop is not None:
        for axis in axes:
            size = min(settings.crop, image.shape[axis])
            start = _draw(image.shape[axis] - size + 1, generator)
            image, target = image.narrow(axis, start, size), target.narrow(axis, start, size)
    if settings.flips:
        flipped = [axis for axis in axes if _draw(2, generator)]
        image, target = image.flip(flipped), target.flip(flipped)
    if settings.turns:
        quarter = _draw(4, generator)
        image, target = image.rot90(quarter, (-2, -1)), target.rot90(quarter, (-2, -1))
    return image.contiguous(), target.contiguous()


def _draw(count: int, generator: torch.Generator) -> int:
    return int(torch.randint(count, (), generator=generator))
