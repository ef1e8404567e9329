"""Harmless changes of training images: turned, mirrored and tinted, box by box as they are read."""

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from wholefield.sources.slides.orientation import Orientation


@dataclass(frozen=True)
class Tint:
    """A change of colours, the same all over an image, so that it can be made tile by tile.

    Attributes:
        brightness: added to every value on the scale 0..1.
        contrast: factor about the middle of that scale.
        saturation: factor of what tells a colour from its grey; without effect on images of other than 3 channels.
    """

    brightness: float
    contrast: float
    saturation: float

    @classmethod
    def draw(cls, strength: float, random: np.random.Generator) -> "Tint":
        """A change at random: factors in 1 +- strength, brightness in +- half of it."""
        brightness, contrast, saturation = random.uniform(-strength, strength, 3).tolist()
        return cls(brightness / 2, 1 + contrast, 1 + saturation)

    def of(self, values: Tensor) -> Tensor:
        """Values (channels, h, w) on the scale 0..1 with changed colours; they may leave the scale a little."""
        values = (values - 0.5) * self.contrast + 0.5 + self.brightness
        if values.shape[0] != 3:
            return values
        grey = values.mean(0, keepdim=True)
        return grey + (values - grey) * self.saturation


@dataclass(frozen=True)
class Augmentation:
    """Which changes a training makes.

    Attributes:
        turns: whether to turn by quarters and to mirror.
        tint: strength of the change of colours, 0 for none.
    """

    turns: bool = False
    tint: float = 0.0

    def draw(self, random: np.random.Generator) -> tuple[Orientation, Tint | None]:
        """The changes of one visit."""
        turn = Orientation.draw(random) if self.turns else Orientation()
        return turn, Tint.draw(self.tint, random) if self.tint else None
