"""The loops behind pictures of events and flow, compiled on first use. Import this module inside functions only."""

import math
from typing import Any

import numpy as np

from wholefield.kernels.compiled import compiled

# Events that are moved before they are counted.
BLOCK = 256
OUTSIDE = -2.0


@compiled
def count_into(counts: Any, events: Any) -> None:
    """Count every event in (H, W, 2), at its pixel and polarity; events outside are left out."""
    height, width = counts.shape[:2]
    for i in range(len(events)):
        event = events[i]
        if event.x < width and event.y < height:
            counts[event.y, event.x, 1 if event.p > 0 else 0] += 1


@compiled
def carry_into(counts: Any, events: Any, flow: Any, t_ref: float) -> None:
    """Count every event in (H, W, 2) where the flow (2, H, W) in px per s moves it at t_ref in us, bilinearly.

    Events outside are left out; what moves out of the picture is lost, and so is what has no finite flow. A block of
    events is read, moved and counted in three loops: the shorter a loop that waits for memory, the more of its events
    the processor has in flight.
    """
    height, width = counts.shape[:2]
    x, y, kinds = np.empty(BLOCK, np.float32), np.empty(BLOCK, np.float32), np.empty(BLOCK, np.int64)
    left, top = np.empty(BLOCK, np.int32), np.empty(BLOCK, np.int32)
    for begin in range(0, len(events), BLOCK):
        count = min(BLOCK, len(events) - begin)
        for i in range(count):
            event = events[begin + i]
            if event.x >= width or event.y >= height:
                x[i] = OUTSIDE
                continue
            seconds = np.float32((t_ref - event.t) * 1e-6)
            x[i] = np.float32(event.x) + flow[0, event.y, event.x] * seconds
            y[i] = np.float32(event.y) + flow[1, event.y, event.x] * seconds
            kinds[i] = event.p > 0
        inside = 0
        for i in range(count):
            if 0 <= x[i] < width - 1 and 0 <= y[i] < height - 1:
                left[inside], top[inside] = int(x[i]), int(y[i])
                x[inside], y[inside], kinds[inside] = x[i] - left[inside], y[i] - top[inside], kinds[i]
                inside += 1
            elif -1 < x[i] < width and -1 < y[i] < height:
                share_at_border(counts, x[i], y[i], kinds[i])
        for i in range(inside):
            row, column, kind = top[i], left[i], kinds[i]
            counts[row, column, kind] += (1 - x[i]) * (1 - y[i])
            counts[row, column + 1, kind] += x[i] * (1 - y[i])
            counts[row + 1, column, kind] += (1 - x[i]) * y[i]
            counts[row + 1, column + 1, kind] += x[i] * y[i]


@compiled
def share_at_border(counts: Any, x: float, y: float, kind: int) -> None:
    """Add one event bilinearly to the pixels around a position; what falls outside is lost."""
    height, width = counts.shape[:2]
    left, top = math.floor(x), math.floor(y)
    for row, across in ((top, 1 - (y - top)), (top + 1, y - top)):
        for column, along in ((left, 1 - (x - left)), (left + 1, x - left)):
            if 0 <= row < height and 0 <= column < width:
                counts[row, column, kind] += along * across


@compiled
def shade_into(out: Any, counts: Any, background: Any, on: Any, off: Any, saturation: float) -> None:
    """Color every pixel between the background and the polarity that most of its events have; see `shade_events`."""
    height, width = out.shape
    empty = (255 << 24) | (background[0] << 16) | (background[1] << 8) | background[2]
    for y in range(height):
        for x in range(width):
            negative, positive = counts[y, x, 0], counts[y, x, 1]
            if negative + positive <= 0:
                out[y, x] = empty
                continue
            share = min((negative + positive) / saturation, 1.0)
            color = on if positive >= negative else off
            value = 255
            for channel in range(3):
                mixed = background[channel] + share * (color[channel] - background[channel])
                value = (value << 8) | int(mixed + 0.5)
            out[y, x] = value


@compiled
def color_into(out: Any, flow: Any, top: float) -> None:
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
