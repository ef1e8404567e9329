"""The difference between the histograms of positive and of negative events."""

import numpy as np

from wholefield.flow.representations.grid import Events, Features, Grid
from wholefield.flow.representations.histo import MAX_INCR, add_to


def diff(
    events: Events,
    num_tbins: int,
    delta_t: int,
    height: int,
    width: int,
    downsampling_factor: int = 0,
    start_ts: int = 0,
    max_incr_per_pixel: float = MAX_INCR,
) -> Features:
    """Positive minus negative events: D[k, 0, y, x] = (n(k, 1, y, x) - n(k, 0, y, x)) / max, clipped to [-1, 1].

    Args:
        events: Structured events, x, y in px, t in us.
        num_tbins: Time bins T.
        delta_t: Length of a time bin in us.
        height: Rows of the sensor.
        width: Columns of the sensor.
        downsampling_factor: Squares of 2 ** factor pixels become one.
        start_ts: When the first bin begins, in us.
        max_incr_per_pixel: Excess of events per sensor pixel that gives 1.

    Returns:
        float32 (T, 1, H, W) in [-1, 1].

    Raises:
        SettingError: A setting is out of range or the events lack a field.

    Example:
        >>> import numpy as np
        >>> from wholefield.flow.representations import diff
        >>> from wholefield.sources.events.recording import EVENT_DTYPE
        >>> diff(np.zeros(2, EVENT_DTYPE), 1, 10_000, 1, 3)[0, 0]
        array([[-0.4,  0. ,  0. ]], dtype=float32)
    """
    grid = Grid(num_tbins, delta_t, height, width, downsampling_factor, start_ts)
    out = grid.zeros(1)
    add = grid.increment(max_incr_per_pixel)
    add_to(out, events, grid, (-add, add))
    return np.clip(out, -1, 1, out=out)
