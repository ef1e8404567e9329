"""Which column is which, by the values."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from wholefield.sources.events.columns.roles import fitting_orders, possible_orders, problem_of
from wholefield.sources.events.columns.sample import Sample

RANDOM = np.random.default_rng(0)
COUNT = 3000
COLUMNS = {
    "t": np.sort(RANDOM.integers(0, 90_000, COUNT)),
    "x": RANDOM.integers(0, 640, COUNT),
    "y": RANDOM.integers(0, 480, COUNT),
    "p": RANDOM.integers(0, 2, COUNT),
}
RASTER = {
    "t": np.repeat(np.arange(30) * 500, 100),
    "x": np.tile(np.arange(100) % 50, 30),
    "y": np.tile(np.repeat(np.arange(50), 2), 30),
    "p": COLUMNS["p"],
}


def sample(order: str, columns: dict[str, np.ndarray] = COLUMNS, **known: object) -> Sample:
    return Sample([[columns[role] for role in order]], COUNT, **known)  # type: ignore[arg-type]


@pytest.mark.parametrize("columns", [COLUMNS, RASTER], ids=["camera", "frames of a simulator"])
@pytest.mark.parametrize(
    "order", ["".join(order) for order in permutations("txyp") if order.index("x") < order.index("y")]
)
def test_every_order_with_x_before_y(order: str, columns: dict[str, np.ndarray]) -> None:
    assert fitting_orders(sample(order, columns)) == (tuple(order),)


def test_a_clock_that_starts_again_and_jitters() -> None:
    times = np.r_[COLUMNS["t"][::2], COLUMNS["t"][::2]] + RANDOM.integers(0, 60, COUNT)
    assert fitting_orders(sample("xytp", COLUMNS | {"t": times})) == (tuple("xytp"),)


def test_a_clock_that_runs_backward() -> None:
    assert fitting_orders(sample("txyp", COLUMNS | {"t": COLUMNS["t"][::-1]})) == (tuple("txyp"),)


def test_nothing_fits() -> None:
    assert fitting_orders(sample("txyp", COLUMNS | {"t": RANDOM.permutation(COLUMNS["t"])})) == ()
    assert fitting_orders(sample("txyp", COLUMNS | {"p": COLUMNS["y"]})) == ()
    assert fitting_orders(sample("txyp", COLUMNS | {"y": COLUMNS["y"] * 300})) == ()
    assert fitting_orders(sample("txy")) == ()


def test_the_size_of_the_sensor_tells_x_from_y() -> None:
    full = COLUMNS | {"x": np.arange(COUNT) * 7 % 640, "y": np.arange(COUNT) * 11 % 480}
    assert fitting_orders(sample("tyxp", full)) == (tuple("tyxp"), tuple("txyp"))
    assert fitting_orders(sample("tyxp", full, size=(640, 480))) == (tuple("txyp"),)
    assert fitting_orders(sample("tyxp", full, names=("", "y", "", ""))) == ()
    small = COLUMNS | {"x": COLUMNS["x"] % 54, "y": COLUMNS["y"] % 61}
    assert fitting_orders(sample("txyp", small)) == (tuple("txyp"),)


def test_a_wrong_size_is_not_believed() -> None:
    assert fitting_orders(sample("xytp", size=(5, 6))) == (tuple("xytp"),)


def test_a_column_that_numbers_the_rows() -> None:
    columns = COLUMNS | {"n": np.arange(COUNT)}
    assert fitting_orders(sample("ntxyp", columns)) == (("-", "t", "x", "y", "p"),)


def test_an_order_that_no_software_writes_is_asked_for_where_times_could_be_places() -> None:
    columns = COLUMNS | {"t": COLUMNS["t"] // 100}
    found = fitting_orders(sample("ptxy", columns))
    assert found[0] == tuple("ptxy")
    assert set(found) >= {tuple("txyp"), tuple("xytp")}


def test_times_of_few_rows_are_told_by_their_size() -> None:
    rows = np.array([(1500, 3, 4, -1), (2500, 5, 6, 1), (3500, 7, 8, -1)])
    assert fitting_orders(Sample([list(rows.T)], 3)) == (tuple("txyp"),)
    late = rows[[1, 0, 2]] // (10, 1, 1, 1)
    assert set(fitting_orders(Sample([list(late.T)], 3))) == {tuple("txyp"), tuple("xytp")}


def test_what_can_be_chosen_begins_with_what_fits() -> None:
    orders = possible_orders(sample("xytp"))
    assert orders[0] == tuple("xytp")
    assert {tuple("txyp"), tuple("xypt"), tuple("yxtp"), tuple("tyxp")} <= set(orders)
    assert len(set(orders)) == len(orders)
    assert possible_orders(sample("xy")) == ()


@pytest.mark.parametrize(
    ("order", "problem"),
    [("txyp", ""), ("tyxp", ""), ("xytp", "coordinates"), ("xypt", "polarities"), ("pxyt", "polarities")],
)
def test_problems(order: str, problem: str) -> None:
    found = problem_of(sample("txyp"), tuple(order))
    assert (found == "") if not problem else (problem in found)


def test_the_problem_of_an_impossible_sensor() -> None:
    columns = COLUMNS | {"y": COLUMNS["p"]}
    assert problem_of(sample("txyp", columns), tuple("txyp")) == "its sensor would have 640 x 2 px"
    assert problem_of(sample("txyp", columns, size=(640, 2)), tuple("txyp")) == ""


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(*[st.integers(-3, 700)] * 4), max_size=40))
def test_orders_fit_whatever_the_values(rows: list[tuple[int, ...]]) -> None:
    taken = Sample([list(np.array(rows, np.int64).reshape(-1, 4).T)], len(rows))
    for order in fitting_orders(taken):
        assert sorted(order) == sorted("txyp")
        assert problem_of(taken, order) == ""
