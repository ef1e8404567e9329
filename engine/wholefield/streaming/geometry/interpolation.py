"""Integer geometry of interpolation along one axis: which inputs each output of an upsampling or downsampling reads.

Linear coordinates follow torch in double precision to the last bit, and `needs` is just what they read.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from wholefield.streaming.geometry.axis import AxisMap
from wholefield.streaming.geometry.spans import Span

Positions: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True)
class Nearest(AxisMap):
    """Output k repeats one input.

    The choice is exact arithmetic. torch rounds coordinates, and differently on every device, in every memory format
    and in its own backward; it differs where a coordinate is a whole number that its rounding misses.

    Attributes:
        ratio: Input positions per output position.
        centered: Whether the center of the output counts ("nearest-exact") or its first corner ("nearest").
    """

    ratio: Fraction
    centered: bool

    @property
    def stride(self) -> Fraction:
        """The ratio, shortened."""
        return self.ratio.limit_denominator(1000)

    def reach(self, start: int, stop: int) -> Span:
        """From the source of the first output to that of the last."""
        first, last = (int(self._places(np.array([k]))[0]) for k in (start, stop - 1))
        return first, last + 1

    def sources(self, start: int, stop: int) -> Positions:
        """The input that each of the outputs [start, stop) repeats."""
        return np.minimum(self._places(np.arange(start, stop)), self.length_in - 1)

    def _places(self, outputs: Positions) -> Positions:
        over, under = self.ratio.numerator, self.ratio.denominator
        if self.centered:
            return (2 * outputs + 1) * over // (2 * under)
        return outputs * over // under


@dataclass(frozen=True)
class Linear(AxisMap):
    """Output k mixes the two inputs around a coordinate.

    Attributes:
        ratio: Input positions per output position.
        scale: The same as the number that torch multiplies with.
        aligned: Whether the first and last positions of both grids coincide (align_corners).
    """

    ratio: Fraction
    scale: float
    aligned: bool

    @property
    def stride(self) -> Fraction:
        """The ratio, shortened."""
        return self.ratio.limit_denominator(1000)

    def reach(self, start: int, stop: int) -> Span:
        """From the left neighbor of the first output to the right one of the last."""
        corner = Fraction(0) if self.aligned else Fraction(1, 2)
        first, last = ((k + corner) * self.ratio - corner for k in (start, stop - 1))
        return floor(first), floor(last) + 2

    def neighbors(self, start: int, stop: int) -> tuple[Positions, Positions, NDArray[np.float64]]:
        """Left and right input of each of the outputs [start, stop) and the weight of the right one."""
        outputs = np.arange(start, stop, dtype=np.float64)
        places = outputs * self.scale if self.aligned else (outputs + 0.5) * self.scale - 0.5
        places = np.maximum(places, 0.0)
        left = np.minimum(places.astype(np.int64), self.length_in - 1)
        right = np.minimum(left + 1, self.length_in - 1)
        return left, right, np.clip(places - left, 0.0, 1.0)

    def needs(self, start: int, stop: int) -> Span:
        """From the left neighbor of the first output to the right one of the last, inside the image."""
        first, last = self.neighbors(start, start + 1), self.neighbors(stop - 1, stop)
        return int(first[0][0]), int(last[1][0]) + 1


@dataclass(frozen=True)
class Cubic(Linear):
    """Output k mixes the four inputs around a coordinate; beyond the image its border is repeated.

    Keys, "Cubic convolution interpolation for digital image processing" (1981), with a = -0.75 as torch has it.
    """

    def reach(self, start: int, stop: int) -> Span:
        """From the first of the four inputs of the first output to the last of those of the last."""
        first, last = super().reach(start, stop)
        return first - 1, last + 1

    def taps(self, start: int, stop: int) -> tuple[Positions, NDArray[np.float64]]:
        """The four inputs of each of the outputs [start, stop) and their weights: (outputs, 4) each."""
        outputs = np.arange(start, stop, dtype=np.float64)
        places = outputs * self.scale if self.aligned else (outputs + 0.5) * self.scale - 0.5
        first = np.floor(places).astype(np.int64)
        away = np.abs((places - first)[:, None] - np.arange(-1, 3))
        near = (1.25 * away - 2.25) * away**2 + 1
        far = -0.75 * (((away - 5) * away + 8) * away - 4)
        sources = np.clip(first[:, None] + np.arange(-1, 3), 0, self.length_in - 1)
        return sources, np.where(away <= 1, near, far)

    def needs(self, start: int, stop: int) -> Span:
        """From the first of the four inputs of the first output to the last of those of the last, inside the image."""
        return int(self.taps(start, start + 1)[0].min()), int(self.taps(stop - 1, stop)[0].max()) + 1


def nearest(length: int, outputs: int, factor: float | None, centered: bool) -> Nearest:
    """The map of nearest-neighbor interpolation; with a `factor` given it counts, not the ratio of the lengths."""
    return Nearest(length, outputs, _ratio(length, outputs, factor), centered)


def linear(length: int, outputs: int, factor: float | None, aligned: bool) -> Linear:
    """The map of linear interpolation; without aligned corners a `factor` counts, not the ratio of the lengths."""
    if aligned:
        ratio = Fraction(length - 1, outputs - 1) if outputs > 1 else Fraction(0)
        return Linear(length, outputs, ratio, float(ratio), aligned)
    if length == outputs:
        # torch copies then, whatever the factor.
        return Linear(length, outputs, Fraction(1), 1.0, aligned)
    scale = length / outputs if factor is None else 1.0 / factor
    return Linear(length, outputs, _ratio(length, outputs, factor), scale, aligned)


def cubic(length: int, outputs: int, factor: float | None, aligned: bool) -> Cubic:
    """The map of cubic interpolation; the coordinates are those of linear interpolation."""
    like = linear(length, outputs, factor, aligned)
    return Cubic(length, outputs, like.ratio, like.scale, aligned)


def _ratio(length: int, outputs: int, factor: float | None) -> Fraction:
    """A short fraction: a factor of 1.1 means 11/10, not the nearest double."""
    return Fraction(length, outputs) if factor is None else 1 / Fraction(factor).limit_denominator(10**6)
