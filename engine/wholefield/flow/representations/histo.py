"""Histograms of events: the number of events of each polarity per pixel and time bin."""

import numpy as np

from wholefield.flow.representations.grid import Events, Features, Grid, as_events

MAX_INCR = 5.0


def histo(
    events: Events,
    num_tbins: int,
    delta_t: int,
    height: int,
    width: int,
    downsampling_factor: int = 0,
    start_ts: int = 0,
    max_incr_per_pixel: float = MAX_INCR,
) -> Features:
    """Count the events of each polarity: H[k, p, y, x] = min(1, n(k, p, y, x) / max).

    Args:
        events: Structured events, x, y in px, t in us.
        num_tbins: Time bins T.
        delta_t: Length of a time bin in us.
        height: Rows of the sensor.
        width: Columns of the sensor.
        downsampling_factor: Squares of 2 ** factor pixels become one.
        start_ts: When the first bin begins, in us.
        max_incr_per_pixel: Events of one polarity per sensor pixel that give 1.

    Returns:
        float32 (T, 2, H, W) in [0, 1]: negative events, then positive ones.

    Raises:
        SettingError: A setting is out of range or the events lack a field.

    Example:
        >>> import numpy as np
        >>> from wholefield.flow.representations import histo
        >>> from wholefield.sources.events.recording import EVENT_DTYPE
        >>> histo(np.zeros(2, EVENT_DTYPE), 1, 10_000, 1, 3)[0, :, 0]
        array([[0.4, 0. , 0. ],
               [0. , 0. , 0. ]], dtype=float32)
    """
    grid = Grid(num_tbins, delta_t, height, width, downsampling_factor, start_ts)
    out = grid.zeros(2)
    add = grid.increment(max_incr_per_pixel)
    add_to(out, events, grid, (add, add))
    return np.minimum(out, 1, out=out)


def add_to(out: Features, events: Events, grid: Grid, sign: tuple[float, float]) -> None:
    """Add sign[p] for every event to one channel, or to that of its polarity where there are two."""
    from wholefield.flow.representations.kernels import add_counts

    add_counts(
        out.reshape(-1),
        grid.shape,
        out.shape[1],
        as_events(events),
        *grid.counting,
        np.array(sign, np.float32),
    )
