"""What a file of events says beside them, and how long a stretch of time fits into the bits of a format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from wholefield.errors import SettingError
from wholefield.sources.events.recording import TRIGGER_DTYPE, Events


def no_triggers() -> Events:
    """An empty array of `TRIGGER_DTYPE`."""
    return np.zeros(0, TRIGGER_DTYPE)


@dataclass(frozen=True)
class About:
    """What a file says beside its events.

    Attributes:
        width: Columns of the sensor.
        height: Rows of the sensor.
        start_us: The clock of the file at time 0 of the events, in us.
        triggers: External triggers (`TRIGGER_DTYPE`), on the clock of the events.
        metadata: What else is told, as text, where the format has a place for it.
        gzip: Whether to compress, where the format can.
    """

    width: int
    height: int
    start_us: int = 0
    triggers: Events = field(default_factory=no_triggers)
    metadata: Mapping[str, str] = field(default_factory=dict)
    gzip: bool = False


def check_sides(about: About, name: str, limit: int) -> None:
    """Refuse a sensor whose coordinates do not fit.

    Raises:
        SettingError: They do not.
    """
    if not 0 < about.width <= limit or not 0 < about.height <= limit:
        raise SettingError(
            f"{name} holds sensors up to {limit} x {limit} px, not {about.width} x {about.height}; "
            "choose another format, or crop or downsample."
        )


def check_times(events: Events, about: About, name: str, bits: int) -> None:
    """Refuse events whose times on the clock of the file do not fit into that many bits.

    Args:
        events: Events, ascending in time.
        about: The clock.
        name: What the format is called.
        bits: Bits of a time in us.

    Raises:
        SettingError: They do not fit.
    """
    if not len(events):
        return
    first, last = int(events["t"][0]) + about.start_us, int(events["t"][-1]) + about.start_us
    if first < 0 or last >= 1 << bits:
        minutes = (1 << bits) / 60e6
        raise SettingError(
            f"{name} holds times from 0 to {minutes:.1f} minutes, and the clock of these events goes from {first} to "
            f"{last} us; count from zero (clock=zero), write a shorter range, or choose another format."
        )
