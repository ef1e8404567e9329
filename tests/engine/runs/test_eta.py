"""The time left, with a clock that the test turns."""

import pytest

from wholefield.runs.eta import Pace


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_unknown_before_the_first_step(clock: Clock) -> None:
    assert Pace(clock=clock).seconds_left(0, 10) is None
    assert Pace(first_step=5, clock=clock).seconds_left(5, 10) is None


def test_goes_on_at_the_mean_pace(clock: Clock) -> None:
    pace = Pace(clock=clock)
    clock.now += 8
    assert pace.seconds_left(4, 10) == pytest.approx(12)


def test_leaves_out_pauses_and_earlier_parts(clock: Clock) -> None:
    pace = Pace(first_step=20, clock=clock)
    clock.now += 36
    pace.idle(30)
    assert pace.seconds_left(22, 30) == pytest.approx(24)


def test_ends_at_nothing(clock: Clock) -> None:
    pace = Pace(clock=clock)
    clock.now += 5
    assert pace.seconds_left(10, 10) == 0
