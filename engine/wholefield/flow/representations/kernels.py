"""The loops over events, compiled on first use. Import this module inside functions only: numba takes a second.

Events may come in any order, but they are fast in order of time: an outer loop finds the stretch of time around an
event, and the inner one takes events as long as they fall in it, with everything that is the same for them worked
out. Events outside the sensor or the time bins are left out. The results are written flat, with unsigned indexes,
because numba otherwise tests every index for being negative.
"""

from typing import Any

import numpy as np
from numba import uint64

from wholefield.kernels.compiled import compiled


@compiled
def add_counts(
    flat: Any,
    plane: tuple[int, int],
    polarities: int,
    events: Any,
    start: int,
    delta_t: int,
    bins: int,
    shift: int,
    sensor: tuple[int, int],
    sign: Any,
) -> None:
    """Add sign[p] for every event to (bins, polarities, *plane); one channel takes both polarities."""
    height, width, s = uint64(sensor[0]), uint64(sensor[1]), uint64(shift)
    columns, size = uint64(plane[1]), plane[0] * plane[1]
    step = uint64(size if polarities == 2 else 0)
    off, on = sign[0], sign[1]
    i, end = 0, start + bins * delta_t
    while i < len(events):
        t = events[i].t
        if t < start or t >= end:
            i += 1
            continue
        k = (t - start) // delta_t
        low = start + k * delta_t
        base = uint64(k * polarities * size)
        while i < len(events):
            event = events[i]
            if event.t < low or event.t >= low + delta_t:
                break
            i += 1
            x, y = uint64(event.x), uint64(event.y)
            if x < width and y < height:
                at = base + (y >> s) * columns + (x >> s)
                if event.p > 0:
                    flat[at + step] += on
                else:
                    flat[at] += off


@compiled
def add_cube(
    flat: Any,
    plane: tuple[int, int],
    micro: int,
    split: bool,
    events: Any,
    start: int,
    delta_t: int,
    bins: int,
    shift: int,
    sensor: tuple[int, int],
    sign: Any,
) -> None:
    """Share every event linearly between the two micro bins whose middles enclose it: (bins, micro, p, *plane)."""
    height, width, s = uint64(sensor[0]), uint64(sensor[1]), uint64(shift)
    columns, size = uint64(plane[1]), plane[0] * plane[1]
    polarities = 2 if split else 1
    step = uint64(size if split else 0)
    scale = micro / delta_t
    off, on = sign[0], sign[1]
    i, end = 0, start + bins * delta_t
    while i < len(events):
        t = events[i].t
        if t < start or t >= end:
            i += 1
            continue
        k = (t - start) // delta_t
        low = start + k * delta_t
        # Between middles j - 1 and j; before the first and behind the last both are the same micro bin.
        j = int((t - low) * scale + 0.5)
        middle = low + (j - 0.5) / scale
        stop = min(low + delta_t, max(t + 1, int(np.ceil(middle + 1 / scale))))
        earlier = uint64((k * micro + max(j - 1, 0)) * polarities * size)
        later = uint64((k * micro + min(j, micro - 1)) * polarities * size)
        first = t
        while i < len(events):
            event = events[i]
            if event.t < first or event.t >= stop:
                break
            i += 1
            x, y = uint64(event.x), uint64(event.y)
            if x < width and y < height:
                positive = event.p > 0
                whole = on if positive else off
                at = (y >> s) * columns + (x >> s) + (step if positive else uint64(0))
                part = np.float32((event.t - middle) * scale) * whole
                flat[earlier + at] += whole - part
                flat[later + at] += part


@compiled
def latest_times(
    flat: Any,
    plane: tuple[int, int],
    polarities: int,
    events: Any,
    start: int,
    delta_t: int,
    bins: int,
    shift: int,
    sensor: tuple[int, int],
    scale: float,
) -> None:
    """Keep in (bins, polarities, *plane) the time of the last event since its bin began, times scale."""
    height, width, s = uint64(sensor[0]), uint64(sensor[1]), uint64(shift)
    columns, size = uint64(plane[1]), plane[0] * plane[1]
    step = uint64(size if polarities == 2 else 0)
    i, end = 0, start + bins * delta_t
    while i < len(events):
        t = events[i].t
        if t < start or t >= end:
            i += 1
            continue
        k = (t - start) // delta_t
        low = start + k * delta_t
        base = uint64(k * polarities * size)
        while i < len(events):
            event = events[i]
            if event.t < low or event.t >= low + delta_t:
                break
            i += 1
            x, y = uint64(event.x), uint64(event.y)
            if x < width and y < height:
                at = base + (y >> s) * columns + (x >> s) + (step if event.p > 0 else uint64(0))
                flat[at] = max(flat[at], np.float32((event.t - low) * scale))
