"""Evaluating the flow in the window: which events, how far it is, how it is cancelled, and closing meanwhile."""

import shlex
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from tests.there import there
from wholefield.errors import SettingError
from wholefield.runs.control import Control
from wholefield.runs.reports import PartDone, ReportFunction
from wholefield.tasks.events.provider import FlowSource
from wholefield.tasks.events.score_settings import ScoreSettings
from wholefield_app.viewer.events.timeline import Span
from wholefield_app.window.closing import ClosingQuestion
from wholefield_app.window.main_window import MainWindow
from wholefield_app.workspaces.events import score as score_module
from wholefield_app.workspaces.events.score import Moment, Window, settings_of
from wholefield_app.workspaces.events.workspace import EventsWorkspace

CLIP, FLOW = Path("a.raw"), FlowSource(Path("a.flo"), 5e4)


class SlowScore:
    """Reports half of the work and waits until it is cancelled or let go."""

    def __init__(self) -> None:
        self.begun, self.gate = threading.Event(), threading.Event()

    def __call__(self, config: ScoreSettings, report: ReportFunction, control: Control) -> None:
        report(PartDone("Comparing translations", 300, 600, 7.0))
        self.begun.set()
        while not self.gate.wait(0.01):
            control.poll()


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> SlowScore:
    made = SlowScore()
    monkeypatch.setattr(score_module, "judge", made)
    return made


@pytest.mark.parametrize(
    ("window", "moment", "wanted"),
    [
        (Window.ENOUGH, Moment(60, 40, None), {"at_us": 60, "sample_us": 40}),
        (Window.FRAME, Moment(60, 40, None), {"start_us": 20, "end_us": 60, "sample_us": 40}),
        (Window.FRAME, Moment(0, 40, None), {"start_us": 0, "end_us": 1, "sample_us": 40}),
        (Window.CHOSEN, Moment(60, 40, Span(3, 9)), {"start_us": 3, "end_us": 9, "sample_us": 40}),
    ],
)
def test_windows_are_settings(window: Window, moment: Moment, wanted: dict[str, Any]) -> None:
    config = settings_of(CLIP, FLOW, window, moment)
    assert config == ScoreSettings(recording=CLIP, flow=FLOW.path, span_us=5e4, **wanted)
    config.validate()


def test_without_a_chosen_stretch_it_cannot_be_judged() -> None:
    with pytest.raises(SettingError, match="No range is selected"):
        settings_of(CLIP, FLOW, Window.CHOSEN, Moment(0, 1, None))


def test_a_card_comes_with_its_command(
    open_clip: Callable[[], None],
    open_labels: Callable[[], None],
    space: EventsWorkspace,
    window: MainWindow,
    qtbot: QtBot,
    clip: Path,
    labels: Path,
) -> None:
    open_clip()
    open_labels()
    panel, registry = space.prediction_panel, window.registry
    command = shlex.split(there(there(registry["events.score"].definition.command)()))
    assert command[:2] == ["wholefield", "score"]
    assert {f"--flow={labels}", str(clip), f"--at-us={space.view.player.time_us}"} <= set(command)
    with qtbot.waitSignal(space.score.scored, timeout=20_000):
        registry["events.score"].trigger()
    assert there(there(panel.table.card).flow.errors).aee < 1e-6
    assert panel.table.isVisibleTo(panel)
    assert panel.score_progress.isHidden()


def test_it_says_how_far_it_is_and_can_be_cancelled(
    open_clip: Callable[[], None],
    open_labels: Callable[[], None],
    space: EventsWorkspace,
    window: MainWindow,
    qtbot: QtBot,
    slow: SlowScore,
) -> None:
    open_clip()
    open_labels()
    panel, registry, session = space.prediction_panel, window.registry, space.score
    assert not registry["events.cancel_score"].isEnabled()
    panel.evaluate.click()
    qtbot.waitUntil(
        lambda: panel.score_progress.text.text() == "Comparing translations: 300 of 600", timeout=20_000
    )
    assert "Score card: running" in space.activity.line
    assert not registry["events.score"].isEnabled()
    panel.cancel_score.click()
    qtbot.waitUntil(lambda: not session.state.active, timeout=20_000)
    assert panel.table.card is None
    assert panel.score_progress.isHidden()
    assert not window.banner.isVisible()
    assert registry["events.score"].isEnabled()


def test_another_flow_and_another_recording_end_it(
    open_clip: Callable[[], None],
    open_labels: Callable[[], None],
    space: EventsWorkspace,
    window: MainWindow,
    qtbot: QtBot,
    slow: SlowScore,
) -> None:
    open_clip()
    session = space.score
    for leave in (space.flow.close, space.close_document):
        open_labels()
        space.evaluate()
        qtbot.waitUntil(slow.begun.is_set, timeout=20_000)
        slow.begun.clear()
        leave()
        qtbot.waitUntil(lambda: not session.state.active, timeout=20_000)
    assert not window.banner.isVisible()


def test_closing_the_window_ends_it(
    open_clip: Callable[[], None],
    open_labels: Callable[[], None],
    space: EventsWorkspace,
    window: MainWindow,
    qtbot: QtBot,
    slow: SlowScore,
) -> None:
    open_clip()
    open_labels()
    space.evaluate()
    qtbot.waitUntil(slow.begun.is_set, timeout=20_000)
    assert not window.close()
    there(window.findChild(ClosingQuestion)).discard_button.click()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=20_000)
    assert not space.score.state.active
