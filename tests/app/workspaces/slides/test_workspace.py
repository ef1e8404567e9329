"""The workspace in its window, with runs that are only pretended: what is shown, enabled, remembered."""

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

import wholefield_app.document.training as training_module
import wholefield_app.workspaces.slides.prediction as prediction_module
from tests.app.spaces import slides_of
from tests.there import there
from wholefield.errors import SettingError
from wholefield.runs.control import Control, Discarded, StopAndKeep
from wholefield.runs.folder import RunFolder
from wholefield.runs.reports import (
    CheckpointSaved,
    Direction,
    EpochDone,
    Finished,
    Level,
    Message,
    Reason,
    ReportFunction,
    Started,
    StepDone,
    TileDone,
)
from wholefield.tasks.slides.results.prediction import SlidePrediction
from wholefield.tasks.slides.settings import ClassifySettings, PredictSettings
from wholefield_app.launch import make_window
from wholefield_app.runs import SessionState
from wholefield_app.window.main_window import MainWindow
from wholefield_app.window.submenus import CommandMenu
from wholefield_app.workspaces.slides.project import read_project

STEPS = 4


def pretended_training(
    config: ClassifySettings, runs: Path, report: ReportFunction, control: Control
) -> None:
    """Reports one epoch with everything in it, then polls until it is told to end."""
    folder = RunFolder.create(runs, config)
    slide = sorted(config.slides.glob("*.tif"))[0]
    report(Started("classify", folder.path, 2 * STEPS, 2, ("plain", "rare")))
    report(Message(Level.WARNING, "Two slides are very small."))
    for step in range(1, STEPS + 1):
        report(TileDone(Direction.FORWARD, (0, 0), (1, 2), ((0, 100), (0, 100)), slide))
        report(StepDone(step, 2 * STEPS, 1, 2, 1 / step, 75.0))
    report(EpochDone(1, {"validation_loss": 0.5, "validation_accuracy": 0.75}, STEPS))
    folder.best.touch()
    folder.last.touch()
    report(CheckpointSaved(folder.best, best=True))
    try:
        while True:
            control.poll()
    except StopAndKeep:
        report(Finished(folder.path, Reason.STOPPED))
    except Discarded:
        folder.remove()
        report(Finished(folder.path, Reason.DISCARDED))


def pretended_prediction(
    config: PredictSettings, report: ReportFunction, control: Control
) -> SlidePrediction:
    """Says that the second class is likely."""
    maps = np.stack([np.full((4, 4), 0.2), np.full((4, 4), 0.8)]).astype(np.float32)
    return SlidePrediction(
        config.slide, ("plain", "rare"), np.array([0.25, 0.75], np.float32), maps, (0, 0, 300, 300)
    )


@pytest.fixture
def ready(
    window: MainWindow,
    project_folder: Path,
    open_and_wait: Callable[[Path], None],
    monkeypatch: pytest.MonkeyPatch,
) -> MainWindow:
    """The window with the project open and runs pretended."""
    monkeypatch.setattr(training_module, "train", pretended_training)
    monkeypatch.setattr(prediction_module, "predict", pretended_prediction)
    open_and_wait(project_folder)
    return window


@pytest.fixture
def training(ready: MainWindow, qtbot: QtBot) -> MainWindow:
    """The window while a training is going on, one epoch done."""
    ready.registry["slides.start"].trigger()
    qtbot.waitUntil(lambda: slides_of(ready).prediction_panel.checkpoint is not None)
    return ready


def enabled(window: MainWindow) -> set[str]:
    return {
        name
        for name in ("start", "pause", "resume", "stop", "discard")
        if window.registry[f"slides.{name}"].isEnabled()
    }


def test_a_folder_fills_the_list_and_the_form_and_opens_its_first_slide(
    ready: MainWindow, project_folder: Path
) -> None:
    panel = slides_of(ready).slides_panel
    assert [panel.list.item(row).text() for row in range(panel.list.count())] == [
        "slide_0.tif\nplain", "slide_1.tif\nrare", "slide_2.tif\nplain", "slide_3.tif\nrare",
    ]  # fmt: skip
    assert (panel.title.text(), panel.summary.text()) == ("project", "4 slides: 2 plain, 2 rare")
    # One worker: more would take turns with the window.
    assert slides_of(ready).draft.settings() == ClassifySettings(
        slides=project_folder, labels=project_folder / "labels.csv", workers=1
    )
    assert ready.windowTitle() == "slide_0.tif — Wholefield"
    assert panel.list.currentRow() == 0
    assert ready.services.settings.recent == (project_folder,)


def test_thumbnails_show_the_slides(ready: MainWindow) -> None:
    panel = slides_of(ready).slides_panel
    pictures = [panel.list.item(row).icon().pixmap(48).toImage() for row in range(4)]
    blues = [picture.pixelColor(24, 24).blue() for picture in pictures]
    assert blues == pytest.approx([0, 60, 120, 180], abs=3)


def test_a_click_on_a_slide_opens_it(ready: MainWindow, qtbot: QtBot) -> None:
    slides = slides_of(ready).slides_panel.list
    where = slides.visualItemRect(slides.item(2)).center()
    qtbot.mouseClick(slides.viewport(), Qt.MouseButton.LeftButton, pos=where)
    qtbot.waitUntil(lambda: ready.windowTitle() == "slide_2.tif — Wholefield")
    assert [path.name for path in ready.services.settings.recent] == ["project"]


def test_start_pause_resume_stop(training: MainWindow, qtbot: QtBot) -> None:
    session, panel = slides_of(training).training, slides_of(training).training_panel
    assert enabled(training) == {"pause", "stop", "discard"}
    assert not panel.form.isEnabled()
    assert panel.buttons["pause"].isVisible()
    assert not panel.buttons["start"].isVisible()
    panel.buttons["pause"].click()
    assert (session.state, enabled(training)) == (SessionState.PAUSED, {"resume", "stop", "discard"})
    assert training.status.text() == "Training: paused"
    panel.buttons["resume"].click()
    assert (session.state, enabled(training)) == (SessionState.RUNNING, {"pause", "stop", "discard"})
    panel.buttons["stop"].click()
    qtbot.waitUntil(lambda: not session.state.active)
    assert enabled(training) == {"start"}
    assert panel.form.isEnabled()
    assert panel.progress.text.text() == "Stopped. The model is kept and ready for predictions."
    assert training.status.text() == "Ready"
    assert training.registry["slides.show_folder"].isEnabled()


def test_an_discarded_training_leaves_nothing(training: MainWindow, qtbot: QtBot) -> None:
    training.registry["slides.discard"].trigger()
    qtbot.waitUntil(lambda: not slides_of(training).training.state.active)
    qtbot.waitUntil(lambda: slides_of(training).prediction_panel.checkpoint is None)
    assert slides_of(training).training.folder is None
    assert not training.registry["slides.show_folder"].isEnabled()


def test_progress_curves_log_and_tiles_follow_the_reports(training: MainWindow, qtbot: QtBot) -> None:
    space = slides_of(training)
    qtbot.waitUntil(lambda: space.curves_panel.plots is not None)
    assert space.training_panel.progress.text.text() == "Epoch 1 of 2, step 4 of 8"
    assert space.training_panel.progress.time_left.text() == "1 min 15 s left"
    assert space.curves_panel.data.loss.values == [1.0, 0.5, 1 / 3, 0.25]
    qtbot.waitUntil(lambda: any("Epoch 1" in line.text for line in training.services.log.lines))
    texts = [line.text for line in training.services.log.lines]
    assert "Two slides are very small." in texts
    assert "Epoch 1: validation loss 0.5, validation accuracy 0.75" in texts
    assert training.status.text() == "Training: epoch 1 of 2"


def test_a_setting_that_cannot_work_is_said_in_the_banner(window: MainWindow, qtbot: QtBot) -> None:
    window.registry["slides.start"].trigger()
    qtbot.waitUntil(window.banner.isVisible)
    assert "Still required: slides, labels." in window.banner.sentence.text()
    assert not slides_of(window).training.state.active


def test_a_run_that_fails_says_why(ready: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise SettingError("The class rare has one slide; label another.")

    monkeypatch.setattr(training_module, "train", fail)
    ready.registry["slides.start"].trigger()
    qtbot.waitUntil(ready.banner.isVisible)
    assert ready.banner.sentence.text() == "The class rare has one slide; label another."
    assert slides_of(ready).training_panel.progress.text.text().startswith("The run failed")
    assert enabled(ready) == {"start"}


def test_predicting_shows_probabilities_and_the_map(training: MainWindow, qtbot: QtBot) -> None:
    space = slides_of(training)
    without = space.view.grab_view()
    assert training.registry["slides.predict"].isEnabled()
    assert not training.registry["slides.map"].isEnabled()
    space.prediction_panel.predict.click()
    qtbot.waitUntil(lambda: space.prediction.result is not None)
    assert space.prediction_panel.bars.isVisible()
    assert space.prediction_panel.bars.accessibleDescription() == "plain 25.0%, rare 75.0%"
    assert space.prediction.shown == 1
    shown = space.view.grab_view()
    assert shown != without
    space.layers_panel.select(space.view.result_layers[0])
    space.layers_panel.opacity.setValue(100)
    assert space.view.grab_view() != shown
    space.layers_panel.colors.setCurrentText("Magma")
    magma = space.view.grab_view()
    space.prediction_panel.bars.chosen.emit(0)
    assert space.view.grab_view() != magma
    training.registry["slides.map"].trigger()
    assert not training.registry["slides.map"].isChecked()


def test_another_slide_takes_the_prediction_away(training: MainWindow, qtbot: QtBot) -> None:
    space = slides_of(training)
    training.registry["slides.predict"].trigger()
    qtbot.waitUntil(lambda: space.prediction.result is not None)
    space.document.show(space.draft.value("slides") / "slide_3.tif")
    qtbot.waitUntil(lambda: training.windowTitle().startswith("slide_3"))
    assert space.prediction.result is None
    assert not space.prediction_panel.bars.isVisible()
    assert training.registry["slides.predict"].isEnabled()


def test_a_prediction_for_a_slide_that_is_gone_is_not_shown(
    training: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()

    def slow(config: PredictSettings, report: ReportFunction, control: Control) -> SlidePrediction:
        assert gate.wait(300)
        return pretended_prediction(config, report, control)

    monkeypatch.setattr(prediction_module, "predict", slow)
    space = slides_of(training)
    training.registry["slides.predict"].trigger()
    assert training.registry["slides.cancel_prediction"].isEnabled()
    space.document.show(space.draft.value("slides") / "slide_1.tif")
    qtbot.waitUntil(lambda: training.windowTitle().startswith("slide_1"))
    gate.set()
    qtbot.waitUntil(lambda: not space.prediction.state.active)
    assert space.prediction.result is None


def test_a_checkpoint_file_of_ones_own_can_be_used(ready: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    own = tmp_path / "mine.ckpt"
    own.touch()
    panel = slides_of(ready).prediction_panel
    assert not ready.registry["slides.predict"].isEnabled()
    panel.models.choose(own)
    assert panel.checkpoint == own
    assert ready.registry["slides.predict"].isEnabled()
    panel.models.set_models([])
    assert panel.checkpoint == own


def test_the_settings_of_a_training_come_back_at_the_next_start(
    training: MainWindow, qapp: QApplication, qtbot: QtBot, store: QSettings
) -> None:
    config = slides_of(training).draft.settings()
    slides_of(training).training.discard()
    qtbot.waitUntil(lambda: not slides_of(training).training.state.active)
    training.close()
    again = make_window(qapp, None, QSettings(store.fileName(), QSettings.Format.IniFormat))
    qtbot.addWidget(again)
    assert slides_of(again).draft.settings() == config
    again.close()


def test_settings_of_another_version_are_left_aside(
    qapp: QApplication, qtbot: QtBot, store: QSettings
) -> None:
    store.setValue("training/settings", '{"task": "classify", "unheard_of": 1}')
    made = make_window(qapp, None, store)
    qtbot.addWidget(made)
    assert slides_of(made).draft.value("epochs") == 20
    made.close()


def test_commands_are_copied(training: MainWindow, project_folder: Path) -> None:
    menu = there(training.findChild(CommandMenu))
    menu.refill()
    entries = {entry.text().replace("&", ""): entry for entry in menu.actions()}
    entries["Start training"].trigger()
    line = QGuiApplication.clipboard().text()
    assert line.startswith("wholefield train classify ")
    assert str(project_folder / "labels.csv") in line
    entries["Predict on the open slide"].trigger()
    line = QGuiApplication.clipboard().text()
    assert line.startswith("wholefield predict ")
    assert "best.ckpt" in line
    assert all(entry.isEnabled() for entry in entries.values())


def test_without_a_slide_there_is_nothing_to_copy(window: MainWindow) -> None:
    menu = there(window.findChild(CommandMenu))
    menu.refill()
    assert not any(entry.isEnabled() for entry in menu.actions())


def test_the_demo_project_is_made_with_progress_and_opened(
    window: MainWindow, project_folder: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()

    def make(progress: Callable[[int, int], None]) -> object:
        progress(3, 4)
        assert gate.wait(300)
        return read_project(project_folder)

    monkeypatch.setattr(slides_of(window).demo, "make", make)
    window.registry["slides.open_demo"].trigger()
    assert not window.registry["slides.open_demo"].isEnabled()
    qtbot.waitUntil(lambda: "3 of 4" in window.status.text())
    assert slides_of(window).welcome._busy_bar.value() == 3
    gate.set()
    qtbot.waitUntil(lambda: window.windowTitle().startswith("slide_0"))
    assert window.registry["slides.open_demo"].isEnabled()
    assert window.status.text() == "Ready"


def test_closing_while_the_demo_is_made_stops_it(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, stopped = threading.Event(), threading.Event()

    def make(progress: Callable[[int, int], None]) -> None:
        try:
            while True:
                progress(1, 4)
                begun.set()
        finally:
            stopped.set()

    monkeypatch.setattr(slides_of(window).demo, "make", make)
    window.registry["slides.open_demo"].trigger()
    assert begun.wait(300)
    window.close()
    assert stopped.is_set()


def test_the_welcome_page_offers_what_was_opened_last(
    window: MainWindow, make_slide: Callable[..., Path], open_and_wait: Callable[[Path], None], qtbot: QtBot
) -> None:
    open_and_wait(make_slide("before.tif"))
    window.registry["slides.close"].trigger()
    links = [
        link for link in slides_of(window).welcome.findChildren(QPushButton) if link.text() == "before.tif"
    ]
    links[-1].click()
    qtbot.waitUntil(lambda: window.windowTitle().startswith("before.tif"))


def test_a_folder_with_unusable_labels_is_listed_and_the_reason_said(
    window: MainWindow, project_folder: Path, open_and_wait: Callable[[Path], None], qtbot: QtBot
) -> None:
    (project_folder / "labels.csv").write_text("file,label\ngone.tif,x\n")
    open_and_wait(project_folder)
    qtbot.waitUntil(window.banner.isVisible)
    assert "gone.tif" in window.banner.sentence.text()
    assert slides_of(window).slides_panel.list.count() == 4
