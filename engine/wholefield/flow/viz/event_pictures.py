"""Pictures of the events in a window, as they are or warped along a flow, and of dense flow over them.

Pixels are 32-bit numbers 0xAARRGGBB, the format of screens.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wholefield.errors import SettingError
from wholefield.flow.representations.grid import Events
from wholefield.flow.viz.colors import SMALLEST_TOP, TOP_PERCENTILE

Pixels = npt.NDArray[np.uint32]
Counts = npt.NDArray[np.float32]
Flow = npt.NDArray[np.floating]
Color = tuple[int, int, int]

# The percentile of the speeds is taken over at most about this many pixels.
SAMPLED = 60_000


@dataclass(frozen=True)
class EventCounts:
    """Number of events in every pixel.

    Attributes:
        counts: float32 (H, W, 2), negative and positive ones; fractions where they were moved between pixels.
    """

    counts: Counts

    @classmethod
    def none(cls, shape: tuple[int, int]) -> EventCounts:
        """No events on a sensor of shape (H, W)."""
        return cls(np.zeros((*shape, 2), np.float32))

    @property
    def total(self) -> Counts:
        """Events of both polarities, (H, W)."""
        return self.counts[..., 0] + self.counts[..., 1]

    def clear(self) -> None:
        """Set all counts to 0."""
        self.counts.fill(0)

    def add(self, events: Events) -> None:
        """Count structured events at their pixels."""
        from wholefield.flow.viz.event_kernels import count_into

        count_into(self.counts, events)

    def add_carried(self, events: Events, flow: Flow, t_ref_us: float) -> None:
        """Count structured events where a flow moves them; see `sharpen_events`."""
        from wholefield.flow.viz.event_kernels import carry_into

        carry_into(self.counts, events, np.ascontiguousarray(flow), t_ref_us)


@dataclass(frozen=True)
class EventColors:
    """Colors as (red, green, blue), 0 to 255.

    Attributes:
        background: Where there are no events.
        on: Where most are positive.
        off: Where most are negative.
    """

    background: Color
    on: Color
    off: Color


def count_events(chunks: Iterable[Events], shape: tuple[int, int]) -> EventCounts:
    """Count the events of every pixel of a sensor of shape (H, W)."""
    counts = EventCounts.none(shape)
    for events in chunks:
        counts.add(events)
    return counts


def sharpen_events(chunks: Iterable[Events], flow: Flow, t_ref_us: float) -> EventCounts:
    """Count the events where the flow moves them at one moment, each shared between the four nearest pixels.

    Args:
        chunks: Structured events, a part of the window at a time.
        flow: float (2, H, W) in px per s, x first.
        t_ref_us: The moment in us.

    Returns:
        The counts.
    """
    height, width = flow.shape[1:]
    counts = EventCounts.none((height, width))
    for events in chunks:
        counts.add_carried(events, flow, t_ref_us)
    return counts


def shade_events(counts: EventCounts, colors: EventColors, saturation: float) -> Pixels:
    """A picture of counted events, opaque.

    A pixel has the color of the polarity that most of its events have (of the positive one where both are equal),
    mixed with the background until `saturation` events or more are in it.

    Args:
        counts: The events.
        colors: The colors.
        saturation: Events per pixel that give the full color, above 0.

    Returns:
        uint32 (H, W).

    Raises:
        SettingError: `saturation` is not above 0.
    """
    from wholefield.flow.viz.event_kernels import shade_into

    if not saturation > 0:
        raise SettingError(f"The number of events for the full color is {saturation} but must be above 0.")
    out = np.empty(counts.counts.shape[:2], np.uint32)
    background, on, off = np.array([colors.background, colors.on, colors.off], np.int64)
    shade_into(out, counts.counts, background, on, off, saturation)
    return out


def top_speed(flow: Flow) -> float:
    """The speed in px per s shown at full strength: the 99th percentile over a regular sample of pixels."""
    step = max(1, int(np.sqrt(flow[0].size / SAMPLED)))
    sample = flow[:, ::step, ::step]
    return max(float(np.percentile(np.hypot(sample[0], sample[1]), TOP_PERCENTILE)), SMALLEST_TOP)


def flow_pixels(flow: Flow, top: float) -> Pixels:
    """A dense flow to lay over a picture: the hue is the direction as in `flow_colors`, the opacity the speed.

    Args:
        flow: float (2, H, W), x then y.
        top: The speed that is opaque.

    Returns:
        Pixels with premultiplied alpha, uint32 (H, W).
    """
    from wholefield.flow.viz.event_kernels import color_into

    out = np.empty(flow.shape[1:], np.uint32)
    color_into(out, np.ascontiguousarray(flow, np.float32), max(top, SMALLEST_TOP))
    return out
