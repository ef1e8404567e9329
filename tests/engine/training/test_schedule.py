"""The learning rate over a run."""

import math

import pytest
from hypothesis import given, strategies as st

from wholefield.training.schedule import Plateau, learning_rate_factor
from wholefield.training.settings import Schedule, TrainingSettings


def factors(settings: TrainingSettings, epoch_steps: int, reductions: int = 0) -> list[float]:
    """The factor of every step of a run, and of the step after its last."""
    steps = range(settings.epochs * epoch_steps + 1)
    return [learning_rate_factor(settings, step, epoch_steps, reductions) for step in steps]


def test_cosine_rises_then_falls() -> None:
    found = factors(TrainingSettings(epochs=10, warm_up_steps=20), 100)
    assert found[0] == pytest.approx(1 / 21)
    assert found[20] == 1
    assert found[510] == pytest.approx((1 + math.cos(math.pi / 2)) / 2)
    assert found[1000] == pytest.approx(0, abs=1e-12)
    assert found[:21] == sorted(found[:21])
    assert found[20:] == sorted(found[20:], reverse=True)


@pytest.mark.parametrize("schedule", Schedule)
def test_every_schedule_warms_up_and_starts_at_its_highest(schedule: Schedule) -> None:
    settings = TrainingSettings(epochs=4, warm_up_steps=4, schedule=schedule)
    assert factors(settings, 10)[:5] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    without = TrainingSettings(epochs=4, warm_up_steps=0, schedule=schedule)
    assert factors(without, 10)[0] == 1.0


def test_constant_and_steps() -> None:
    constant = TrainingSettings(epochs=6, warm_up_steps=0, schedule=Schedule.CONSTANT)
    assert set(factors(constant, 10)) == {1.0}
    steps = TrainingSettings(
        epochs=6, warm_up_steps=0, schedule=Schedule.STEP, schedule_epochs=2, schedule_factor=0.5
    )
    assert factors(steps, 10)[:60] == [1.0] * 20 + [0.5] * 20 + [0.25] * 20


def test_plateaus_reduce_after_epochs_without_improvement() -> None:
    settings = TrainingSettings(epochs=9, warm_up_steps=0, schedule=Schedule.PLATEAU, schedule_factor=0.1)
    plateau, found = Plateau(), []
    for improved in (True, False, False, True, False, False, False, False):
        plateau.end_epoch(2, improved=improved)
        found.append(learning_rate_factor(settings, 5, 10, plateau.reductions))
    assert found == pytest.approx([1, 1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.001])


@given(st.integers(1, 500), st.integers(0, 600), st.sampled_from(Schedule))
def test_stays_between_nothing_and_all(steps: int, step: int, schedule: Schedule) -> None:
    assert 0 <= learning_rate_factor(TrainingSettings(epochs=1, schedule=schedule), step, steps) <= 1


@pytest.mark.parametrize("steps", range(1, 9))
def test_every_step_of_a_short_run_moves(steps: int) -> None:
    assert all(factor > 0 for factor in factors(TrainingSettings(epochs=1), steps)[:-1])
