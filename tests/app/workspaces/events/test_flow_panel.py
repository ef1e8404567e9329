"""Training, flow of a network and their panels in the window; the network itself is not trained here."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.there import a, there
from wholefield.runs.folder import RunFolder
from wholefield.runs.reports import PreviewReady, Started, StepDone
from wholefield.tasks.events.settings import FlowNet, FlowSettings
from wholefield.tasks.events.shipped import CONTRAST, TITLES
from wholefield_app.document.handlers import predict_command, train_command
from wholefield_app.window.main_window import MainWindow
from wholefield_app.workspaces.events.preview import draw_flow_preview, median_speed
from wholefield_app.workspaces.events.workspace import EventsWorkspace


def preview(epoch: int, speed: float) -> PreviewReady:
    flow = np.zeros((2, 30, 40), np.float32)
    flow[0] = speed
    mask = np.zeros((30, 40), bool)
    mask[10:20, 10:30] = True
    return PreviewReady(
        epoch,
        40_000,
        {"flow": flow, "events": np.full((30, 40, 3), 128, np.uint8), "mask": mask},
        path=Path("dots.hdf5"),
    )


class FakeMoments:
    """Stands in for a network: bins of 10 ms of a recording of 100 ms, whose flow is their number."""

    def __init__(self, checkpoint: Path, recording: object, device: object) -> None:
        self.asked = checkpoint

    def flow_at(self, time_us: int) -> tuple[np.ndarray, int, int]:
        start = min(max(time_us // 10_000, 0), 9) * 10_000
        return np.full((2, 32, 48), start / 10_000, np.float32), start, start + 10_000


@pytest.fixture
def checkpoint(clip: Path) -> Path:
    """A past run beside the recording; its checkpoint is never read."""
    config = FlowSettings(recordings=clip, delta_t=10_000, network=FlowNet.MIDINET)
    folder = RunFolder.create(clip.parent / "runs", config)
    folder.best.touch()
    return folder.best


def test_the_open_recording_is_trained_on(
    open_clip: Callable[[], None], space: EventsWorkspace, clip: Path
) -> None:
    draft = space.draft
    assert draft.missing
    assert train_command(space) is None
    open_clip()
    assert a(FlowSettings, draft.settings()).recordings == clip
    assert there(train_command(space)).startswith("wholefield train flow")
    assert draft.runs == clip.parent / "runs"


def test_a_setting_that_cannot_work_is_said_in_the_banner(
    open_clip: Callable[[], None], space: EventsWorkspace, window: MainWindow, qtbot: QtBot
) -> None:
    open_clip()
    space.draft.set(weight_bw_deblur=0.0)
    window.registry["events.start"].trigger()
    qtbot.waitUntil(lambda: "weight_bw_deblur" in window.banner.sentence.text())
    assert not space.training.state.active


def test_the_settings_of_a_training_are_remembered(
    open_clip: Callable[[], None], space: EventsWorkspace, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_clip()
    begun: list[FlowSettings] = []
    monkeypatch.setattr(space.training, "begin", lambda settings, runs: begun.append(settings))
    space.draft.set(delta_t=12_345)
    window.registry["events.start"].trigger()
    assert [config.delta_t for config in begun] == [12_345]
    stored = there(space._services.settings.json(EventsWorkspace.settings_key))
    assert FlowSettings.from_json(stored) == begun[0]
    space.draft.set(delta_t=1)
    space.recall_settings()
    assert space.draft.settings() == begun[0]


def test_reports_of_a_training_reach_curves_preview_and_status(space: EventsWorkspace, qtbot: QtBot) -> None:
    terms = {"bw_deblur": 0.5, "smoothness2": 0.1}
    space.training.reported.emit(
        [
            Started("flow", Path("run"), 4, 2),
            preview(0, 5.0),
            StepDone(1, 4, 1, 2, 0.6, None, terms),
            preview(1, 80.0),
        ]
    )
    preview_panel = there(space.preview_panel)
    qtbot.waitUntil(lambda: not preview_panel.busy)
    line = preview_panel.line.text()
    assert line == "dots.hdf5 at 40.000 ms, after epoch 1   median speed 80 px/s (initially 5)"
    assert [name for name, _ in there(preview_panel.row.pictures).images] == ["Events", "Flow", "Arrows"]
    assert list(space.curves_panel.data.terms) == list(terms)
    assert "epoch 1 of 2" in space.activity.line
    space.curves_panel.stop()


def test_a_preview_shows_flow_only_where_events_are(qapp: QApplication) -> None:
    found = draw_flow_preview(preview(1, 80.0), preview(0, 0.0))
    (_, events), (_, flow), (_, arrows) = found.images
    assert (events.width(), flow.width(), arrows.width()) == (40, 40, 640)
    assert flow.pixelColor(0, 0).name() == "#000000"
    assert flow.pixelColor(20, 15).name() == "#ff0000"
    reds = [arrows.pixelColor(x, 16 * 18 + 8).red() > 200 for x in range(640)]
    assert any(reds[160:480])
    assert not any(reds[:150])
    nothing = preview(0, 0.0)
    assert median_speed(nothing) == 0.0
    assert draw_flow_preview(nothing, nothing).line.endswith("before the first epoch   median speed 0 px/s")


def test_the_network_of_a_past_run_shows_its_flow(
    checkpoint: Path,
    open_clip: Callable[[], None],
    space: EventsWorkspace,
    window: MainWindow,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("wholefield.tasks.events.moments.MomentFlow", FakeMoments)
    show, judge = window.registry["events.predict"], window.registry["events.score"]
    assert not show.isEnabled()
    open_clip()
    panel = space.prediction_panel
    assert panel.checkpoint == checkpoint
    assert panel.models.list.currentText().startswith("MIDINet, bins of 10 ms, not validated")
    assert there(predict_command(space)).startswith("wholefield predict-flow")
    # Flow without a network is there from the beginning; the network of the run is on offer before what ships.
    qtbot.waitUntil(lambda: space.view.flow.provider is not None)
    assert there(space.view.flow.provider).name == TITLES[CONTRAST]
    offered = [panel.models.list.itemText(row) for row in range(panel.models.list.count())]
    assert offered[1:] == list(TITLES.values())
    assert judge.isEnabled()
    show.trigger()
    qtbot.waitUntil(lambda: window.quiet and there(space.view.frame).request.field is not None)
    assert panel.hint.text() == f"Shown: the flow of {checkpoint.parent.name}/best.ckpt."
    judge.trigger()
    qtbot.waitUntil(lambda: panel.table.card is not None, timeout=20_000)
    window.registry["events.close_flow"].trigger()
    assert panel.table.card is None
    assert not judge.isEnabled()
    qtbot.waitUntil(lambda: window.quiet)


def test_a_score_that_cannot_be_told_is_said_in_the_banner(
    open_clip: Callable[[], None],
    open_labels: Callable[[], None],
    space: EventsWorkspace,
    window: MainWindow,
    qtbot: QtBot,
) -> None:
    open_clip()
    open_labels()
    panel = space.prediction_panel
    panel.window_choice.setCurrentIndex(2)
    panel.evaluate.click()
    qtbot.waitUntil(lambda: "No range is selected" in window.banner.sentence.text(), timeout=20_000)
    assert panel.table.line.text().startswith("Show a flow")
