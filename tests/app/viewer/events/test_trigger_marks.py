"""Marks of triggers: where they stand, and what is said of them."""

import numpy as np
import pytest

from wholefield.sources.events.recording import TRIGGER_DTYPE
from wholefield_app.viewer.events.timeline import Line
from wholefield_app.viewer.events.trigger_marks import NO_TRIGGERS, TriggerMarks, Triggers

LINE = Line(1_000_000, 101)


def triggers(*rows: tuple[int, int, int]) -> Triggers:
    return np.array(list(rows), TRIGGER_DTYPE)


def test_each_column_is_marked_once_and_none_beyond_the_ends() -> None:
    marks = TriggerMarks(triggers((1, -5, 0), (1, 0, 0), (0, 500_000, 0), (1, 500_100, 0), (1, 1_000_001, 0)))
    assert marks.columns(LINE) == [0, 50]
    assert TriggerMarks(NO_TRIGGERS).columns(LINE) == []


@pytest.mark.parametrize("x", [47, 50, 53])
def test_the_trigger_under_the_mouse_is_told(x: int) -> None:
    marks = TriggerMarks(triggers((1, 100_000, 0), (0, 500_000, 6), (1, 900_000, 0)))
    assert marks.text_at(x, LINE) == "Trigger 2 of 3: channel 6 falls at 0.500000 s"
    assert marks.text_at(70, LINE) == TriggerMarks(NO_TRIGGERS).text_at(50, LINE) == ""


def test_many_triggers_in_one_place_are_counted() -> None:
    marks = TriggerMarks(triggers(*((1, 500_000 + i, 0) for i in range(2000))))
    lines = marks.text_at(50, LINE).splitlines()
    assert (len(lines), lines[-1]) == (6, "and 1,995 more")
