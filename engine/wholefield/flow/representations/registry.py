"""Representations by name: what is built in, what users register, and features made by name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from wholefield.errors import SettingError
from wholefield.flow.representations.grid import Events, Features, as_events
from wholefield.flow.representations.visualize import Picture

Represent = Callable[..., Features]
"""function(events, num_tbins, delta_t, height, width, downsampling_factor=..., start_ts=..., **arguments)."""


class EventSource(Protocol):
    """Gives the events of a span of time, as recordings do."""

    def events(self, start_us: int, end_us: int) -> Events:
        """Events with start_us <= t < end_us, ascending in time."""
        ...


class SizedEventSource(EventSource, Protocol):
    """An `EventSource` that knows its sensor and its length."""

    @property
    def width(self) -> int:
        """Columns of the sensor in px."""
        ...

    @property
    def height(self) -> int:
        """Rows of the sensor in px."""
        ...

    @property
    def duration_us(self) -> int:
        """Length in us of the half-open span from 0 that holds all events."""
        ...


@dataclass(frozen=True)
class Preprocessor:
    """A representation: a way to turn events into features.

    Attributes:
        name: As it is written in settings and feature files.
        function: Makes the features, float32 (T, C, H, W).
        channels: Number of channels C for given arguments.
        visualize: Makes an image, uint8 RGB (H, W, 3), of the features of one bin (C, H, W).
        defaults: Arguments beyond those that all have, with their default values.

    Example:
        >>> from wholefield.flow.representations import preprocessor
        >>> cube = preprocessor("event_cube")
        >>> cube.channels(cube.arguments({"num_utbins": 5}))
        10
    """

    name: str
    function: Represent
    channels: Callable[[Mapping[str, Any]], int]
    visualize: Callable[[Features], Picture]
    defaults: Mapping[str, Any] = field(default_factory=dict)

    def arguments(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The defaults, overridden by what is given.

        Raises:
            SettingError: The representation has no such argument.
        """
        for name in given:
            if name not in self.defaults:
                known = ", ".join(self.defaults) or "none"
                raise SettingError(f"{self.name} has no argument {name}; it has: {known}.")
        return {**self.defaults, **given}


PREPROCESSORS: dict[str, Preprocessor] = {}


def register(
    name: str,
    function: Represent,
    channels: Callable[[Mapping[str, Any]], int],
    visualize: Callable[[Features], Picture],
    **defaults: Any,
) -> Preprocessor:
    """Add a representation of your own, so that it can be chosen by name everywhere.

    Args:
        name: A new name.
        function: Makes the features, float32 (T, C, H, W): function(events, num_tbins, delta_t, height, width,
            downsampling_factor=..., start_ts=..., **arguments).
        channels: Number of channels C for given arguments.
        visualize: Makes an image, uint8 RGB (H, W, 3), of the features of one bin (C, H, W).
        **defaults: Further arguments of the function with their default values.

    Returns:
        The representation.

    Raises:
        SettingError: The name is taken.

    Example:
        >>> from wholefield.flow import PREPROCESSORS, register
        >>> from wholefield.flow.representations import histo, viz_histo
        >>> def doubled(*args, gain=2.0, **kwargs):
        ...     return gain * histo(*args, **kwargs)
        >>> register("doubled", doubled, lambda arguments: 2, viz_histo, gain=2.0).name
        'doubled'
        >>> del PREPROCESSORS["doubled"]
    """
    if name in PREPROCESSORS:
        raise SettingError(f"There is already a representation named {name}; choose another name.")
    PREPROCESSORS[name] = Preprocessor(name, function, channels, visualize, defaults)
    return PREPROCESSORS[name]


def preprocessor(name: str) -> Preprocessor:
    """The representation of that name.

    Args:
        name: Of a built-in or registered representation.

    Returns:
        The representation.

    Raises:
        SettingError: There is none of that name.

    Example:
        >>> from wholefield.flow.representations import preprocessor
        >>> preprocessor("histo").arguments({})
        {'max_incr_per_pixel': 5.0}
    """
    if name not in PREPROCESSORS:
        raise SettingError(
            f"There is no representation named {name}; choose from {', '.join(PREPROCESSORS)}."
        )
    return PREPROCESSORS[name]


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
        **args: Further arguments of the representation.

    Returns:
        float32 (T, C, H, W).

    Raises:
        SettingError: There is no such representation, or a setting is out of range.

    Example:
        >>> import numpy as np
        >>> from wholefield.flow import make_features
        >>> from wholefield.sources.events.recording import EVENT_DTYPE
        >>> make_features(np.zeros(4, EVENT_DTYPE), "event_cube", 10_000, 0, 2, height=24, width=32).shape
        (2, 6, 24, 32)
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
