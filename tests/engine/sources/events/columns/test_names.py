"""What names of columns say."""

import pytest

from wholefield.sources.events.columns.names import order_of, role_of, unit_in


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("t", "t"), ("Timestamp", "t"), ("timestamp_us", "t"), ("time [s]", "t"), ("t_ns", "t"), ("ts", "t"),
        ("x", "x"), ('"X"', "x"), ("event_x", "x"), ("x_coordinate", "x"), ("xs", "x"), ("row", "y"), ("ys", "y"),
        ("polarity (0=off, 1=on)", "p"), ("pol", "p"), ("p", "p"),
        ("x_us", None), ("z", None), ("", None), ("label", None), ("ms", None),
    ],
)  # fmt: skip
def test_roles(name: str, role: str | None) -> None:
    assert role_of(name) == role


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("t_us", "us"), ("time [ms]", "ms"), ("time (float s)", "s"), ("timestamp_ns", "ns"), ("microseconds", "us"),
        ("Seconds", "s"), ("µs", "us"), ("t", None), ("", None), ("xs", None), ("events", None),
    ],
)  # fmt: skip
def test_units(name: str, unit: str | None) -> None:
    assert unit_in(name) == unit


def test_orders() -> None:
    assert order_of(["", "t", "Y", "x", "p", "label"]) == ("-", "t", "y", "x", "p", "-")
    assert order_of(["t", "x", "y"]) is None
    assert order_of(["t", "time", "x", "y", "p"]) is None
