"""Columns as they are stored, made into events; what is no event is left out and counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from wholefield.sources.events.recording import EVENT_DTYPE, Events

Numbers = npt.NDArray[Any]
# Times in us from here on are damage: 2^52 us are 142 years.
LARGEST_TIME = 2.0**52
# How many us a unit has; less than one is a division, so that whole numbers stay exact.
MULTIPLIED, DIVIDED = {"us": 1, "ms": 1000, "s": 1_000_000}, {"ns": 1000}
U2 = 1 << 16
OFF, ON = frozenset((-1.0, 0.0)), frozenset((1.0,))


@dataclass(frozen=True)
class LeftOut:
    """How many rows of a table are no events, by the reason.

    Attributes:
        outside: They lie outside the sensor.
        no_number: Their time or place is missing, infinite, or beyond every clock.
        no_polarity: Their polarity is neither on nor off.
    """

    outside: int = 0
    no_number: int = 0
    no_polarity: int = 0

    def __add__(self, other: LeftOut) -> LeftOut:
        return LeftOut(
            **{entry.name: getattr(self, entry.name) + getattr(other, entry.name) for entry in fields(self)}
        )

    def sentences(self) -> tuple[str, ...]:
        """What to tell about all but those outside the sensor."""
        texts = {
            "no finite time or place": self.no_number,
            "a polarity that is neither on nor off": self.no_polarity,
        }
        return tuple(_without(count, text) for text, count in texts.items() if count)


@dataclass(frozen=True)
class Layout:
    """How columns become events.

    Attributes:
        order: Roles of the columns, "-" where one is not used.
        unit: Unit of the times.
        off: Values of polarity that are off.
        on: Values of polarity that are on.
        offset_us: Added to the times.
    """

    order: tuple[str, ...]
    unit: str
    off: frozenset[float] = OFF
    on: frozenset[float] = ON
    offset_us: int = 0

    def events(self, columns: Sequence[Numbers]) -> tuple[Events, LeftOut]:
        """Rows as events.

        Args:
            columns: Equally long columns in the order of the table; unused ones are not looked at.

        Returns:
            Events (`EVENT_DTYPE`) on the clock of the file in its order, places rounded to px; and what is left out.
        """
        t, x, y, p = (columns[self.order.index(role)] for role in "txyp")
        x, no_x = _places(x)
        y, no_y = _places(y)
        time, no_time = _times(t, self.unit)
        on = _is_one_of(p, self.on)
        no_number = no_x | no_y | no_time
        no_polarity = ~(on | _is_one_of(p, self.off)) & ~no_number
        outside = ((x < 0) | (x >= U2) | (y < 0) | (y >= U2)) & ~no_number & ~no_polarity
        keep = ~(no_number | no_polarity | outside)
        left_out = LeftOut(int(outside.sum()), int(no_number.sum()), int(no_polarity.sum()))
        events = np.zeros(len(t) - int((~keep).sum()), EVENT_DTYPE)
        for name, values in (("t", time + self.offset_us), ("x", x), ("y", y), ("p", on)):
            events[name] = values if keep.all() else values[keep]
        return events, left_out


def _without(count: int, what: str) -> str:
    return (
        f"1 event has {what} and is left out."
        if count == 1
        else f"{count} events have {what} and are left out."
    )


def polarity_levels(levels: frozenset[float]) -> tuple[frozenset[float], frozenset[float]]:
    """Values that are off and on, for the values that a column has: the lower is off where they are not 0, 1 or -1."""
    if len(levels) == 2 and max(levels) > 1:
        return frozenset((min(levels),)), frozenset((max(levels),))
    return OFF, ON


def _places(values: Numbers) -> tuple[Numbers, npt.NDArray[np.bool_]]:
    """Whole px, and which are no number."""
    if values.dtype.kind != "f":
        return values, np.zeros(len(values), np.bool_)
    bad = ~np.isfinite(values)
    with np.errstate(invalid="ignore"):
        whole = np.rint(np.where(bad, 0, values).astype(np.float64))
    return np.clip(whole, -1, U2), bad


def _times(values: Numbers, unit: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Times in us, and which are none."""
    factor, divisor = MULTIPLIED.get(unit, 1), DIVIDED.get(unit, 1)
    if values.dtype.kind == "f":
        scaled = np.rint(values.astype(np.float64) * factor / divisor)
        bad = ~(np.abs(scaled) < LARGEST_TIME)
        return np.where(bad, 0, scaled).astype(np.int64), bad
    limit = int(LARGEST_TIME) * divisor // factor
    bad = (values >= limit) if values.dtype.kind in "ub" else (values >= limit) | (values <= -limit)
    whole = np.where(bad, 0, values).astype(np.int64)
    return whole * factor // divisor, bad


def _is_one_of(values: Numbers, levels: frozenset[float]) -> npt.NDArray[np.bool_]:
    found = np.zeros(len(values), np.bool_)
    for level in levels:
        found |= values == level
    return found
