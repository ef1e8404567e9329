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
        gamma: Exponent of the way from `low` to `high`: below 1 brightens what is dark, above 1 darkens it.
        inverted: Whether `low` is shown in full color and `high` black.

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
    gamma: float = 1.0
    inverted: bool = False


MOST_AT_ONCE = 8
FIRST_SHOWN = 4
"""Many channels at once add up to white: of more than `MOST_AT_ONCE` without colors of their own these come first."""

RGB_CHANNELS = tuple(
    ChannelDisplay(name, 0.0, 255.0, color)
    for name, color in (("Red", (255, 0, 0)), ("Green", (0, 255, 0)), ("Blue", (0, 0, 255)))
)
"""The channels of a color picture; shown like that, it looks as it stands."""


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
    overview = source.overview()
    colors = channel_colors(source.channels)
    settings = []
    for channel in range(source.channels):
        look = source.looks[channel] if source.looks else None
        low, high = (look and look.window) or _window(overview[..., channel])
        name = look.name if look else f"Channel {channel + 1}"
        color = (look and look.color) or colors[channel]
        visible = source.channels <= MOST_AT_ONCE or channel < FIRST_SHOWN or bool(look and look.color)
        palette = look.palette if look else None
        settings.append(ChannelDisplay(name, low, high, color, visible=visible, palette=palette))
    return tuple(settings)


def to_display(region: AnyArray, channels: Sequence[ChannelDisplay] | None = None) -> npt.NDArray[np.uint8]:
    """Colors of a region: every visible channel is windowed, tinted and added.

    The sums are exact in float64 and rounded once, half to even.

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
    from wholefield.sources.slides.blend import blend

    shown = [(index, channel) for index, channel in enumerate(channels) if channel.visible]
    tables = [channel.palette or (channel.color,) for _, channel in shown]
    lengths = [len(table) for table in tables]
    colors = np.zeros((len(shown), max(lengths, default=1), 3))
    for row, table in enumerate(tables):
        colors[row, : len(table)] = table
    return blend(
        region,
        np.array([index for index, _ in shown], np.int64),
        np.array([_curve(channel) for _, channel in shown], np.float64).reshape(-1, 3),
        colors,
        np.array(lengths, np.int64),
    )


def _curve(channel: ChannelDisplay) -> tuple[float, float, float]:
    span = channel.high - channel.low if channel.high > channel.low else 1.0
    return (
        (channel.low + span, -span, channel.gamma) if channel.inverted else (channel.low, span, channel.gamma)
    )


def _window(values: AnyArray) -> tuple[float, float]:
    return (0.0, 255.0) if values.dtype == np.uint8 else percentile_window(values)


def _own_windows(region: AnyArray) -> tuple[ChannelDisplay, ...]:
    colors = channel_colors(region.shape[2])
    return tuple(
        ChannelDisplay(f"Channel {index + 1}", *_window(region[..., index]), colors[index])
        for index in range(region.shape[2])
    )


def channel_colors(count: int) -> tuple[tuple[int, int, int], ...]:
    """Colors of channels for which a file names none: one is gray, three are red, green and blue."""
    if count == 1:
        return (WHITE,)
    if count == 3:
        return ((255, 0, 0), (0, 255, 0), (0, 0, 255))
    return tuple(PALETTE[index % len(PALETTE)] for index in range(count))
