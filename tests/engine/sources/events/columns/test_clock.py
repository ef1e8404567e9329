"""In which unit times are."""

import numpy as np
import pytest

from wholefield.sources.events.columns.clock import Clock, clock_of, fitting_units
from wholefield.sources.events.columns.sample import Column, Sample


def clock(times: np.ndarray, total: int | None = None, real: bool | None = None) -> Clock:
    return clock_of(Sample((), total or len(times), real=real), Column([times]))


def times(rate: float, seconds: float, count: int = 5000) -> np.ndarray:
    """Times in us; the sample of a recording with that many events a second."""
    return np.sort(np.random.default_rng(0).integers(0, int(seconds * 1e6), count))


@pytest.mark.parametrize(
    ("rate", "seconds"), [(1e4, 0.3), (1e5, 0.01), (1e6, 1), (2e7, 10), (3e5, 600), (2e6, 0.05)]
)
def test_what_software_writes(rate: float, seconds: float) -> None:
    us, total = times(rate, seconds), int(rate * seconds)
    assert fitting_units(clock(us, total)) == ("us",)
    assert fitting_units(clock(us.astype(np.float64), total)) == ("us",)
    assert fitting_units(clock(us / 1e6, total)) == ("s",)
    assert fitting_units(clock(us + 1_700_000_000_000_000, total)) == ("us",)
    assert fitting_units(clock(us / 1e6 + 1.7e9, total)) == ("s",)


@pytest.mark.parametrize(("rate", "seconds"), [(1e4, 0.3), (1e5, 0.5), (1e6, 1), (1e5, 20)])
def test_units_against_the_habit_are_asked_for(rate: float, seconds: float) -> None:
    us, total = times(rate, seconds), int(rate * seconds)
    for values, right in ((us * 1000, "ns"), (us // 1000, "ms"), (us / 1000, "ms")):
        units = fitting_units(clock(values, total))
        assert right in units
        assert len(units) > 1


@pytest.mark.parametrize(("rate", "seconds"), [(1.2e7, 3), (3e7, 1), (5e7, 0.2)])
def test_busy_recordings_in_nanoseconds_are_asked_for(rate: float, seconds: float) -> None:
    """In us they would be long and calm, as recordings are too."""
    ns = np.sort(np.random.default_rng(1).integers(0, int(seconds * 1e9), 5000))
    assert fitting_units(clock(ns, int(rate * seconds))) == ("us", "ns")


@pytest.mark.parametrize("length", [15, 200, 999])
@pytest.mark.parametrize("start", [0, 3, 7_000_000])
def test_a_recording_of_less_than_a_millisecond_is_asked_for(length: int, start: int) -> None:
    """As us and as s, which are usual, its times would have the steps of a millisecond."""
    us = start + np.sort(np.random.default_rng(length).integers(0, length + 1, 500))
    assert set(fitting_units(clock(us * 1000))) >= {"us", "ns"}
    assert set(fitting_units(clock(us / 1000))) >= {"s", "ms"}
    # The finest steps say that they are what they look like.
    assert fitting_units(clock(us * 1000 + np.arange(len(us)) % 7)) == ("us",)


def test_recordings_of_hours_are_asked_for() -> None:
    us = times(1e5, 10, 20_000)
    for values in (us * 1000, us * 1000 + np.arange(len(us)) % 7):
        units = fitting_units(clock(values, 10**6))
        assert {"us", "ns"} <= set(units)


def test_nanoseconds_since_1970_are_nothing_else() -> None:
    us = times(1e5, 1)
    assert fitting_units(clock(us * 1000 + 1_700_000_000_000_000_123, 100_000)) == ("ns",)


def test_few_events_are_read_as_software_writes_them() -> None:
    assert fitting_units(clock(np.array([0.001, 0.002, 0.003]))) == ("s",)
    assert fitting_units(clock(np.array([100, 250]))) == ("us",)
    assert fitting_units(clock(np.array([7]))) == ("us",)
    assert len(fitting_units(clock(np.array([0.5, 1e9])))) > 1


def test_times_of_few_digits() -> None:
    ms = (times(1e6, 1) / 1000).astype(np.float32)
    assert {"s", "ms"} <= set(fitting_units(clock(ms, 10**7)))
    assert clock(np.array([90.5], np.float32)).rounding == pytest.approx(90.5 * 2**-23)


def test_what_a_clock_says() -> None:
    found = clock(np.array([1000, 3000, 9000]))
    assert (found.whole, found.real, found.tick, found.span, found.largest) == (True, False, 2000, 8000, 7800)
    assert clock(np.array([0.25, 1.5])).tick == 0.01
    assert clock(np.array([0.0, 1 / 3])).tick == 0
    assert found.length("us") == pytest.approx(0.008)
    assert found.rate("ms") == pytest.approx(3 / 8)
    assert not clock(np.array([0.5, 7.25])).possible("ns")


def test_times_that_are_damaged() -> None:
    values = np.r_[times(1e5, 1).astype(np.float64), np.nan, np.inf, -1e300]
    assert fitting_units(clock(values, 100_000)) == ("us",)
