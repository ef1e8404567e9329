"""A segmentation in the window, the run itself only pretended: overlay, panel, export, settings that come back."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import tifffile
from pytestqt.qtbot import QtBot

import wholefield_app.workspaces.slides.prediction as prediction_module
from tests.app.spaces import slides_of
from tests.there import there
from wholefield.errors import SettingError
from wholefield.runs.control import Control
from wholefield.runs.reports import ReportFunction, ignore
from wholefield.tasks.slides.results.class_map import ClassMap, SegmentedSlide
from wholefield.tasks.slides.settings import PredictSettings, SegmentSettings
from wholefield_app.document import dialogs
from wholefield_app.runs import SessionState
from wholefield_app.viewer.slides.classes import class_color
from wholefield_app.window.main_window import MainWindow
from wholefield_app.workspaces.slides.export import export_classes

NAMES = ("glass", "tissue", "spore")


def segmented(slide: Path) -> SegmentedSlide:
    """Tissue on the right half, one spore in it."""
    classes = np.zeros((40, 60), np.uint8)
    classes[:, 30:], classes[10:14, 40:44] = 1, 2
    made = ClassMap((1, 3, 40, 60))
    everywhere = (slice(None), slice(None), slice(0, 40), slice(0, 60))
    made[everywhere] = (classes[None, None] == np.arange(3)[None, :, None, None]) * 1.0
    made.finish()
    return SegmentedSlide(slide, NAMES, made, (600, 400), (0.5, 0.5))


def pretended(config: PredictSettings, report: ReportFunction, control: Control) -> SegmentedSlide:
    return segmented(config.slide)


@pytest.fixture
def predicted(
    window: MainWindow,
    project_folder: Path,
    open_and_wait: Callable[[Path], None],
    monkeypatch: pytest.MonkeyPatch,
    qtbot: QtBot,
) -> MainWindow:
    """The window with a segmentation of the open slide."""
    monkeypatch.setattr(prediction_module, "predict", pretended)
    open_and_wait(project_folder)
    checkpoint = project_folder / "best.ckpt"
    checkpoint.touch()
    space = slides_of(window)
    space.prediction_panel.models.choose(checkpoint)
    space.predict()
    qtbot.waitUntil(lambda: space.prediction.result is not None)
    qtbot.waitUntil(lambda: space.prediction.state is SessionState.IDLE)
    return window


def legend(window: MainWindow) -> list[str]:
    view = slides_of(window).view
    return [row.text for layer in view._layers for row in layer.legend(view._frame())]


def test_classes_lie_over_the_slide_with_a_legend(predicted: MainWindow) -> None:
    space = slides_of(predicted)
    assert {"tissue", "spore"} <= set(legend(predicted))
    assert "glass" not in legend(predicted)
    space.overlays.show_map(False)
    assert "spore" not in legend(predicted)


def test_a_click_on_a_class_shows_it_alone(predicted: MainWindow) -> None:
    space = slides_of(predicted)
    space.prediction.show_class(2)
    assert "spore" in legend(predicted)
    assert "tissue" not in legend(predicted)
    space.prediction.show_class(0)
    assert {"tissue", "spore"} <= set(legend(predicted))


def test_the_panel_tells_shares_and_offers_no_colour_map(predicted: MainWindow) -> None:
    panel = slides_of(predicted).prediction_panel
    assert "Share of the slide" in panel.about.text()
    assert "glass" in panel.about.text()
    assert panel.bars.accessibleDescription() == "glass 50.0%, tissue 49.3%, spore 0.7%"
    layers = slides_of(predicted).layers_panel
    layers.select(slides_of(predicted).view.result_layers[1])
    assert not layers.colors.isVisibleTo(layers)
    assert layers.opacity.isVisibleTo(layers)
    for widget in (panel.about, panel.export, panel.export_progress):
        assert there(panel.layout()).indexOf(widget) >= 0


def test_export_from_the_window(
    predicted: MainWindow, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "out.geojson"
    monkeypatch.setattr(dialogs, "ask_for_export", lambda *_: path)
    predicted.registry["slides.export"].trigger()
    session = slides_of(predicted).export
    qtbot.waitUntil(lambda: path.exists() and session.state is SessionState.IDLE)
    features = json.loads(path.read_text())["features"]
    assert [f["properties"]["classification"]["name"] for f in features] == ["tissue", "spore"]
    assert features[1]["properties"]["classification"]["color"] == list(class_color(2))
    (ring,) = features[1]["geometry"]["coordinates"]
    assert sorted(ring[:-1]) == [[400, 100], [400, 140], [440, 100], [440, 140]]


def test_export_as_an_image_and_under_a_wrong_name(tmp_path: Path) -> None:
    export = partial(export_classes, segmented(Path("s.tif")), report=ignore, control=Control())
    export(tmp_path / "out.ome.tif")
    assert tifffile.imread(tmp_path / "out.ome.tif").shape == (40, 60)
    with pytest.raises(SettingError, match=r"out\.png does not end in"):
        export(tmp_path / "out.png")
    with pytest.raises(SettingError, match="cannot be written"):
        export(tmp_path / "nowhere" / "out.geojson")


def test_settings_of_the_last_segmentation_come_back(window: MainWindow, project_folder: Path) -> None:
    config = SegmentSettings(
        slides=project_folder, masks=project_folder / "masks.csv", epochs=7, names="a, b"
    )
    space = slides_of(window)
    space._services.settings.set_json("training/settings", config.to_json())
    space.recall_settings()
    assert space.draft.task.settings is SegmentSettings
    assert space.draft.value("epochs") == 7
    assert space.draft.value("names") == "a, b"
