"""What a column of a sample looks like."""

from itertools import pairwise

import numpy as np
import pytest

from wholefield.sources.events.columns.sample import (
    ALL_ROWS,
    RUN_ROWS,
    RUNS,
    Column,
    Sample,
    spread_runs,
    take_sample,
)


def column(*values: float) -> Column:
    return Column([np.array(values)])


@pytest.mark.parametrize("length", [0, 1, ALL_ROWS, ALL_ROWS + 1, 10**9])
def test_runs_lie_in_the_table_and_reach_both_ends(length: int) -> None:
    runs = spread_runs(length)
    assert sum(end - begin for begin, end in runs) == (length if length <= ALL_ROWS else RUNS * RUN_ROWS)
    if length:
        assert (runs[0][0], runs[-1][1]) == (0, length)
        assert all(before[1] <= after[0] for before, after in pairwise(runs))


def test_a_sample_of_a_table() -> None:
    sample = take_sample(10**6, lambda begin, end: [np.arange(begin, end), np.zeros(end - begin)], unit="us")
    assert (sample.rows, sample.total, sample.unit, len(sample.columns)) == (RUNS * RUN_ROWS, 10**6, "us", 2)
    assert sample.columns[0].falls == 0
    assert Sample([(), ()], 5).columns == ()


def test_disorder_does_not_count_the_gaps_between_runs() -> None:
    assert Column([np.arange(9), np.arange(9)]).falls == 0
    assert Column([np.arange(9)[::-1], np.arange(9)[::-1]]).disorder == 0
    assert Column([np.r_[np.arange(9), np.arange(9)]]).falls == 1
    random = np.random.default_rng(0).integers(0, 640, 5000)
    assert 0.45 < Column([random]).disorder <= 0.5


@pytest.mark.parametrize(
    ("values", "polarity"),
    [
        ((0, 1, 1), True), ((-1, 1), True), ((1, 1), True), ((0,), True), ((1, 2, 1), True), ((0, 255), True),
        ((2, 2), False), ((0, 1, 2), False), ((-1, 0, 1), False), ((0, 0.5), False), ((), False),
        ((np.nan, 0, 1), True),
    ],
)  # fmt: skip
def test_polarities(values: tuple[float, ...], polarity: bool) -> None:
    assert column(*values).polarity is polarity


def test_a_few_damaged_polarities_do_not_count() -> None:
    assert column(*([0, 1] * 500), 77).levels == {0, 1}
    assert column(*([0, 1] * 20), 77).levels == frozenset()


def test_coordinates() -> None:
    assert column(0, 639, 65535, -1, 5, 7, 8, 9).coordinate
    assert column(0, 639, 65535).side == 640
    assert not column(70_000, 80_000, 5).coordinate
    assert not column().coordinate
    assert column(3.6, -0.4).side == 5


def test_counters() -> None:
    assert Column([np.arange(5), np.arange(90, 95)]).counter
    assert not Column([np.arange(5) * 2]).counter
    assert not Column([np.arange(7, 12)]).counter


def test_the_span_leaves_out_what_is_far() -> None:
    times = np.r_[np.linspace(0, 1000, 1001), 1e12]
    assert Column([times]).span == pytest.approx(1000, rel=0.03)
    assert column(3, 5).span == 2
    assert column().span == 0
