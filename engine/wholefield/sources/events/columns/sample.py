"""A sample of a table, spread over all of it, and what the values of each column look like."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from wholefield.sources.events.sensors import LARGEST_LIKELY_SIDE

Reals = npt.NDArray[np.float64]
# A table of up to that many rows is looked at as a whole, of a longer one this many runs of this many rows.
ALL_ROWS = 1 << 16
RUNS, RUN_ROWS = 64, 512
STANDARD_POLARITIES = ({0.0, 1.0}, {-1.0, 1.0})
OTHER_POLARITIES = ({1.0, 2.0}, {0.0, 255.0})
# Share of the values of a coordinate that must lie on a likely sensor; the others are noise of a broken file.
INSIDE = 0.75
# Share of the polarities that may be damaged.
DAMAGED = 0.01


def spread_runs(length: int) -> list[tuple[int, int]]:
    """Half-open ranges of rows, spread evenly from the first to the last row."""
    if length <= ALL_ROWS:
        return [(0, length)] if length else []
    begins = np.linspace(0, length - RUN_ROWS, RUNS).astype(np.int64).tolist()
    return [(begin, begin + RUN_ROWS) for begin in begins]


@dataclass(frozen=True)
class Sample:
    """Rows of a table.

    Attributes:
        runs: Runs of rows that follow one another in the file, each (columns, rows).
        total: Rows of the whole table, perhaps estimated.
        names: Names of the columns, or empty.
        unit: Unit of time that the file states, or None.
        size: (width, height) of the sensor that the file states, or None.
        real: Whether times are written as real numbers, be they whole or not; None: as their type says.
    """

    runs: Sequence[Sequence[npt.NDArray[Any]]]
    total: int
    names: tuple[str, ...] = ()
    unit: str | None = None
    size: tuple[int, int] | None = None
    real: bool | None = None

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """What each column looks like."""
        runs = [run for run in self.runs if len(run) and len(run[0])]
        if not runs:
            return ()
        return tuple(Column([run[number] for run in runs]) for number in range(len(runs[0])))

    @property
    def rows(self) -> int:
        """Number of rows in the sample."""
        return sum(len(run[0]) for run in self.runs if len(run))


def take_sample(length: int, read: Callable[[int, int], Sequence[npt.NDArray[Any]]], **known: Any) -> Sample:
    """A sample of a table of which any rows can be read.

    Args:
        length: Number of rows.
        read: Gives the columns of rows [begin, end).
        **known: Other fields of the sample.
    """
    return Sample([read(begin, end) for begin, end in spread_runs(length)], length, **known)


@dataclass(frozen=True)
class Column:
    """One column of a sample.

    Attributes:
        runs: Its values in each run, as they are stored.
    """

    runs: Sequence[npt.NDArray[Any]] = field(repr=False)

    @cached_property
    def _reals(self) -> list[Reals]:
        return [np.asarray(run, np.float64) for run in self.runs]

    @cached_property
    def values(self) -> Reals:
        """All finite values in the order of the file."""
        return np.concatenate([run[np.isfinite(run)] for run in self._reals])

    @cached_property
    def whole(self) -> bool:
        """Whether all values are whole numbers."""
        return bool((self.values == np.rint(self.values)).all())

    @cached_property
    def coordinate(self) -> bool:
        """Whether nearly all values could be places on a sensor."""
        inside = (self.values > -0.5) & (self.values < LARGEST_LIKELY_SIDE - 0.5)
        return bool(self.values.size) and float(inside.mean()) >= INSIDE

    @cached_property
    def side(self) -> int:
        """Length in px of a sensor that holds all likely values as places."""
        inside = self.values[(self.values > -0.5) & (self.values < LARGEST_LIKELY_SIDE - 0.5)]
        return int(np.rint(inside.max())) + 1 if inside.size else 0

    @cached_property
    def levels(self) -> frozenset[float]:
        """Its different values, if they are at most two but for a few that are damaged; otherwise nothing."""
        values, counts = np.unique(self.values, return_counts=True)
        most = np.argsort(counts)[::-1][:2]
        if not values.size or counts[most].sum() < (1 - DAMAGED) * counts.sum():
            return frozenset()
        return frozenset(values[most].tolist())

    @property
    def polarity(self) -> bool:
        """Whether the values could be polarities: two usual ones, or one of them."""
        if not self.levels:
            return False
        usual = any(self.levels <= pair for pair in STANDARD_POLARITIES)
        return usual or any(self.levels == pair for pair in OTHER_POLARITIES)

    @cached_property
    def steps(self) -> Reals:
        """Differences of neighbors in the file, those that are not zero."""
        joined = np.concatenate([np.diff(run[np.isfinite(run)]) for run in self._reals])
        return joined[joined != 0]

    @cached_property
    def falls(self) -> int:
        """Steps against the direction in which the column mostly goes, or 0 where it does not move."""
        down = int((self.steps < 0).sum())
        return min(down, len(self.steps) - down)

    @property
    def disorder(self) -> float:
        """Share of the steps that go against the direction of the others: 0 in order, 0.5 at random."""
        return self.falls / len(self.steps) if len(self.steps) else 0.0

    @property
    def three_way(self) -> bool:
        """Whether all values are -1, 0 or 1."""
        return bool(self.values.size) and bool(np.isin(self.values, (-1, 0, 1)).all())

    @property
    def constant(self) -> bool:
        """Whether all values are the same."""
        return len(self.levels) == 1

    @property
    def counter(self) -> bool:
        """Whether it numbers the rows."""
        first = float(self.values[0]) if self.values.size else -1.0
        one_each = len(self.steps) == len(self.values) - len(self.runs) and bool((self.steps == 1).all())
        return self.whole and first in (0.0, 1.0) and len(self.values) > 2 and one_each

    @cached_property
    def span(self) -> float:
        """How far the values reach, without the one in a hundred at each end that may be damaged."""
        if not self.values.size:
            return 0.0
        low, high = np.quantile(self.values, (0.01, 0.99)) if len(self.values) > 200 else self._ends()
        return float(high - low) / (0.98 if len(self.values) > 200 else 1.0)

    def _ends(self) -> tuple[float, float]:
        return float(self.values.min()), float(self.values.max())

    @cached_property
    def largest(self) -> float:
        """A large magnitude that is still no outlier."""
        return float(np.quantile(np.abs(self.values), 0.9)) if self.values.size else 0.0
