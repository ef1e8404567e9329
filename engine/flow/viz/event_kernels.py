"""The loops behind pictures of events and flow, compiled on first use. Import this module inside functions only."""

import math
from typing import Any

from engine.sources.events.compiled import compiled


@compiled
def count_into(counts: Any, events: Any) -> None:
    """Count every event in (H, W, 2), at its pixel and polarity; events outside are left out."""
    height, width = counts.shape[:2]
    for i in range(len(events)):
        event = events[i]
        if event.x < width and event.y < height:
            counts[event.y, event.x, 1 if event.p > 0 else 0] += 1


@compiled
def shade_into(out: Any, counts: Any, background: Any, on: Any, off: Any, full_at: float) -> None:
    """Colour every pixel between the background and the polarity that most of its events have; see `shade_events`."""
    height, width = out.shape
    empty = (255 << 24) | (background[0] << 16) | (background[1] << 8) | background[2]
    for y in range(height):
        for x in range(width):
            negative, positive = counts[y, x, 0], counts[y, x, 1]
            if negative + positive <= 0:
                out[y, x] = empty
                continue
            share = min((negative + positive) / full_at, 1.0)
            colour = on if positive >= negative else off
            value = 255
            for channel in range(3):
                mixed = background[channel] + share * (colour[channel] - background[channel])
                value = (value << 8) | int(mixed + 0.5)
            out[y, x] = value


@compiled
def colour_into(out: Any, flow: Any, top: float) -> None:
    """The hue of every vector, the more opaque the faster it is; see `flow_pixels`."""
    height, width = out.shape
    for y in range(height):
        for x in range(width):
            u, v = flow[0, y, x], flow[1, y, x]
            speed = math.sqrt(u * u + v * v)
            if not speed > 0:
                out[y, x] = 0
                continue
            alpha = int(255 * min(speed / top, 1.0) + 0.5)
            sixth = (math.atan2(v, u) / (2 * math.pi)) % 1.0 * 6
            value = alpha
            for shift in (5.0, 3.0, 1.0):
                place = (shift + sixth) % 6
                share = min(max(min(place, 4 - place), 0.0), 1.0)
                value = (value << 8) | int(alpha * (1 - share) + 0.5)
            out[y, x] = value
