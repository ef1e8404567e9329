"""The event cube: events interpolated between the micro bins of a time bin."""

import numpy as np

from wholefield.errors import SettingError
from wholefield.flow.representations.grid import MICRO_BINS, Events, Features, Grid, as_events

# A quarter of a byte's range: a volume stored as uint8 holds it in steps of a quarter of an event.
CUBE_MAX_INCR = 255 / 4


def event_cube(
    events: Events,
    num_tbins: int,
    delta_t: int,
    height: int,
    width: int,
    downsampling_factor: int = 0,
    start_ts: int = 0,
    num_utbins: int = MICRO_BINS,
    split_polarity: bool = True,
    max_incr_per_pixel: float = CUBE_MAX_INCR,
) -> Features:
    """Discretized event volume of Zhu et al. 2018 (arXiv 1812.08156, equations 1 and 2), one for every time bin.

    With B micro bins an event at time t of a bin that begins at t_k lies at s = B (t - t_k) / delta_t - 1/2, and micro
    bin b receives max(0, 1 - |b - s|) of it; before the first and after the last center the outermost micro bin
    receives all. So the centers are delta_t / B apart, also from one time bin to the next; the weights of an event sum
    to one; and a bin does not depend on how many are computed at once.

    Args:
        events: Structured events, x, y in px, t in us.
        num_tbins: Time bins T.
        delta_t: Length of a time bin in us.
        height: Rows of the sensor.
        width: Columns of the sensor.
        downsampling_factor: Squares of 2 ** factor pixels become one.
        start_ts: When the first bin begins, in us.
        num_utbins: Micro bins B of a time bin.
        split_polarity: Whether each polarity has channels of its own; otherwise negative events count -1.
        max_incr_per_pixel: Events per sensor pixel that give 1.

    Returns:
        float32 (T, 2 B, H, W) in [0, 1], channel 2 b + p; or (T, B, H, W) in [-1, 1] without the split.

    Raises:
        SettingError: A setting is out of range or the events lack a field.

    Example:
        >>> import numpy as np
        >>> from wholefield.flow.representations import event_cube
        >>> from wholefield.sources.events.recording import EVENT_DTYPE
        >>> events = np.zeros(1, EVENT_DTYPE)
        >>> events["t"] = 5_000
        >>> event_cube(events, 1, 10_000, 1, 1, num_utbins=2, max_incr_per_pixel=1)[0, :, 0, 0]
        array([0.5, 0. , 0.5, 0. ], dtype=float32)
    """
    from wholefield.flow.representations.kernels import add_cube

    if num_utbins < 1:
        raise SettingError(f"num_utbins is {num_utbins} but must be at least 1.")
    grid = Grid(num_tbins, delta_t, height, width, downsampling_factor, start_ts)
    out = grid.zeros(cube_channels(num_utbins, split_polarity))
    add = grid.increment(max_incr_per_pixel)
    sign = np.array([add if split_polarity else -add, add], np.float32)
    add_cube(out.reshape(-1), grid.shape, num_utbins, split_polarity, as_events(events), *grid.counting, sign)
    # Most cubes stay far below the limit, and a check is cheaper than another write.
    return np.clip(out, -1, 1, out=out) if max(out.max(), -out.min()) > 1 else out


def cube_channels(num_utbins: int = MICRO_BINS, split_polarity: bool = True) -> int:
    """Channels of an event cube.

    Args:
        num_utbins: Micro bins of a time bin.
        split_polarity: Whether each polarity has channels of its own.

    Returns:
        The number of channels.

    Example:
        >>> from wholefield.flow.representations import cube_channels
        >>> cube_channels(3)
        6
    """
    return num_utbins * (2 if split_polarity else 1)
