"""Features of a stretch of a recording, by the name of the representation."""

from typing import Any, Protocol

from wholefield.flow.representations.grid import Events, Features, as_events
from wholefield.flow.representations.registry import preprocessor


class EventSource(Protocol):
    """What gives the events of a stretch of time: a recording."""

    def events(self, start_us: int, end_us: int) -> Events:
        """Events with start_us <= t < end_us, ascending in time."""
        ...


def make_features(
    recording_or_events: EventSource | Events,
    preprocess: str,
    delta_t: int,
    start_us: int,
    num_tbins: int,
    height: int,
    width: int,
    downsampling_factor: int = 0,
    **args: Any,
) -> Features:
    """The features of num_tbins time bins from start_us on.

    Args:
        recording_or_events: A recording, of which only these bins are read, or structured events.
        preprocess: Name of the representation.
        delta_t: Length of a time bin in us.
        start_us: When the first bin begins, in us.
        num_tbins: Time bins T.
        height: Rows of the sensor.
        width: Columns of the sensor.
        downsampling_factor: Squares of 2 ** factor pixels become one.
        args: Further arguments of the representation.

    Returns:
        float32 (T, C, H, W).

    Raises:
        SettingError: There is no such representation, or a setting is out of range.
    """
    chosen = preprocessor(preprocess)
    arguments = chosen.arguments(args)
    if hasattr(recording_or_events, "events"):
        events = recording_or_events.events(start_us, start_us + num_tbins * delta_t)
    else:
        events = as_events(recording_or_events)
    return chosen.function(
        events,
        num_tbins,
        delta_t,
        height,
        width,
        downsampling_factor=downsampling_factor,
        start_ts=start_us,
        **arguments,
    )
