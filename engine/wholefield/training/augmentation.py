"""Harmless changes of training images: turned, mirrored and tinted, box by box as they are read."""

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from wholefield.sources.slides.image import AnyArray

Box = tuple[tuple[int, int], ...]
"""(start, stop) per axis (y, x)."""


@dataclass(frozen=True)
class Turn:
    """Quarter turns against the clock, then a mirroring of left and right.

    Attributes:
        quarters: 0 to 3.
        mirrored: whether left and right change places after that.
    """

    quarters: int = 0
    mirrored: bool = False

    @classmethod
    def draw(cls, random: np.random.Generator) -> "Turn":
        """One of the eight at random."""
        return cls(int(random.integers(4)), bool(random.integers(2)))

    def shape(self, height: int, width: int) -> tuple[int, int]:
        """Height and width of an image of this size after the turn."""
        return (width, height) if self.quarters % 2 else (height, width)

    def of(self, pixels: AnyArray) -> AnyArray:
        """Pixels (h, w, ...) after the turn."""
        turned = np.rot90(pixels, self.quarters)
        return turned[:, ::-1] if self.mirrored else turned

    def source_box(self, box: Box, height: int, width: int) -> Box:
        """Where a box of the turned image comes from in the image of height x width before the turn."""
        rows, columns = box
        now_high, now_wide = self.shape(height, width)
        if self.mirrored:
            columns = now_wide - columns[1], now_wide - columns[0]
        for _ in range(self.quarters):
            # A quarter turn puts the last column on top: row r of the result was column (its height - 1 - r).
            rows, columns = columns, (now_high - rows[1], now_high - rows[0])
            now_high, now_wide = now_wide, now_high
        return rows, columns


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

    def draw(self, random: np.random.Generator) -> tuple[Turn, Tint | None]:
        """The changes of one visit."""
        turn = Turn.draw(random) if self.turns else Turn()
        return turn, Tint.draw(self.tint, random) if self.tint else None
