"""The learning rate over a run."""

import math

import pytest
from hypothesis import given, strategies as st

from wholefield.training.schedule import learning_rate_factor


def test_rises_then_falls() -> None:
    factors = [learning_rate_factor(step, 1000, 20) for step in range(1001)]
    assert factors[0] == pytest.approx(1 / 21)
    assert factors[20] == 1
    assert factors[510] == pytest.approx((1 + math.cos(math.pi / 2)) / 2)
    assert factors[1000] == pytest.approx(0, abs=1e-12)
    assert factors[:21] == sorted(factors[:21])
    assert factors[20:] == sorted(factors[20:], reverse=True)


@given(st.integers(1, 500), st.integers(0, 600))
def test_stays_between_nothing_and_all(steps: int, step: int) -> None:
    assert 0 <= learning_rate_factor(step, steps) <= 1


@pytest.mark.parametrize("steps", range(1, 9))
def test_every_step_of_a_short_run_moves(steps: int) -> None:
    assert all(learning_rate_factor(step, steps) > 0 for step in range(steps))
