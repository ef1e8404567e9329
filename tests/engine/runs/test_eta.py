"""The time left, with a clock that the test turns; parts are reported, and the control ends the work between them."""

import pytest

from wholefield.runs.control import Control, Discarded
from wholefield.runs.eta import Pace, PartCounter, duration
from wholefield.runs.reports import PartDone, Report


class Clock:
    """Seconds that a test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class SlowControl(Control):
    """Every poll of it is a pause of half a minute."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def poll(self) -> None:
        """Wait, by the clock of the test."""
        self._clock.now += 30
        super().poll()


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
    pace = Pace(first_step=20, clock=clock, control=SlowControl(clock))
    clock.now += 6
    pace.poll()
    assert pace.seconds_left(22, 30) == pytest.approx(24)


def test_ends_at_nothing(clock: Clock) -> None:
    pace = Pace(clock=clock)
    clock.now += 5
    assert pace.seconds_left(10, 10) == 0


def test_parts_are_reported_until_the_control_ends_the_work(clock: Clock) -> None:
    reports: list[Report] = []
    control = Control()
    counter = PartCounter("Counting", 4, reports.append, control, clock)
    counter.done(0)
    clock.now += 2
    counter.done(1)
    control.discard()
    clock.now += 2
    with pytest.raises(Discarded):
        counter.done(2)
    assert reports == [
        PartDone("Counting", 0, 4, None),
        PartDone("Counting", 1, 4, 6.0),
        PartDone("Counting", 2, 4, 4.0),
    ]


def test_pauses_between_parts_and_within_them_do_not_count(clock: Clock) -> None:
    reports: list[Report] = []
    counter = PartCounter("Counting", 0, reports.append, SlowControl(clock), clock)
    for number in (1, 2, 3):
        clock.now += 2
        counter.poll()
        counter.done(number, 10)
    assert [report.seconds_left for report in reports if isinstance(report, PartDone)] == [18, 16, 14]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-3, "0 s"), (0.4, "0 s"), (59.4, "59 s"), (59.6, "1 min 0 s"), (125, "2 min 5 s"), (130, "2 min 10 s"),
        (3599.7, "1 h 0 min"), (7384, "2 h 3 min"), (360000, "100 h 0 min"),
    ],
)  # fmt: skip
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text
