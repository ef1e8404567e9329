"""Window and level: which values are black and which are white, and how often each value occurs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

BINS = 256
# A few very bright or dark voxels, such as metal, must not decide how all others look.
DARK_PERCENT, BRIGHT_PERCENT = 0.5, 99.5
# Logical px of a drag that change window or level by all values there are.
DRAG_LENGTH = 400.0
NARROWEST = 1e-4
MOST_LABELS = 32

# The colors of Okabe and Ito (2008), distinguishable with every kind of color vision; labels beyond start again.
LABEL_COLORS = np.array(
    [
        (230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178), (213, 94, 0), (204, 121, 167),
    ],
    np.uint8,
)  # fmt: skip


@dataclass(frozen=True)
class Levels:
    """The values that are shown black (`low`) and white (`high`)."""

    low: float
    high: float

    @property
    def window(self) -> float:
        """How many values lie between black and white."""
        return self.high - self.low

    @property
    def level(self) -> float:
        """The value in the middle."""
        return (self.low + self.high) / 2

    @classmethod
    def around(cls, level: float, window: float) -> Self:
        """A window of this width about a level."""
        return cls(level - window / 2, level + window / 2)

    def dragged(self, dx: float, dy: float, span: float) -> Levels:
        """After a drag by that many logical px: right widens the window, down raises the level (darkens).

        Args:
            dx: To the right.
            dy: Down.
            span: How many values there are from the lowest to the highest.
        """
        step = span / DRAG_LENGTH
        return Levels.around(self.level + dy * step, max(self.window + dx * step, span * NARROWEST))


@dataclass(frozen=True)
class ValueFacts:
    """What a sample of the values of a stack shows.

    Attributes:
        lowest: The lowest finite value.
        highest: The highest.
        automatic: Levels that show all but the rarest values.
        counts: (256,) how many values lie in each of as many equal bins from the lowest to the highest.
        labels: The values, where they are few whole numbers; empty for an image.
    """

    lowest: float
    highest: float
    automatic: Levels
    counts: npt.NDArray[np.int64]
    labels: tuple[int, ...] = ()

    @property
    def full(self) -> Levels:
        """Levels that show every value."""
        return _apart(self.lowest, self.highest)


def describe_values(sample: npt.NDArray[Any]) -> ValueFacts:
    """The facts of a sample of any shape; values that are not finite do not count."""
    values = sample.ravel()
    if values.dtype.kind == "f":
        values = values[np.isfinite(values)]
    if not values.size:
        return ValueFacts(0.0, 1.0, Levels(0.0, 1.0), np.zeros(BINS, np.int64))
    lowest, highest = float(values.min()), float(values.max())
    dark, bright = (float(value) for value in np.percentile(values, (DARK_PERCENT, BRIGHT_PERCENT)))
    automatic = Levels(dark, bright) if bright > dark else _apart(lowest, highest)
    full = _apart(lowest, highest)
    counts, _ = np.histogram(values, BINS, (full.low, full.high))
    return ValueFacts(lowest, highest, automatic, counts.astype(np.int64), _labels(values))


def to_label_colors(labels: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Labels (height, width) as (height, width, 4) uint8 in the order blue, green, red, alpha; 0 is transparent."""
    whole = labels.astype(np.int64)
    pixels = np.empty((*labels.shape, 4), np.uint8)
    pixels[..., :3] = LABEL_COLORS[(whole - 1) % len(LABEL_COLORS)][..., ::-1]
    pixels[..., 3] = 255
    pixels[whole == 0] = 0
    return pixels


def _apart(low: float, high: float) -> Levels:
    return Levels(low, high if high > low else low + 1.0)


def _labels(values: npt.NDArray[Any]) -> tuple[int, ...]:
    if values.dtype.kind not in "ui":
        return ()
    found = np.unique(values)
    return tuple(int(value) for value in found) if len(found) <= MOST_LABELS and found[0] >= 0 else ()
