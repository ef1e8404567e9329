"""The grid of pixels and time bins that events are binned into."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from wholefield.errors import SettingError

MICRO_BINS = 3
"""Default number of micro bins of a time bin."""

SECOND = 1e6
"""One second in us."""

Events = npt.NDArray[np.void]
"""Structured events with x, y in px, p (0 or 1) and t in us."""

Features = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Grid:
    """Time bins of equal length over a sensor whose pixels may be binned in squares.

    Attributes:
        num_tbins: Time bins, T.
        delta_t: Length of a time bin in us.
        height: Rows of the sensor in px.
        width: Columns of the sensor in px.
        downsampling_factor: Squares of 2 ** factor sensor pixels become one pixel of the result.
        start_ts: When the first bin begins, in us.

    Raises:
        SettingError: A value is out of range.

    Example:
        >>> from wholefield.flow.representations import Grid
        >>> Grid(num_tbins=3, delta_t=10_000, height=23, width=32, downsampling_factor=1).shape
        (12, 16)
    """

    num_tbins: int
    delta_t: int
    height: int
    width: int
    downsampling_factor: int = 0
    start_ts: int = 0

    def __post_init__(self) -> None:
        for name in ("num_tbins", "delta_t", "height", "width"):
            if getattr(self, name) < 1:
                raise SettingError(f"{name} is {getattr(self, name)} but must be at least 1.")
        if self.downsampling_factor < 0:
            raise SettingError(f"downsampling_factor is {self.downsampling_factor} but must not be negative.")

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width) of the result: rounded up, so that no event at the border is lost."""
        block = 1 << self.downsampling_factor
        return -(-self.height // block), -(-self.width // block)

    @property
    def counting(self) -> tuple[int, int, int, int, tuple[int, int]]:
        """What the kernels need: start, bin length, bins, factor and sensor."""
        return (
            self.start_ts,
            self.delta_t,
            self.num_tbins,
            self.downsampling_factor,
            (self.height, self.width),
        )

    def zeros(self, channels: int) -> Features:
        """An empty result, float32 (T, channels, height, width)."""
        return np.zeros((self.num_tbins, channels, *self.shape), np.float32)

    def increment(self, max_incr_per_pixel: float) -> float:
        """What one event adds: a pixel of the result reaches 1 with that many events per sensor pixel."""
        if not max_incr_per_pixel > 0:
            raise SettingError(f"max_incr_per_pixel is {max_incr_per_pixel} but must be above 0.")
        return 1.0 / (max_incr_per_pixel * 4**self.downsampling_factor)


def as_events(events: Any) -> Events:
    """Check that events are structured and return them.

    Raises:
        SettingError: A field is missing.
    """
    names = getattr(getattr(events, "dtype", None), "names", None) or ()
    missing = [name for name in ("x", "y", "p", "t") if name not in names]
    if missing:
        raise SettingError(f"Events need the fields x, y, p and t; {', '.join(missing)} is missing.")
    return np.asarray(events)
