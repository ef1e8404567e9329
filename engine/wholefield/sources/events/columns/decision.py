"""The reading of a table: decided by its values where one reading fits, asked for where two do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from wholefield.errors import SourceError
from wholefield.sources.choices import Answer, Question, Reading, UnclearFileError
from wholefield.sources.events.columns.clock import FEW, Clock, clock_of, fitting_units
from wholefield.sources.events.columns.convert import ON, Layout, polarity_levels
from wholefield.sources.events.columns.names import IGNORED, ROLES, SECONDS, UNIT_NAMES, order_of
from wholefield.sources.events.columns.roles import (
    Order,
    fitting_orders,
    mostly_outside,
    possible_orders,
    problem_of,
)
from wholefield.sources.events.columns.sample import Sample
from wholefield.sources.events.sensors import size_in

ASKED = ("columns", "unit", "size")
# Times that are less exact than this, in s, are told.
COARSE = 2e-6
# A few events this many times farther apart than all others were not recorded with them.
FAR = 10
SIZE_HELP = (
    "Width and height of the sensor in pixels, such as 640,480; taken from the events where it is left empty."
)
ROLE_NAMES = {"t": "time", "x": "x", "y": "y", "p": "polarity", IGNORED: "not used"}


@dataclass(frozen=True)
class Decision:
    """A layout and what to say about it.

    Attributes:
        layout: How columns become events.
        size: (width, height) of the sensor that was stated, or None.
        warnings: Sentences about what is not certain.
        metadata: What was read, for the properties of the recording.
        usual_us: Time within which nearly all events lie.
    """

    layout: Layout
    size: tuple[int, int] | None
    warnings: tuple[str, ...]
    metadata: dict[str, str]
    usual_us: float

    def jumps(self, duration_us: int) -> tuple[str, ...]:
        """The warning for a recording that lasts much longer than nearly all of its events do."""
        if duration_us < FAR * max(self.usual_us, 1.0) or not self.usual_us:
            return ()
        return (
            f"Its clock jumps: the recording lasts {duration_us / 1e6:.6g} s, and nearly all of its events lie within "
            f"{self.usual_us / 1e6:.4g} s.",
        )


def decide(path: Path, sample: Sample, reading: Reading) -> Decision:
    """How a table is read.

    Args:
        path: The file, for sentences.
        sample: Rows spread over the table.
        reading: Answers, which count for more than the values.

    Raises:
        UnclearFileError: Two readings fit.
        SourceError: None fits, or an answer makes no sense.
    """
    order = _order(path, sample, reading)
    size = stated_size(path, reading) or sample.size
    time = sample.columns[order.index("t")]
    clock = clock_of(sample, time)
    unit = _unit(path, sample, reading, clock, order)
    levels = sample.columns[order.index("p")].levels
    off, on = polarity_levels(levels)
    warnings = []
    if "size" not in reading and size is not None and mostly_outside(sample, order):
        text = "The file says {} x {} px for its sensor, and most events lie outside; this is not used."
        warnings.append(text.format(*size))
        size = None
    if on != ON:
        low, high = min(levels), max(levels)
        warnings.append(f"Polarity {low:g} is read as off and {high:g} as on.")
    elif not levels:
        warnings.append("Polarities -1 and 0 are read as off and 1 as on.")
    if IGNORED in order:
        unused = ", ".join(str(place + 1) for place, role in enumerate(order) if role == IGNORED)
        warnings.append(f"Columns that are not used: {unused}.")
    certain = clock.usual(unit) and clock.total >= FEW and unit == clock.habit
    if "unit" not in reading and sample.unit is None and not certain:
        warnings.append(f"The unit of time is not in the file; it is read in {UNIT_NAMES[unit]}.")
    if "unit" not in reading and sample.unit is not None and not clock.possible(unit) and clock.total >= FEW:
        warnings.append(
            f"The file gives its times in {UNIT_NAMES[unit]}, by which it lasts {clock.length(unit):.4g} s; "
            "say another unit, such as unit=us, if that is not right."
        )
    if clock.rounding * SECONDS[unit] > COARSE:
        warnings.append(f"Its times are stored to within {clock.rounding * SECONDS[unit] * 1e6:.3g} us only.")
    metadata = {"columns": ",".join(order), "unit of time": UNIT_NAMES[unit]}
    return Decision(Layout(order, unit, off, on), size, tuple(warnings), metadata, clock.length(unit) * 1e6)


def table_questions(sample: Sample, reading: Reading) -> tuple[Question, ...]:
    """What can be chosen for a table, whether or not its values decide it.

    Args:
        sample: Rows spread over the table.
        reading: Answers so far; the unit depends on the column of time.
    """
    orders = possible_orders(sample)
    named = order_of(sample.names)
    first = (named,) if named else ()
    chosen = _answered_order(reading, len(sample.columns)) or next(iter((*first, *orders)), None)
    questions = [_columns_question(tuple(dict.fromkeys((*first, *orders))), needed=False)]
    if chosen is not None:
        clock = clock_of(sample, sample.columns[chosen.index("t")])
        units = (sample.unit,) if sample.unit else fitting_units(clock)
        questions.append(_unit_question(clock, units, needed=False))
    return (*questions, SIZE_QUESTION)


def stated_size(path: Path, reading: Reading) -> tuple[int, int] | None:
    """(width, height) in px that a reading says, or None.

    Raises:
        SourceError: It is no size.
    """
    text = reading.get("size")
    if text is None:
        return None
    size = size_in(text)
    if size is None:
        raise SourceError(
            f"{text!r} is not a size of a sensor for {path}; write width,height such as 640,480."
        )
    return size


def _order(path: Path, sample: Sample, reading: Reading) -> Order:
    """The roles of the columns.

    Raises:
        UnclearFileError: Several orders fit, or none does.
        SourceError: The reading names an order that the table cannot have.
    """
    count = len(sample.columns)
    if "columns" in reading:
        order = _answered_order(reading, count)
        if order is None:
            raise SourceError(
                f"{reading['columns']!r} does not name the {count} columns of {path}; name t, x, y and p once each, "
                "and - for a column that is not used, such as t,x,y,p."
            )
        problem = problem_of(sample, order)
        if problem:
            raise _unclear_order(path, sample, f"{path} cannot have the columns {','.join(order)}: {problem}")
        return order
    named = order_of(sample.names)
    if named is not None:
        problem = problem_of(sample, named)
        if problem:
            unnamed = replace(sample, names=())
            raise _unclear_order(path, unnamed, f"{path} has other columns than its names say: {problem}")
        return named
    orders = fitting_orders(sample)
    if len(orders) == 1:
        return orders[0]
    several = "the values of its columns fit several orders"
    none = "no order of its columns fits the values: one must rise as a clock, one have two values"
    raise _unclear_order(
        path, sample, f"{path} does not say which column is which, and {several if orders else none}"
    )


def _unclear_order(path: Path, sample: Sample, what: str) -> SourceError:
    orders = possible_orders(sample)
    if not orders:
        return SourceError(f"{path} holds no table of time, x, y and polarity; choose another file.")
    return UnclearFileError(
        f"{what}. Choose an order, or set the reading columns={','.join(orders[0])} or another.",
        (_columns_question(orders, needed=True),),
    )


def _unit(path: Path, sample: Sample, reading: Reading, clock: Clock, order: Order) -> str:
    """The unit of time.

    Raises:
        UnclearFileError: Several fit.
        SourceError: The reading names none that is known.
    """
    if "unit" in reading:
        if reading["unit"] not in SECONDS:
            raise SourceError(
                f"{reading['unit']!r} is not a unit of time for {path}; use one of {', '.join(SECONDS)}."
            )
        return reading["unit"]
    units = (sample.unit,) if sample.unit else fitting_units(clock)
    if len(units) == 1:
        return units[0]
    readings = " or ".join(f"{clock.length(unit):.4g} s in {UNIT_NAMES[unit]}" for unit in units)
    raise UnclearFileError(
        f"{path} does not say the unit of its times, and several fit: it would last {readings}. "
        f"Choose one, or set the reading unit={units[0]} or another.",
        (
            _columns_question(tuple(dict.fromkeys((order, *possible_orders(sample)))), needed=False),
            _unit_question(clock, units, needed=True),
        ),
    )


def _answered_order(reading: Reading, count: int) -> Order | None:
    """The order of a reading, filled up with unused columns; None where it is none for that many columns."""
    words = tuple(word.strip().lower() or IGNORED for word in reading.get("columns", "").split(","))
    order = words + (IGNORED,) * (count - len(words))
    roles = sorted(word for word in order if word != IGNORED)
    return order if roles == sorted(ROLES) and len(order) == count else None


def _columns_question(orders: tuple[Order, ...], needed: bool) -> Question:
    answers = tuple(
        Answer(",".join(order), ", ".join(ROLE_NAMES[role] for role in order)) for order in orders
    )
    return Question(
        "columns",
        "Order of columns",
        answers,
        help="Which column is the time, x, y and the polarity.",
        needed=needed,
    )


def _unit_question(clock: Clock, units: tuple[str, ...], needed: bool) -> Question:
    every = tuple(dict.fromkeys((*units, *SECONDS)))
    answers = tuple(
        Answer(unit, f"{UNIT_NAMES[unit]}: {clock.length(unit):.4g} s, {clock.rate(unit):,.0f} events/s")
        for unit in every
    )
    return Question(
        "unit", "Unit of time", answers, help="What the numbers in the column of time count.", needed=needed
    )


SIZE_QUESTION = Question("size", "Sensor size", help=SIZE_HELP)
