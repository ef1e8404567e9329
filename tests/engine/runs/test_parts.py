"""Parts that are done are reported with the time left, and the control ends the work between two of them."""

import pytest

from wholefield.runs.control import Control, Discarded
from wholefield.runs.eta import Pace
from wholefield.runs.parts import reporter
from wholefield.runs.reports import PartDone


def test_parts_are_reported_until_the_control_ends_the_work() -> None:
    times = iter([100.0, 102.0, 104.0])
    reports: list[PartDone] = []
    control = Control()
    step = reporter("Counting", reports.append, control, Pace(clock=lambda: next(times)))
    step(0, 4)
    step(1, 4)
    control.discard()
    with pytest.raises(Discarded):
        step(2, 4)
    assert reports == [
        PartDone("Counting", 0, 4, None),
        PartDone("Counting", 1, 4, 6.0),
        PartDone("Counting", 2, 4, 4.0),
    ]
