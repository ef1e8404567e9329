"""Harmless changes of training images: flipped, rotated by quarters, other colors; box by box where they are large."""

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from wholefield.sources.slides.orientation import Orientation
from wholefield.training.settings import Augmentation


def draw_orientation(augmentation: Augmentation, random: np.random.Generator) -> Orientation:
    """One of those that an augmentation allows, all equally likely: flips of both axes, rotations, or all eight."""
    quarters, mirrored = int(random.integers(4)), bool(random.integers(2))
    if not augmentation.rotations:
        # With a flip of left and right, half a turn makes the flip of top and bottom.
        quarters = quarters // 2 * 2 if augmentation.flips else 0
    return Orientation(quarters, mirrored and augmentation.flips)


def oriented(image: Tensor, orientation: Orientation) -> Tensor:
    """An image (..., h, w) in an orientation."""
    rotated = image.rot90(orientation.quarters, (-2, -1))
    return rotated.flip(-1) if orientation.mirrored else rotated


@dataclass(frozen=True)
class ColorJitter:
    """A change of colors, the same all over an image, so that it can be made tile by tile.

    Attributes:
        brightness: Added to every value on the scale 0..1.
        contrast: Factor about the middle of that scale.
        saturation: Factor of the distance of a color from gray; without effect on images of other than 3 channels.
    """

    brightness: float
    contrast: float
    saturation: float

    @classmethod
    def draw(cls, strength: float, random: np.random.Generator) -> "ColorJitter | None":
        """A change at random: factors in 1 +- strength, brightness in +- half of it; None for no strength."""
        if not strength:
            return None
        brightness, contrast, saturation = random.uniform(-strength, strength, 3).tolist()
        return cls(brightness / 2, 1 + contrast, 1 + saturation)

    def of(self, values: Tensor) -> Tensor:
        """Values (channels, h, w) on the scale 0..1 with changed colors; they may leave the scale a little."""
        values = (values - 0.5) * self.contrast + 0.5 + self.brightness
        if values.shape[0] != 3:
            return values
        gray = values.mean(0, keepdim=True)
        return gray + (values - gray) * self.saturation
