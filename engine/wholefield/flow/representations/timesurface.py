"""Time surfaces: when a pixel last saw an event."""

from wholefield.errors import SettingError
from wholefield.flow.representations.grid import MICRO_BINS, Events, Features, Grid, as_events


def timesurface(
    events: Events,
    num_tbins: int,
    delta_t: int,
    height: int,
    width: int,
    downsampling_factor: int = 0,
    start_ts: int = 0,
    normed: bool = True,
    split_polarity: bool = True,
) -> Features:
    """Time of the last event of each polarity since its bin began at t_k: TS[k, p, y, x] = max t - t_k.

    Args:
        events: Structured events, x, y in px, t in us.
        num_tbins: Time bins T.
        delta_t: Length of a time bin in us.
        height: Rows of the sensor.
        width: Columns of the sensor.
        downsampling_factor: Squares of 2 ** factor pixels become one.
        start_ts: When the first bin begins, in us.
        normed: Whether times are divided by delta_t; they are in us otherwise.
        split_polarity: Whether each polarity has a channel of its own.

    Returns:
        float32 (T, 2, H, W), negative then positive events, or (T, 1, H, W); 0 where there is no event.

    Raises:
        SettingError: A setting is out of range or the events lack a field.

    Example:
        >>> import numpy as np
        >>> from wholefield.flow.representations import timesurface
        >>> from wholefield.sources.events.recording import EVENT_DTYPE
        >>> events = np.zeros(2, EVENT_DTYPE)
        >>> events["t"] = 1_000, 4_000
        >>> timesurface(events, 1, 10_000, 1, 1)[0, :, 0, 0]
        array([0.4, 0. ], dtype=float32)
    """
    from wholefield.flow.representations.kernels import latest_times

    grid = Grid(num_tbins, delta_t, height, width, downsampling_factor, start_ts)
    out = grid.zeros(2 if split_polarity else 1)
    scale = 1.0 / delta_t if normed else 1.0
    latest_times(out.reshape(-1), grid.shape, out.shape[1], as_events(events), *grid.counting, scale)
    return out


def multi_channel_timesurface(
    events: Events,
    num_tbins: int,
    delta_t: int,
    height: int,
    width: int,
    downsampling_factor: int = 0,
    start_ts: int = 0,
    num_utbins: int = MICRO_BINS,
    normed: bool = True,
) -> Features:
    """Several time surfaces in every time bin, one for each of its equal parts.

    Args:
        events: Structured events, x, y in px, t in us.
        num_tbins: Time bins T.
        delta_t: Length of a time bin in us; a multiple of num_utbins.
        height: Rows of the sensor.
        width: Columns of the sensor.
        downsampling_factor: Squares of 2 ** factor pixels become one.
        start_ts: When the first bin begins, in us.
        num_utbins: Parts B of a time bin.
        normed: Whether times since the beginning of a part are divided by its length; they are in us otherwise.

    Returns:
        float32 (T, 2 B, H, W), channel 2 b + p; 0 where there is no event.

    Raises:
        SettingError: A setting is out of range or the events lack a field.

    Example:
        >>> import numpy as np
        >>> from wholefield.flow.representations import multi_channel_timesurface
        >>> from wholefield.sources.events.recording import EVENT_DTYPE
        >>> multi_channel_timesurface(np.zeros(2, EVENT_DTYPE), 1, 10_000, 24, 32, num_utbins=5).shape
        (1, 10, 24, 32)
    """
    if num_utbins < 1 or delta_t % num_utbins:
        raise SettingError(f"delta_t is {delta_t} us but must be a multiple of num_utbins, {num_utbins}.")
    parts = timesurface(
        events,
        num_tbins * num_utbins,
        delta_t // num_utbins,
        height,
        width,
        downsampling_factor,
        start_ts,
        normed,
    )
    return parts.reshape(num_tbins, 2 * num_utbins, *parts.shape[2:])
