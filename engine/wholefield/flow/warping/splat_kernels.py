"""The loops over single events of warping and splatting, compiled on first use."""

from typing import Any

import numpy as np

from wholefield.kernels.compiled import compiled


@compiled
def splat_into(out: Any, x: Any, y: Any, weights: Any) -> None:
    """Add every weight bilinearly to the four pixels around (x, y); what falls outside is lost."""
    height, width = out.shape
    for i in range(len(x)):
        left, top = int(np.floor(x[i])), int(np.floor(y[i]))
        right_part, low_part = x[i] - left, y[i] - top
        for row in range(2):
            for column in range(2):
                yy, xx = top + row, left + column
                if 0 <= yy < height and 0 <= xx < width:
                    share = (right_part if column else 1 - right_part) * (low_part if row else 1 - low_part)
                    out[yy, xx] += share * weights[i]


@compiled
def flow_at(flow: Any, x: float, y: float) -> tuple[float, float]:
    """Flow (2, H, W) between pixels, bilinear; beyond the border that of the border."""
    height, width = flow.shape[1], flow.shape[2]
    x, y = min(max(x, 0.0), width - 1.0), min(max(y, 0.0), height - 1.0)
    left, top = min(int(x), max(width - 2, 0)), min(int(y), max(height - 2, 0))
    right, low = min(left + 1, width - 1), min(top + 1, height - 1)
    a, b = x - left, y - top
    u = (1 - b) * ((1 - a) * flow[0, top, left] + a * flow[0, top, right]) + b * (
        (1 - a) * flow[0, low, left] + a * flow[0, low, right]
    )
    v = (1 - b) * ((1 - a) * flow[1, top, left] + a * flow[1, top, right]) + b * (
        (1 - a) * flow[1, low, left] + a * flow[1, low, right]
    )
    return u, v


@compiled
def move_events(
    x: Any, y: Any, times: Any, flow: Any, t_ref: float, start: float, length: float, steps: int
) -> None:
    """Move events in place from their times to t_ref through the flow of every time bin on the way.

    flow is (T, 2, H, W) in px per unit of time; bin k is [start + k length, start + (k + 1) length), and the first and
    last bin extend indefinitely. Within a bin an event goes straight (steps 0) or along the field in midpoint steps.
    """
    last = len(flow) - 1
    for i in range(len(x)):
        t = times[i]
        forward = t_ref > t
        k = min(max(int(np.floor((t - start) / length)), 0), last)
        if not forward and k > 0 and t == start + k * length:
            k -= 1
        while t != t_ref:
            stop = t_ref
            if forward and k < last:
                stop = min(t_ref, start + (k + 1) * length)
            if not forward and k > 0:
                stop = max(t_ref, start + k * length)
            dt = (stop - t) / max(steps, 1)
            for _ in range(max(steps, 1)):
                u, v = flow_at(flow[k], x[i], y[i])
                if steps:
                    u, v = flow_at(flow[k], x[i] + u * dt / 2, y[i] + v * dt / 2)
                x[i] += u * dt
                y[i] += v * dt
            t = stop
            k += 1 if forward else -1
