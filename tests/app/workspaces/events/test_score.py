"""Scores of a known flow: windows, truth, limits; and the table that shows them."""

from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from app.panels.score_panel import MEASURES, ScoreTable
from app.theme.theme import Theme
from app.viewer.events.flow_file import open_flow
from app.viewer.events.timeline import Span
from app.workspaces.events import score
from app.workspaces.events.score import ScoreRequest, Window, measure
from engine.errors import SettingError
from engine.flow.accuracy import FlowErrors
from engine.flow.scorecard import Score, ScoreCard
from engine.sources import open_recording
from tests.app.workspaces.events.dots import DURATION_US, SPEED


def judge(
    clip: Path, labels: Path, window: Window, chosen: Span | None = None, time_us: int = 60_000
) -> ScoreCard:
    with open_recording(clip) as recording, closing(open_flow(labels, recording)) as flow:
        return measure(ScoreRequest(recording, flow, window, time_us, 40_000, chosen))


def test_the_true_flow_has_no_errors_and_sharpens(clip: Path, labels: Path) -> None:
    card = judge(clip, labels, Window.CHOSEN, Span(0, DURATION_US))
    assert (card.start_us, card.end_us, card.events) == (0, DURATION_US, 1500)
    assert card.motion_px == pytest.approx(SPEED * DURATION_US / 1e6, abs=1)
    assert card.enough_motion
    assert card.flow.fwl > 1.5
    assert card.flow.errors.aee == pytest.approx(0, abs=1e-6)
    assert card.scores[2].fwl == 1.0
    assert card.scores[2].errors.of_zero == 1.0
    assert card.scores[2].errors.aee == pytest.approx(SPEED * DURATION_US / 1e6)


def test_windows_are_those_asked_for(clip: Path, labels: Path) -> None:
    card = judge(clip, labels, Window.FRAME)
    assert (card.start_us, card.end_us) == (20_000, 60_000)
    card = judge(clip, labels, Window.FRAME, time_us=10_000)
    assert (card.start_us, card.end_us) == (0, 10_000)
    # 5 px at 100 px/s are 50 ms.
    card = judge(clip, labels, Window.ENOUGH)
    assert card.end_us - card.start_us == pytest.approx(50_000, abs=100)
    with pytest.raises(SettingError, match="No stretch is chosen"):
        judge(clip, labels, Window.CHOSEN)


def test_windows_that_hold_too_much_or_no_flow_are_refused(clip: Path, labels: Path, monkeypatch) -> None:
    with pytest.raises(SettingError, match="no flow at"):
        judge(clip, labels, Window.CHOSEN, Span(DURATION_US, 3 * DURATION_US))
    monkeypatch.setattr(score, "MOST_EVENTS", 10)
    with pytest.raises(SettingError, match="at most 10"):
        judge(clip, labels, Window.FRAME)


def test_without_labels_there_are_no_errors(clip: Path, labels: Path) -> None:
    with open_recording(clip) as recording:
        known = score.truth_in(recording, Span(0, 50_000))
        assert known.shape[0] == 2
        assert np.allclose(known[0], SPEED)
        labels.unlink()
        assert score.truth_in(recording, Span(0, 50_000)) is None


def test_the_table_shows_what_is_known_and_marks_the_best(qtbot, theme: Theme) -> None:
    table = ScoreTable(theme, "Nothing yet.")
    qtbot.addWidget(table)
    table.show()
    assert table.line.text() == "Nothing yet."
    assert not any(label.isVisible() for row in table.cells for label in row)

    scores = Score("net", 1.5, 0.02), Score("best translation", 1.2, 0.01), Score("zero flow", 1.0, 0.0)
    table.show_card(ScoreCard(0, 20_000, 1234, 3.0, (10.0, -5.0), scores))
    assert [label.text() for label in table.cells[0]] == ["FWL", "1.50", "1.20", "1.00"]
    assert [label.text() for label in table.cells[1]] == ["Leaving", "2.0 %", "1.0 %", "0.0 %"]
    assert [theme.success in label.styleSheet() for label in table.cells[0][1:]] == [True, False, False]
    assert [theme.success in label.styleSheet() for label in table.cells[1][1:]] == [False, False, True]
    assert [row[0].isVisible() for row in table.cells] == [True, True, False, False, False, False]
    assert table.few.isVisible()
    assert "1,234 events in 20 ms" in table.line.text()

    errors = FlowErrors(0.5, 0.25, 12.0, 0.4, 99)
    scores = tuple(Score(each.name, each.fwl, each.leaving, errors) for each in scores)
    table.show_card(ScoreCard(0, 20_000, 1234, 8.0, (10.0, -5.0), scores))
    assert all(row[0].isVisible() for row in table.cells)
    assert not table.few.isVisible()
    shown = [row[1].text() for row in table.cells]
    assert shown == ["1.50", "2.0 %", "0.50 px", "25.0 %", "12.0°", "0.40"]
    assert all(
        label.toolTip() == measure.about
        for measure, row in zip(MEASURES, table.cells, strict=True)
        for label in row
    )
