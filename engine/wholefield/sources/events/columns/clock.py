"""In which unit a table counts time, by how long it would last and how many events a second it would have.

Whole numbers are microseconds and numbers with a fraction seconds, as nearly all software writes them, unless that
makes a recording that hardly exists while another unit makes a usual one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wholefield.sources.events.columns.names import SECONDS
from wholefield.sources.events.columns.sample import Column, Sample

# Recordings that are made: their length in s and events a second.
USUAL_LENGTH, USUAL_RATE = (1e-3, 3600.0), (50.0, 1e8)
# Longer than this and with fewer events a second than that a recording is suspiciously quiet.
LONG, QUIET = 100.0, 1e4
# Shorter than this and with more events a second than that it may as well be a longer one with coarser times.
SHORT, DENSE = 0.1, 3e6
# What cannot be left out of account.
POSSIBLE_LENGTH, POSSIBLE_RATE = (1e-5, 2 * 86400.0), (0.1, 1e10)
# Clocks count from the start of a camera or from 1970; later than this, in s, no file can be.
LATEST = 4.2e9
# Fewer events than these say nothing about their rate.
FEW = 20
# No file resolves less, in s.
FINEST = 0.9e-9
# Whole numbers from here on are damage.
LARGEST_STEP = 2.0**62
WHOLE_UNITS, REAL_UNITS = ("us", "ns", "ms"), ("s", "us", "ms")


@dataclass(frozen=True)
class Clock:
    """What the times of a sample say.

    Attributes:
        total: Events of the recording.
        span: Latest time minus earliest.
        largest: Largest magnitude.
        whole: Whether all times are whole numbers.
        real: Whether they are stored as real numbers.
        tick: All times are multiples of it from the first on; 0 where they have no such step.
        rounding: How far apart the largest times are that their type can hold.
    """

    total: int
    span: float
    largest: float
    whole: bool
    real: bool
    tick: float
    rounding: float = 0.0

    @property
    def habit(self) -> str:
        """The unit in which software writes such numbers."""
        return "us" if self.whole else "s"

    def length(self, unit: str) -> float:
        """Length of the recording in s."""
        return self.span * SECONDS[unit]

    def rate(self, unit: str) -> float:
        """Events a second."""
        return self.total / max(self.length(unit), 1e-12)

    def possible(self, unit: str) -> bool:
        """Whether a recording could be so."""
        scale = SECONDS[unit]
        fits = _within(self.length(unit), POSSIBLE_LENGTH) and _within(self.rate(unit), POSSIBLE_RATE)
        return fits and self.largest * scale < LATEST and not 0 < self.tick * scale < FINEST

    def usual(self, unit: str) -> bool:
        """Whether recordings are like that."""
        quiet = self.length(unit) > LONG and self.rate(unit) < QUIET
        fits = _within(self.length(unit), USUAL_LENGTH) and _within(self.rate(unit), USUAL_RATE)
        return self.possible(unit) and fits and not quiet


def clock_of(sample: Sample, column: Column) -> Clock:
    """What a column of times says."""
    real = any(run.dtype.kind == "f" for run in column.runs) if sample.real is None else sample.real
    rounding = max(
        (float(np.finfo(run.dtype).eps) for run in column.runs if run.dtype.kind == "f"), default=0.0
    )
    tick = _step(column) if column.whole else _resolution(column, rounding)
    return Clock(
        sample.total, column.span, column.largest, column.whole, real, tick, rounding * column.largest
    )


def fitting_units(clock: Clock) -> tuple[str, ...]:
    """Units that fit the times, the likeliest first; one where there is no doubt."""
    usual_unit = clock.habit
    units = list(WHOLE_UNITS if clock.whole else REAL_UNITS)
    if clock.whole and clock.real:
        units.append("s")
    if clock.total < FEW:
        # Their rate says nothing, but for a recording that would last for days.
        short = clock.rate(usual_unit) >= POSSIBLE_RATE[0] or clock.span == 0
        return (
            (usual_unit,) if short else tuple(unit for unit in units if clock.possible(unit)) or tuple(units)
        )
    if clock.span == 0:
        return (usual_unit,)
    usual = [unit for unit in units if clock.usual(unit)]
    if usual_unit in usual:
        finer = _finer(clock)
        if finer is None:
            return (usual_unit,)
        return tuple(dict.fromkeys((*usual, finer)))
    # Against the habit of all software a file is not read without asking, unless nothing else is possible.
    return tuple(dict.fromkeys((*usual, *(unit for unit in units if clock.possible(unit))))) or tuple(units)


def _finer(clock: Clock) -> str | None:
    """Another unit that is as likely as the usual one.

    Either the last three digits are always the same, as in whole us that were written in ns, however short the
    recording is then; or it would be long and calm in us, and short and busy in ns; or many events share a time.
    """
    if not clock.whole:
        return "ms" if clock.possible("ms") and clock.tick >= 0.9e-3 else None
    if clock.possible("ns") and clock.tick >= 1000 and clock.tick % 1000 == 0:
        return "ns"
    if clock.length("us") > LONG and clock.usual("ns"):
        return "ns"
    dense = clock.length("us") < SHORT and clock.rate("us") > DENSE
    return "ms" if dense and clock.usual("ms") else None


def _within(value: float, bounds: tuple[float, float]) -> bool:
    return bounds[0] <= value <= bounds[1]


def _step(column: Column) -> float:
    """The largest whole number of which all differences of times are multiples, or 0."""
    sound = (run[np.isfinite(run)] for run in column.runs)
    steps = [np.diff(run[np.abs(run.astype(np.float64)) < LARGEST_STEP].astype(np.int64)) for run in sound]
    joined = np.abs(np.concatenate(steps)) if steps else np.zeros(0, np.int64)
    return float(np.gcd.reduce(joined)) if joined.size else 0.0


def _resolution(column: Column, rounding: float) -> float:
    """The largest power of ten of which all times are multiples, or 0 where there are more than nine decimals."""
    for decimals in range(1, 10):
        scaled = column.values * 10**decimals
        if (np.abs(scaled - np.rint(scaled)) <= np.maximum(np.abs(scaled) * rounding, 1e-4)).all():
            return 10.0**-decimals
    return 0.0
