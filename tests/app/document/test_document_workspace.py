"""What all workspaces have in common, in the real window: models on offer, names of curves, reasons, other tasks."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from tests.app.document.toy import TOY, ToySettings
from wholefield.runs.folder import RunFolder
from wholefield.runs.reports import EpochDone, Started, StepDone
from wholefield.tasks import registry
from wholefield.tasks.slides.settings import ClassifySettings
from wholefield_app.window.main_window import MainWindow
from wholefield_app.workspaces import ENTRIES


class EntryPoint:
    """The entry point of a package that brings a task along."""

    value = "toybox:TOY"

    def load(self) -> object:
        return TOY


def toy_entry_points(group: str) -> list[EntryPoint]:
    return [EntryPoint()] if group == registry.ENTRY_POINTS else []


@pytest.fixture
def toy_package(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As if a package with the toy task were installed."""
    monkeypatch.setattr(registry, "entry_points", toy_entry_points)
    registry.tasks.cache_clear()
    yield
    registry.tasks.cache_clear()


def test_models_of_earlier_runs_are_offered_when_a_slide_is_opened(
    window: MainWindow, make_slide: Callable[..., Path], open_and_wait: Callable[[Path], None], qtbot: QtBot
) -> None:
    slide = make_slide("a.tif")
    settings = ClassifySettings(slides=slide.parent, labels=slide.parent / "labels.csv", model="small_cnn")
    run = RunFolder.create(slide.parent / "runs", settings)
    run.best.touch()
    run.add_metrics(1, 4, {"validation_accuracy": 0.75})
    open_and_wait(slide)
    space: Any = window.workspace
    qtbot.waitUntil(lambda: space.prediction_panel.checkpoint == run.best)
    assert space.prediction_panel.models.list.currentText().startswith("Small CNN, best, Accuracy 0.75, ")
    assert window.registry["slides.predict"].isEnabled()


def test_curves_are_named_after_the_task_from_the_start(window: MainWindow, qtbot: QtBot) -> None:
    window.go_to("stacks")
    space: Any = window.workspace
    metrics = {"validation_loss": 0.25, "validation_psnr": 30.0}
    space.training.reported.emit([Started("noise2inverse", Path("run"), 4, 2), StepDone(1, 4, 1, 2, 0.5)])
    qtbot.waitUntil(lambda: space.curves_panel.plots is not None)
    plots = space.curves_panel.plots
    assert plots.quality.area.getAxis("left").labelText == "Split error"
    space.training.reported.emit([EpochDone(1, metrics, 2)])
    qtbot.waitUntil(lambda: plots.curves["quality"].getOriginalDataset()[1] is not None)
    assert plots.curves["quality"].getOriginalDataset()[1].tolist() == [0.25]
    space.curves_panel.stop()


@pytest.mark.parametrize("name", [entry.name for entry in ENTRIES])
def test_every_action_that_cannot_be_used_says_why(window: MainWindow, name: str) -> None:
    window.go_to(name)
    found = [bound for bound in window.registry if bound.scope == name and not bound.usable]
    assert len(found) > 5
    for bound in found:
        assert bound.reason.endswith("."), bound.definition.id
        assert bound.reason in bound.toolTip()


def test_a_task_of_another_package_is_in_the_list_and_is_trained(
    toy_package: None, window: MainWindow, make_slide: Callable[..., Path], qtbot: QtBot
) -> None:
    slides = make_slide("toys/a.tif").parent
    space: Any = window.workspace
    assert "toy" in [task.name for task in space.draft.tasks]
    space.draft.use_task("toy")
    space.draft.set(slides=slides)
    squeaks = space.form.fields["squeaks"]
    assert squeaks.read() == 3
    space.draft.set(squeaks=5)
    assert squeaks.read() == 5
    assert space.draft.settings() == ToySettings(slides=slides, squeaks=5)
    window.registry["slides.start"].trigger()
    qtbot.waitUntil(lambda: not space.training.state.active, timeout=60_000)
    run = RunFolder(space.training.folder)
    assert registry.settings_of(run) == ToySettings(slides=slides, squeaks=5)
    assert space.training_panel.progress.text.text().startswith("Complete.")
    qtbot.waitUntil(lambda: space.prediction_panel.checkpoint == run.best)
    assert "Toy, best, Fun 0.75 laughs" in space.prediction_panel.models.list.currentText()
