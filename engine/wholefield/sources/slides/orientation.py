"""The eight ways in which a picture can lie: turned by quarters, and mirrored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from wholefield.sources.slides.image import AnyArray

T = TypeVar("T", int, float)

Spans = tuple[tuple[int, int], ...]
"""(start, stop) per axis (y, x)."""


@dataclass(frozen=True)
class Orientation:
    """Quarter turns counterclockwise, then a flip of left and right.

    Attributes:
        quarters: Number of quarter turns, 0 to 3.
        mirrored: Whether left and right change places after that.
    """

    quarters: int = 0
    mirrored: bool = False

    @classmethod
    def of_tag(cls, number: int) -> Orientation:
        """The turn that brings a picture upright which has this value, 1 to 8, in its orientation tag.

        The tag (274 in TIFF and EXIF) says which sides of the scene the first row and column are: 1 top and left,
        2 top and right, 3 bottom and right, 4 bottom and left, 5 to 8 the same with row and column exchanged.
        """
        return UPRIGHT.get(number, cls())

    @classmethod
    def draw(cls, random: np.random.Generator) -> Orientation:
        """One of the eight at random."""
        return cls(int(random.integers(4)), bool(random.integers(2)))

    def shape(self, height: T, width: T) -> tuple[T, T]:
        """Height and width of an image of this size, or its spacings, after the turn."""
        return (width, height) if self.quarters % 2 else (height, width)

    def of(self, pixels: AnyArray) -> AnyArray:
        """Pixels (h, w, ...) after the turn."""
        turned = np.rot90(pixels, self.quarters)
        return turned[:, ::-1] if self.mirrored else turned

    def source_spans(self, spans: Spans, height: int, width: int) -> Spans:
        """Where a box of the turned image comes from in the image of height x width before the turn."""
        rows, columns = spans
        now_high, now_wide = self.shape(height, width)
        if self.mirrored:
            columns = now_wide - columns[1], now_wide - columns[0]
        for _ in range(self.quarters):
            # A quarter turn puts the last column on top: row r of the result was column (its height - 1 - r).
            rows, columns = columns, (now_high - rows[1], now_high - rows[0])
            now_high, now_wide = now_wide, now_high
        return rows, columns


UPRIGHT = {
    2: Orientation(0, True),
    3: Orientation(2),
    4: Orientation(2, True),
    5: Orientation(3, True),
    6: Orientation(3),
    7: Orientation(1, True),
    8: Orientation(1),
}
