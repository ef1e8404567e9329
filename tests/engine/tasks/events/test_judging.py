"""Scores of a known flow: windows, truth, limits, progress, and how judging is stopped."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.app.workspaces.events.dots import DURATION_US, HEIGHT, SPEED, STEP_US, WIDTH, drifting_dots
from tests.there import there
from wholefield.errors import SettingError
from wholefield.export.events import write_events_hdf5
from wholefield.export.flow import labels_path, write_flow_hdf5
from wholefield.flow.scores.scorecard import ScoreCard
from wholefield.runs.control import Control, Discarded
from wholefield.runs.reports import PartDone, Report, ReportFunction
from wholefield.sources import open_recording
from wholefield.tasks.events import judging
from wholefield.tasks.events.judging import judge
from wholefield.tasks.events.score_settings import ScoreSettings

COUNT = DURATION_US // STEP_US


@pytest.fixture(scope="module")
def dots(tmp_path_factory: pytest.TempPathFactory) -> ScoreSettings:
    """Dots that drift to the right, with their exact flow beside them."""
    path = tmp_path_factory.mktemp("dots") / "dots.hdf5"
    write_events_hdf5(path, [drifting_dots()], WIDTH, HEIGHT)
    flow = np.zeros((2, HEIGHT, WIDTH))
    flow[0] = SPEED * STEP_US / 1e6
    write_flow_hdf5(labels_path(path), [flow] * COUNT, (COUNT, HEIGHT, WIDTH), STEP_US)
    return ScoreSettings(recording=path, flow=labels_path(path))


def judged(config: ScoreSettings, **changes: Any) -> ScoreCard:
    return judge(replace(config, **changes), lambda report: None, Control())


def test_the_true_flow_has_no_errors_and_sharpens(dots: ScoreSettings) -> None:
    card = judged(dots, start_us=0, end_us=DURATION_US)
    assert (card.start_us, card.end_us, card.events) == (0, DURATION_US, 1500)
    assert card.motion_px == pytest.approx(SPEED * DURATION_US / 1e6, abs=1)
    assert card.enough_motion
    assert card.flow.name == "dots_flow.h5"
    assert card.flow.fwl > 1.5
    assert card.flow.errors is not None
    assert card.flow.errors.aee == pytest.approx(0, abs=1e-6)
    assert card.scores[2].fwl == 1.0
    errors = card.scores[2].errors
    assert errors is not None
    assert errors.of_zero == 1.0
    assert errors.aee == pytest.approx(SPEED * DURATION_US / 1e6)


def test_windows_are_those_asked_for(dots: ScoreSettings) -> None:
    card = judged(dots, start_us=20_000, end_us=60_000)
    assert (card.start_us, card.end_us) == (20_000, 60_000)
    # 5 px at 100 px/s are 50 ms.
    card = judged(dots, at_us=60_000)
    assert card.end_us - card.start_us == pytest.approx(50_000, abs=100)
    assert (card.start_us + card.end_us) / 2 == pytest.approx(60_000, abs=1)
    assert judged(dots) == judged(dots, at_us=DURATION_US // 2)
    card = judged(dots, at_us=DURATION_US - 1)
    assert card.end_us == DURATION_US
    assert card.start_us == pytest.approx(50_000, abs=100)


def test_every_event_of_the_window_counts(dots: ScoreSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    events = drifting_dots()
    wanted = np.count_nonzero((events["t"] >= 12_345) & (events["t"] < 54_321))
    for part in (100_000, 7_001):
        monkeypatch.setattr(judging, "PART_US", part)
        assert judged(dots, start_us=12_345, end_us=54_321).events == wanted


def test_windows_that_hold_too_much_or_nothing_are_refused(
    dots: ScoreSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SettingError, match=r"dots\.hdf5 has no events from 100000 to 300000 us"):
        judged(dots, start_us=DURATION_US, end_us=3 * DURATION_US)
    write_flow_hdf5(tmp_path / "short.h5", [np.zeros((2, HEIGHT, WIDTH))], (1, HEIGHT, WIDTH), STEP_US)
    with pytest.raises(SettingError, match=r"short\.h5 has no flow at 40000 us"):
        judged(dots, flow=tmp_path / "short.h5", start_us=20_000, end_us=60_000)
    monkeypatch.setattr(judging, "MOST_EVENTS", 10)
    with pytest.raises(SettingError, match="more than 10 events"):
        judged(dots, start_us=20_000, end_us=60_000)


def test_without_labels_there_are_no_errors(dots: ScoreSettings, tmp_path: Path) -> None:
    with open_recording(there(dots.recording)) as recording:
        known = judging.truth_in(recording, 0, 50_000)
        assert known is not None
        assert known.shape == (2, HEIGHT, WIDTH)
        assert np.allclose(known[0], SPEED)
    alone = tmp_path / "alone.hdf5"
    alone.write_bytes(there(dots.recording).read_bytes())
    card = judged(dots, recording=alone)
    assert card.flow.errors is None
    assert card.flow.fwl > 1.1


def discarding(control: Control, seen: list[Report], last: int) -> ReportFunction:
    """Keeps what it is told, and discards the run at the report of that number."""

    def report(item: Report) -> None:
        seen.append(item)
        if len(seen) == last:
            control.discard()

    return report


def test_it_says_how_far_it_is_and_stops_between_two_steps(dots: ScoreSettings) -> None:
    told: list[Report] = []
    judge(dots, told.append, Control())
    reports = [report for report in told if isinstance(report, PartDone)]
    assert len(reports) == len(told)
    assert {report.what for report in reports} == {
        "Reading events",
        "Estimating the flow",
        "Comparing translations",
    }
    assert all(0 <= report.done <= report.total for report in reports)
    tried = [report.done for report in reports if report.what == "Comparing translations"]
    assert tried == sorted(tried)
    assert tried[-1] == reports[-1].total

    for last in range(1, len(reports), len(reports) // 5):
        control, seen = Control(), list[Report]()
        with pytest.raises(Discarded):
            judge(dots, discarding(control, seen, last), control)
        assert len(seen) == last


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"start_us": 5}, "Give both start_us and end_us"),
        ({"end_us": 5}, "Give both start_us and end_us"),
        ({"start_us": 5, "end_us": 5}, "end_us is 5 but must be above start_us"),
        ({"start_us": 5, "end_us": 6, "at_us": 5}, "Give either at_us, or"),
        ({"sample_us": 0}, "sample_us is 0 but must be at least 1"),
    ],
)
def test_settings_that_cannot_be_are_refused(
    dots: ScoreSettings, changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(SettingError, match=sentence):
        replace(dots, **changes).validate()
