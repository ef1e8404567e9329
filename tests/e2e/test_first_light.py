"""The whole way through on a real slide: file, source, streamed network, background run, curves, sweep, map."""

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests.e2e.first_light import SLIDE, FirstLight, make_project
from wholefield.runs.folder import RunFolder
from wholefield.runs.reports import Direction, TileDone
from wholefield_app.window.main_window import MainWindow

EPOCHS, LEARNING_RATE = 40, 5e-4
WATCHED_EPOCHS = 4


@pytest.mark.e2e
@pytest.mark.data
def test_open_train_watch_predict_and_keep(
    window: MainWindow, qtbot: QtBot, data_folder: Path, tmp_path: Path
) -> None:
    slide = make_project(data_folder / "slides" / SLIDE, tmp_path / "project", every=2)
    window.resize(1600, 1000)
    light = FirstLight(window, lambda condition: qtbot.waitUntil(condition, timeout=600_000))

    light.open(slide)
    assert window.windowTitle() == f"{SLIDE} — Wholefield"
    view = light.space.view
    gridded = view.grab_view()
    window.registry["slides.grid"].trigger()
    assert view.grab_view() != gridded
    window.registry["slides.grid"].trigger()

    light.open(tmp_path / "project")
    assert light.space.slides_panel.list.item(0).text() == f"{SLIDE}\nglass, epithelium, stroma"
    light.train(EPOCHS, LEARNING_RATE)
    light.wait_for_epochs(WATCHED_EPOCHS)
    data = light.space.curves_panel.data
    assert data.smoothed.values[-1] < data.smoothed.values[0]
    assert len(data.epochs["validation_accuracy"].values) >= 3
    tiles = [report for report in light.reports if isinstance(report, TileDone)]
    assert {tile.sweep for tile in tiles} == set(Direction)
    assert {tile.slide for tile in tiles} == {slide}

    before = view.grab_view()
    light.predict()
    result = light.space.prediction.result
    assert result.classes == ("epithelium", "glass", "stroma")
    assert result.probabilities.sum() == pytest.approx(1, abs=1e-5)
    x, y, width, height = result.box
    assert (x, y) == (pytest.approx(0, abs=64), pytest.approx(0, abs=64))
    assert (width, height) == (pytest.approx(2220, rel=0.05), pytest.approx(2967, rel=0.05))
    assert view.grab_view() != before
    # The upper left corner of the slide is glass; the middle of its tissue is not.
    glass = result.maps[1]
    rows, columns = (size // 8 for size in glass.shape)
    assert glass[:rows, :columns].mean() > glass[4 * rows : 5 * rows, 4 * columns : 5 * columns].mean()

    light.stop()
    folder = RunFolder(light.space.training.folder)
    assert folder.best.is_file()
    assert folder.settings_file.is_file()
    assert len(folder.metrics()) >= len(data.loss.values)
    window.close()
    assert not window.isVisible()
