"""Columns become events exactly, in every type and unit."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from wholefield.sources.events.columns.convert import Layout, LeftOut, polarity_levels

ORDER = tuple("txyp")
UNITS = {"s": 1_000_000, "ms": 1000, "us": 1}


@settings(max_examples=100, deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.integers(0, 2**50), st.integers(0, 65535), st.integers(0, 65535), st.integers(0, 1)),
        max_size=30,
    ),
    kind=st.sampled_from(["i8", ">i8", "u8", "f8"]),
)
def test_whole_numbers_stay_exact(rows: list[tuple[int, int, int, int]], kind: str) -> None:
    t, x, y, p = np.array(rows, np.int64).reshape(-1, 4).T
    events, left_out = Layout(ORDER, "us").events([column.astype(kind) for column in (t, x, y, p)])
    assert events[["t", "x", "y", "p"]].tolist() == rows
    assert left_out == LeftOut()
    events, _ = Layout(ORDER, "ns", offset_us=7).events([t.astype("i8") * 1000 + 999, x, y, p])
    np.testing.assert_array_equal(events["t"], t + 7)


@pytest.mark.parametrize("unit", sorted(UNITS))
def test_units(unit: str) -> None:
    us = np.array([0, 1, 123_456_789, 1_700_000_000_123_456])
    zero = np.zeros(4, np.int64)
    events, _ = Layout(ORDER, unit).events([us / UNITS[unit], zero, zero, zero])
    np.testing.assert_array_equal(events["t"], us)
    events, _ = Layout(ORDER, unit).events([us // UNITS[unit], zero, zero, zero])
    np.testing.assert_array_equal(events["t"], us // UNITS[unit] * UNITS[unit])


def test_what_is_left_out_is_counted_once_each() -> None:
    t = np.array([0, np.nan, 2, 3, np.inf, 5, 6, 7, 1e30])
    x = np.array([0, 1, -0.6, 65535.6, 4, np.nan, 6, 7.5, 8])
    y = np.array([0, 1, 2, 3, 4, 5, -9, 7, 8])
    p = np.array([1, 1, 1, 1, 1, 1, 1, 3, 1])
    events, left_out = Layout(ORDER, "us").events([t, x, y, p])
    assert events[["t", "x", "y", "p"]].tolist() == [(0, 0, 0, 1)]
    assert left_out == LeftOut(outside=3, no_number=4, no_polarity=1)
    assert left_out.sentences() == (
        "4 events have no finite time or place and are left out.",
        "1 event has a polarity that is neither on nor off and is left out.",
    )
    assert LeftOut(1, 2, 3) + LeftOut(10, 20, 30) == LeftOut(11, 22, 33)


def test_places_are_rounded_to_the_nearest_pixel() -> None:
    x = np.array([10.6, 10.4, -0.4, 65535.4], np.float32)
    zero = np.zeros(4, np.int64)
    events, _ = Layout(ORDER, "us").events([zero, x, zero, zero])
    assert events["x"].tolist() == [11, 10, 0, 65535]


def test_large_places_do_not_wrap_round() -> None:
    x = np.array([65536, 65541, -1, 2**40])
    zero = np.zeros(4, np.int64)
    events, left_out = Layout(ORDER, "us").events([zero, x, zero, zero])
    assert (len(events), left_out.outside) == (0, 4)


@pytest.mark.parametrize(
    ("levels", "values", "expected"),
    [
        ({0, 1}, [0, 1], [0, 1]),
        ({-1, 1}, [-1, 1], [0, 1]),
        ({1}, [1, -1, 0], [1, 0, 0]),
        ({1, 2}, [1, 2], [0, 1]),
        ({0, 255}, [0, 255], [0, 1]),
    ],
)
def test_polarities(levels: set[float], values: list[int], expected: list[int]) -> None:
    off, on = polarity_levels(frozenset(map(float, levels)))
    zero = np.zeros(len(values), np.int64)
    for kind in ("i2", "f4", "i8"):
        events, _ = Layout(ORDER, "us", off, on).events([zero, zero, zero, np.array(values, kind)])
        assert events["p"].tolist() == expected
    events, _ = Layout(ORDER, "us").events([zero[:2], zero[:2], zero[:2], np.array([False, True])])
    assert events["p"].tolist() == [0, 1]


def test_columns_that_are_not_used_are_not_looked_at() -> None:
    layout = Layout(("-", "x", "y", "t", "p"), "us")
    one = np.ones(1, np.int64)
    events, _ = layout.events([np.array(["what"]), one * 2, one * 3, one * 4, one])
    assert events[["t", "x", "y", "p"]].tolist() == [(4, 2, 3, 1)]
