"""From pixel values of any type and number of channels to colors on the screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from wholefield.sources.slides.image import AnyArray, ImageSource

WHITE = (255, 255, 255)
# Shown in this order where a file names no colors: the usual ones of fluorescence microscopy.
PALETTE = (
    (0, 0, 255), (0, 255, 0), (255, 0, 0), (255, 255, 0), (255, 0, 255), (0, 255, 255), (255, 255, 255),
)  # fmt: skip
OVERVIEW_SIDE = 512


@dataclass(frozen=True)
class ChannelDisplay:
    """How one channel is shown.

    Attributes:
        name: What the user reads.
        low: Value shown black.
        high: Value shown in full color; above `low`.
        color: Red, green and blue of a full pixel, 0 to 255.
        visible: Whether the channel is shown at all.
        palette: Colors from `low` to `high` in equal steps, which replace the way from black to `color`; None for
            that way.

    Example:
        >>> from wholefield.sources import ChannelDisplay
        >>> ChannelDisplay("DAPI", low=100, high=4000, color=(0, 0, 255)).visible
        True
    """

    name: str
    low: float
    high: float
    color: tuple[int, int, int] = WHITE
    visible: bool = True
    palette: tuple[tuple[int, int, int], ...] | None = None


def percentile_window(values: npt.NDArray[Any], low: float = 0.5, high: float = 99.5) -> tuple[float, float]:
    """The values at two percentiles of what is finite; never an empty range."""
    finite = values[np.isfinite(values)] if values.dtype.kind == "f" else values.ravel()
    if finite.size == 0:
        return 0.0, 1.0
    # Halves cannot overflow where the values span more than the largest number.
    first, last = (2 * float(half) for half in np.percentile(finite.astype(np.float64) / 2, (low, high)))
    return first, last if last > first else first + 1.0


def default_display(source: ImageSource) -> tuple[ChannelDisplay, ...] | None:
    """Display settings to begin with: those of the file, otherwise windows from an overview of the image.

    Args:
        source: An open image.

    Returns:
        One setting per channel, or None for a color picture that needs none.

    Example:
        >>> import numpy as np, tifffile
        >>> from wholefield.sources import default_display, open_image
        >>> tifffile.imwrite("gray.tif", np.arange(1200, dtype=np.uint16).reshape(30, 40))
        >>> with open_image("gray.tif") as image:
        ...     [(channel.name, round(channel.high)) for channel in default_display(image)]
        [('Channel 1', 1193)]
    """
    if source.is_rgb:
        return None
    overview = source.thumbnail(OVERVIEW_SIDE)
    colors = (WHITE,) if source.channels == 1 else _colors(source.channels)
    settings = []
    for channel in range(source.channels):
        look = source.looks[channel] if source.looks else None
        low, high = (look and look.window) or _window(overview[..., channel])
        name = look.name if look else f"Channel {channel + 1}"
        color = (look and look.color) or colors[channel]
        settings.append(ChannelDisplay(name, low, high, color, palette=look.palette if look else None))
    return tuple(settings)


def to_display(region: AnyArray, channels: Sequence[ChannelDisplay] | None = None) -> npt.NDArray[np.uint8]:
    """Colors of a region: every visible channel is windowed, tinted and added.

    Args:
        region: (height, width, channels), any real dtype.
        channels: One setting per channel, or None: a region of three uint8 channels is shown as it is, any
            other with percentile windows of its own values.

    Returns:
        (height, width, 3) uint8; not-a-number is black.

    Raises:
        ValueError: The number of settings is not the number of channels.

    Example:
        >>> import numpy as np
        >>> from wholefield.sources import ChannelDisplay, to_display
        >>> region = np.full((1, 1, 1), 50, np.uint16)
        >>> to_display(region, [ChannelDisplay("DAPI", 0, 100, (0, 0, 255))]).tolist()
        [[[0, 0, 128]]]
    """
    if channels is None:
        if region.dtype == np.uint8 and region.shape[2] == 3:
            return region
        channels = _own_windows(region)
    if len(channels) != region.shape[2]:
        raise ValueError(f"{len(channels)} display settings do not fit {region.shape[2]} channels")
    total: npt.NDArray[np.float32] = np.zeros((*region.shape[:2], 3), np.float32)
    for index, channel in enumerate(channels):
        if channel.visible:
            total += _colored(unit_range(region[..., index], channel.low, channel.high), channel)
    return np.minimum(np.rint(total), 255).astype(np.uint8)


def _colored(shares: npt.NDArray[np.float32], channel: ChannelDisplay) -> npt.NDArray[np.float32]:
    """Colors (..., 3) of values between 0 and 1."""
    if channel.palette is None:
        return shares[..., None] * np.array(channel.color, np.float32)
    table = np.array(channel.palette, np.float32)
    return table[np.rint(shares * (len(table) - 1)).astype(np.intp)]


def unit_range(values: AnyArray, low: float, high: float) -> npt.NDArray[np.float32]:
    """Values mapped linearly from [low, high] to [0, 1] and clipped; not-a-number becomes 0."""
    span = high - low if high > low else 1.0
    exact: AnyArray = values.astype(np.float64 if values.dtype.itemsize > 2 else np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        scaled: AnyArray = (exact - low) / span
    return np.nan_to_num(np.clip(scaled, 0.0, 1.0), nan=0.0).astype(np.float32)


def _window(values: AnyArray) -> tuple[float, float]:
    return (0.0, 255.0) if values.dtype == np.uint8 else percentile_window(values)


def _own_windows(region: AnyArray) -> tuple[ChannelDisplay, ...]:
    colors = (WHITE,) if region.shape[2] == 1 else _colors(region.shape[2])
    return tuple(
        ChannelDisplay(f"Channel {index + 1}", *_window(region[..., index]), colors[index])
        for index in range(region.shape[2])
    )


def _colors(count: int) -> tuple[tuple[int, int, int], ...]:
    if count == 3:
        return ((255, 0, 0), (0, 255, 0), (0, 0, 255))
    return tuple(PALETTE[index % len(PALETTE)] for index in range(count))
