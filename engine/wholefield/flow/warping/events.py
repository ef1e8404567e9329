"""Images of warped events: every event moves along the flow to one moment and is splatted bilinearly.

The flow is in px per s, (2, H, W) with x first, or (T, 2, H, W) with one field for each of several time bins. The
torch counterpart is wholefield.flow.warping.splat_torch.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wholefield.errors import SettingError
from wholefield.flow.representations.grid import SECOND, Events

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Trajectory:
    """How events move along a flow from their timestamps to another moment.

    Attributes:
        start_us: When the first time bin of the flow begins, in us.
        bin_us: Length of a time bin of the flow in us; a flow of one bin holds for all times.
        steps: None moves an event straight, with the flow at its pixel. A number integrates along the field instead,
            in that many midpoint steps per time bin: for motion that turns by more than a few degrees in the window.

    Example:
        >>> from wholefield.flow import Trajectory
        >>> Trajectory(bin_us=10_000, steps=4).steps
        4
    """

    start_us: float = 0
    bin_us: float = SECOND
    steps: int | None = None


STRAIGHT = Trajectory()


def splat(x: Array, y: Array, shape: tuple[int, int], weights: Array | None = None) -> Array:
    """Bilinear splat: I[r, c] = sum_i w_i max(0, 1 - |c - x_i|) max(0, 1 - |r - y_i|).

    Args:
        x: float64 (N,) columns in px.
        y: float64 (N,) rows in px.
        shape: (H, W).
        weights: float64 (N,); ones if None.

    Returns:
        float64 (H, W).

    Example:
        >>> import numpy as np
        >>> from wholefield.flow.warping import splat
        >>> splat(np.array([0.25]), np.array([0.0]), (1, 3))
        array([[0.75, 0.25, 0.  ]])
    """
    from wholefield.flow.warping.splat_kernels import splat_into

    image = np.zeros(shape)
    splat_into(image, x, y, np.ones(len(x)) if weights is None else weights)
    return image


def warp_events(
    events: Events, flow: npt.NDArray[np.floating], t_ref_us: float, trajectory: Trajectory = STRAIGHT
) -> tuple[Array, Array]:
    """Where events would be at t_ref_us: x' = x + (t_ref - t) u(x) for a flow of one bin and a straight trajectory.

    Args:
        events: Structured events.
        flow: float (2, H, W) or (T, 2, H, W) in px per s.
        t_ref_us: The moment in us.
        trajectory: The time bins of the flow and how events move.

    Returns:
        x and y in px, float64 (N,); they may lie outside the sensor.

    Raises:
        SettingError: The flow has another shape.

    Example:
        >>> import numpy as np
        >>> from wholefield.flow import warp_events
        >>> from wholefield.sources.events.recording import EVENT_DTYPE
        >>> flow = np.full((2, 8, 8), 100.0)  # px per s
        >>> x, y = warp_events(np.zeros(1, EVENT_DTYPE), flow, t_ref_us=10_000)
        >>> x, y
        (array([1.]), array([1.]))
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
    """Image of warped events: how many would be in each pixel at t_ref_us.

    Args:
        events: Structured events.
        flow: float (2, H, W) or (T, 2, H, W) in px per s.
        t_ref_us: The moment in us.
        trajectory: The time bins of the flow and how events move.
        weights: float64 (N,), for instance the polarities; ones if None.

    Returns:
        float64 (H, W).

    Example:
        >>> import numpy as np
        >>> from wholefield.flow import image_of_warped_events
        >>> from wholefield.sources.events.recording import EVENT_DTYPE
        >>> events = np.zeros(3, EVENT_DTYPE)
        >>> image_of_warped_events(events, np.zeros((2, 2, 2)), t_ref_us=0)
        array([[3., 0.],
               [0., 0.]])
    """
    x, y = warp_events(events, flow, t_ref_us, trajectory)
    height, width = flow.shape[-2:]
    return splat(x, y, (height, width), weights)
