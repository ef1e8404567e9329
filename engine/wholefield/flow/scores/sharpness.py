"""How much a flow sharpens events, without ground truth."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from wholefield.flow.representations.grid import SECOND, Events
from wholefield.flow.representations.registry import EventSource
from wholefield.flow.warping.events import STRAIGHT, Array, Trajectory, splat, warp_events

# FWL ranks flows if things move at least this far in the window, in px.
ENOUGH_PX = 5.0
LONGEST_US = 200_000
SHORTEST_US = 1_000


def flow_warp_loss(
    events: Events, flow: npt.NDArray[np.floating[Any]], t_ref_us: float, trajectory: Trajectory = STRAIGHT
) -> tuple[float, float]:
    """FWL (Stoffregen et al. 2020): variance of the image of warped events over that of the unwarped ones.

    Bilinear splatting blurs warped events, whose positions lie between pixels, and not unwarped ones. So that this does
    not count against the flow, each event of the reference is splatted as far from the middle of its pixel as the
    warped one is from the middle of the nearest pixel; for a flow of zero the ratio is exactly 1.

    Args:
        events: Structured events of a window.
        flow: float (2, H, W) or (T, 2, H, W) in px per s.
        t_ref_us: The moment that events are warped to, in us, best the middle of the window.
        trajectory: How they move.

    Returns:
        The ratio (1 without events), and the share of events that leave the frame.

    Example:
        >>> import numpy as np
        >>> from wholefield.flow import flow_warp_loss
        >>> from wholefield.sources.events.recording import EVENT_DTYPE
        >>> events = np.zeros(20, EVENT_DTYPE)  # an edge at 500 px per s
        >>> events["t"] = np.arange(20) * 1000
        >>> events["x"] = events["t"] // 2000
        >>> right = np.zeros((2, 1, 16)) + np.array([500.0, 0.0])[:, None, None]
        >>> flow_warp_loss(events, right, t_ref_us=10_000)[0] > 2
        True
        >>> flow_warp_loss(events, 0 * right, t_ref_us=10_000)
        (1.0, 0.0)
    """
    height, width = flow.shape[-2:]
    x, y = warp_events(events, flow, t_ref_us, trajectory)
    leaving = (x < -0.5) | (x >= width - 0.5) | (y < -0.5) | (y >= height - 0.5)
    reference = splat(*_same_blur(events, x, y), (height, width)).var()
    ratio = splat(x, y, (height, width)).var() / reference if reference > 0 else 1.0
    return float(ratio), float(leaving.mean()) if len(events) else 0.0


def _same_blur(events: Events, x: Array, y: Array) -> tuple[Array, Array]:
    """Unwarped positions with the fractions of the warped ones."""
    return events["x"] + (x - np.rint(x)), events["y"] + (y - np.rint(y))


def median_motion(events: Events, flow: npt.NDArray[np.floating[Any]], span_us: float) -> float:
    """Median displacement of the events under a flow.

    Args:
        events: Structured events.
        flow: float (2, H, W) in px per s.
        span_us: The time in which they move, in us.

    Returns:
        The displacement in px; 0 without events.

    Example:
        >>> import numpy as np
        >>> from wholefield.flow import median_motion
        >>> from wholefield.sources.events.recording import EVENT_DTYPE
        >>> median_motion(np.zeros(3, EVENT_DTYPE), np.full((2, 4, 4), 300.0), span_us=10_000)
        4.24...
    """
    if len(events) == 0:
        return 0.0
    u, v = flow[:, events["y"], events["x"]]
    return float(np.median(np.hypot(u, v)) * span_us / SECOND)


def window_of_enough_motion(
    recording: EventSource,
    flow: npt.NDArray[np.floating[Any]],
    at_us: int,
    enough_px: float = ENOUGH_PX,
    longest_us: int = LONGEST_US,
) -> tuple[int, int]:
    """The window around a moment in which the flow moves the median event far enough for FWL to tell.

    Args:
        recording: Where the events come from.
        flow: float (2, H, W) in px per s.
        at_us: The middle of the window in us.
        enough_px: The displacement in px.
        longest_us: Where the flow is too slow, the window is this long.

    Returns:
        Its start and end in us.
    """
    longest = recording.events(max(at_us - longest_us // 2, 0), at_us + longest_us // 2)
    motion = median_motion(longest, flow, longest_us)
    length = (
        int(np.clip(longest_us * enough_px / motion, SHORTEST_US, longest_us)) if motion > 0 else longest_us
    )
    start = max(at_us - length // 2, 0)
    return start, start + length
