"""Which column is which, by the values: time goes one way, polarity has two values, places lie on a sensor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import permutations

from wholefield.sources.events.columns.names import IGNORED, ROLES, role_of
from wholefield.sources.events.columns.sample import Column, Sample
from wholefield.sources.events.sensors import USUAL_SIZES, possible_sensor

Order = tuple[str, ...]
# The orders that software writes; they count for more than others that fit as well.
USUAL_ORDERS = (("t", "x", "y", "p"), ("x", "y", "t", "p"), ("x", "y", "p", "t"))
# Share of steps back up to which a column can be a clock; places at random have half.
CLOCK_DISORDER = 0.35
# A clock has this many times fewer steps back than a column that merely rises for a while, such as the rows of frames.
CLEARLY = 5
# Fewer rows than these say nothing about the size of a sensor.
ROWS_FOR_SIDES = 50
# Wider tables are not searched for columns without names.
MOST_COLUMNS = 7


@dataclass(frozen=True)
class Fit:
    """An order of columns that fits the values."""

    order: Order
    falls: int
    disorder: float

    @property
    def usual(self) -> bool:
        """Whether software is known to write it."""
        return tuple(role for role in self.order if role != IGNORED) in USUAL_ORDERS


def fitting_orders(sample: Sample) -> tuple[Order, ...]:
    """Orders of the columns that fit the values about equally well, the likeliest first.

    Args:
        sample: Rows of the table.

    Returns:
        One order where the values decide, several where they do not, none where nothing fits.
    """
    fits = list(_fits(sample))
    if not fits:
        # A size that the file states may be wrong as well.
        return fitting_orders(replace(sample, size=None)) if sample.size else ()
    best = min(fits, key=lambda fit: fit.falls)
    fits = [fit for fit in fits if not _clearly_worse(fit, best)]
    # Places beyond all sensors in use are rather times, as long as another order fits.
    fits = [fit for fit in fits if _on_usual_sensor(sample, fit.order)] or fits
    usual = [fit for fit in fits if fit.usual]
    orders = [fit.order for fit in sorted(usual or fits, key=_rank)]
    if not usual and not all(_only_clock(sample, order) for order in orders):
        # What no software is known to write is asked for, unless its times can be nothing else.
        orders += _usual_orders(len(sample.columns))
    for order in list(orders):
        if _upright(sample, order):
            orders.insert(orders.index(order), swapped(order))
    return tuple(orders)


def possible_orders(sample: Sample) -> tuple[Order, ...]:
    """All orders that can be chosen for a table, those that fit first; a choice that does not fit is told later."""
    fits = fitting_orders(sample)
    usual = _usual_orders(len(sample.columns))
    more = [order for first in (*fits, *usual) for order in (first, swapped(first))]
    return tuple(dict.fromkeys((*fits, *more)))


def mostly_outside(sample: Sample, order: Order) -> bool:
    """Whether a stated sensor holds less than half of the places."""
    return _outside(sample, sample.columns[order.index("x")], sample.columns[order.index("y")])


def swapped(order: Order) -> Order:
    """The same order with x and y exchanged."""
    return tuple({"x": "y", "y": "x"}.get(role, role) for role in order)


def problem_of(sample: Sample, order: Order) -> str:
    """Why an order cannot be that of a table, as the end of a sentence, or ''."""
    by_role = {role: sample.columns[place] for place, role in enumerate(order) if role != IGNORED}
    if not (by_role["p"].polarity or by_role["p"].three_way):
        return "its polarities have other values than two"
    if not (by_role["x"].coordinate and by_role["y"].coordinate):
        return "its coordinates lie outside any sensor"
    width, height = by_role["x"].side, by_role["y"].side
    if sample.size is None and sample.rows >= ROWS_FOR_SIDES and not possible_sensor(width, height):
        return f"its sensor would have {width} x {height} px"
    return ""


def _fits(sample: Sample) -> Iterator[Fit]:
    columns = sample.columns
    if not len(ROLES) <= len(columns) <= MOST_COLUMNS:
        return
    extra = len(columns) > len(ROLES)
    usable = [place for place, column in enumerate(columns) if not (extra and column.counter)]
    for t, x, y, p in permutations(usable, len(ROLES)):
        if x < y and _fit(sample, columns[t], columns[x], columns[y], columns[p]):
            places = {t: "t", x: "x", y: "y", p: "p"}
            order = tuple(places.get(place, IGNORED) for place in range(len(columns)))
            if _as_named(sample, order):
                yield Fit(order, columns[t].falls, columns[t].disorder)


def _fit(sample: Sample, t: Column, x: Column, y: Column, p: Column) -> bool:
    if not (p.polarity and x.coordinate and y.coordinate and t.values.size):
        return False
    few = sample.rows < ROWS_FOR_SIDES
    # A few rows can be in any order.
    if (t.disorder > CLOCK_DISORDER and not few) or x.whole != y.whole:
        return False
    if (t.constant and sample.rows > 1) or (not few and _outside(sample, x, y)):
        return False
    return sample.size is not None or few or possible_sensor(x.side, y.side)


def _as_named(sample: Sample, order: Order) -> bool:
    """Whether no column has the role that another one has by name."""
    named = [role_of(name) for name in sample.names]
    return all(named.count(role) != 1 or named.index(role) == order.index(role) for role in ROLES)


def _outside(sample: Sample, x: Column, y: Column) -> bool:
    if sample.size is None:
        return False
    width, height = sample.size
    return bool((x.values >= width).mean() > 0.5 or (y.values >= height).mean() > 0.5)


def _usual_orders(count: int) -> list[Order]:
    """The orders that software writes, for that many columns."""
    return (
        [order + (IGNORED,) * (count - len(order)) for order in USUAL_ORDERS] if count >= len(ROLES) else []
    )


def _on_usual_sensor(sample: Sample, order: Order) -> bool:
    """Whether the places of an order lie on a sensor of a size that is in use, on its side or not."""
    sides = sorted(sample.columns[order.index(role)].side for role in "xy")
    return any(sides[0] <= min(size) and sides[1] <= max(size) for size in USUAL_SIZES)


def _only_clock(sample: Sample, order: Order) -> bool:
    """Whether the times of an order cannot be places."""
    time = sample.columns[order.index("t")]
    return not (time.coordinate and time.whole)


def _clearly_worse(fit: Fit, best: Fit) -> bool:
    return fit.falls > CLEARLY * best.falls + 3


def _rank(fit: Fit) -> tuple[bool, int, int]:
    roles = tuple(role for role in fit.order if role != IGNORED)
    return not fit.usual, fit.falls, USUAL_ORDERS.index(roles) if fit.usual else 0


def _upright(sample: Sample, order: Order) -> bool:
    """Whether x and y make sense the other way round only: sensors are wider than they are high."""
    if sample.size is not None:
        return False
    height, width = (sample.columns[order.index(role)].side for role in "xy")
    if width <= height:
        return False
    filled = any(0.97 * w < width <= w and 0.97 * h < height <= h for w, h in USUAL_SIZES)
    too_high = width > max(h for _, h in USUAL_SIZES) and any(
        width <= w and height <= h for w, h in USUAL_SIZES
    )
    return filled or too_high
