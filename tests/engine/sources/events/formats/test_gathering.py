"""Gathering events: what is kept, what is counted, and what is refused."""

from pathlib import Path

import numpy as np
import pytest

from wholefield.errors import SourceError
from wholefield.sources.events.formats.gathering import Gathering

PATH = Path("a.events")


def column(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def test_events_and_triggers_in_any_order() -> None:
    with Gathering(PATH, (10, 8)) as gathering:
        gathering.add(column(1, 2), column(3, 4), column(0, 5), column(200, 100))
        gathering.add_triggers(column(1, 0), column(300, 150), column(2, 2))
        recording = gathering.recording("Some", {"key": "value"}, ["Told."])
    with recording:
        assert recording.events(0, 1000).tolist() == [(2, 4, 1, 0), (1, 3, 0, 100)]
        assert recording.triggers.tolist() == [(0, 50, 2), (1, 200, 2)]
        assert (recording.metadata["key"], recording.warnings) == ("value", ("Told.",))


def test_places_outside_are_counted() -> None:
    with Gathering(PATH, (10, 8)) as gathering:
        gathering.add(column(1, 10, -1, 2), column(3, 3, 3, 8), column(1, 1, 1, 1), column(1, 2, 3, 4))
        recording = gathering.recording("Some", {}, [])
    with recording:
        assert recording.num_events == 1
        assert recording.warnings == ("3 events lie outside the 10 x 8 px of the sensor and are left out.",)


def test_refusals() -> None:
    with pytest.raises(SourceError, match="its sensor has 480 x 2 px, which no camera has"):
        Gathering(PATH, (480, 2))
    with (
        Gathering(PATH, None) as gathering,
        pytest.raises(SourceError, match=r"a\.events holds no events; .*\. Told\."),
    ):
        gathering.recording("Some", {}, ["Told."])
    with Gathering(PATH, (10, 8)) as gathering:
        gathering.add(column(50), column(3), column(1), column(1))
        with pytest.raises(SourceError, match="cannot be used: its 1 events lie outside the sensor"):
            gathering.recording("Some", {}, [])
