"""Images of warped events: every event moves along the flow to one moment and is splatted bilinearly.

The flow is in px per s, (2, H, W) with x first, or (T, 2, H, W) with one field for each of several time bins. The
torch counterpart is wholefield.flow.warping.splat_torch.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wholefield.errors import SettingError
from wholefield.flow.representations.grid import Events

Array = npt.NDArray[np.float64]
SECOND = 1e6


@dataclass(frozen=True)
class Trajectory:
    """How events move from their times to another.

    Attributes:
        start_us: When the first time bin of the flow begins.
        bin_us: Length of a time bin of the flow; a flow of one bin holds for all times.
        steps: None moves an event straight with the flow at its pixel. A number moves it along the field instead, in
            that many midpoint steps a time bin: for motion that turns by more than a few degrees in the window.
    """

    start_us: float = 0
    bin_us: float = SECOND
    steps: int | None = None


STRAIGHT = Trajectory()


def splat(x: Array, y: Array, shape: tuple[int, int], weights: Array | None = None) -> Array:
    """Bilinear splat: I[r, c] = sum_i w_i max(0, 1 - |c - x_i|) max(0, 1 - |r - y_i|).

    Args:
        x: (N,) columns in px.
        y: (N,) rows in px.
        shape: (H, W).
        weights: (N,); ones when None.

    Returns:
        float64 (H, W).
    """
    from wholefield.flow.warping.splat_kernels import splat_into

    image = np.zeros(shape)
    splat_into(image, x, y, np.ones(len(x)) if weights is None else weights)
    return image


def warp_events(
    events: Events, flow: npt.NDArray[np.floating], t_ref_us: float, trajectory: Trajectory = STRAIGHT
) -> tuple[Array, Array]:
    """Where events would be at t_ref_us: x' = x + (t_ref - t) u(x), for one bin and a straight trajectory.

    Args:
        events: Structured events.
        flow: (2, H, W) or (T, 2, H, W) in px per s.
        t_ref_us: The moment in us.
        trajectory: The time bins of the flow and how events move.

    Returns:
        x and y in px, float64 (N,); they may lie outside the sensor.

    Raises:
        SettingError: The flow has another shape.
    """
    from wholefield.flow.warping import splat_kernels

    fields = np.ascontiguousarray(flow.reshape(-1, *flow.shape[-3:]), np.float64)
    if flow.ndim not in (3, 4) or fields.shape[1] != 2:
        raise SettingError(f"A flow must be (2, H, W) or (T, 2, H, W) but is {flow.shape}.")
    x, y = events["x"].astype(np.float64), events["y"].astype(np.float64)
    times = events["t"].astype(np.float64)
    splat_kernels.move_events(
        x,
        y,
        times,
        fields / SECOND,
        float(t_ref_us),
        float(trajectory.start_us),
        float(trajectory.bin_us),
        trajectory.steps or 0,
    )
    return x, y


def image_of_warped_events(
    events: Events,
    flow: npt.NDArray[np.floating],
    t_ref_us: float,
    trajectory: Trajectory = STRAIGHT,
    weights: Array | None = None,
) -> Array:
    """Image of warped events: where all would be at t_ref_us, counted.

    Args:
        events: Structured events.
        flow: (2, H, W) or (T, 2, H, W) in px per s.
        t_ref_us: The moment in us.
        trajectory: The time bins of the flow and how events move.
        weights: (N,), such as the polarities; ones when None.

    Returns:
        float64 (H, W).
    """
    x, y = warp_events(events, flow, t_ref_us, trajectory)
    height, width = flow.shape[-2:]
    return splat(x, y, (height, width), weights)
