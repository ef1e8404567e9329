"""A few strokes on an image, trained on while more are drawn, until all of it is predicted: in the real window."""

from pathlib import Path

import numpy as np
import tifffile
from pytestqt.qtbot import QtBot

from tests.e2e.stroke_light import StrokeLight
from tests.there import there
from wholefield.runs.reports import StrokesJudged
from wholefield_app.window.main_window import MainWindow

SIDE = 96
GROUND = [
    [(5.0, 4.0), (90.0, 4.0)],
    [(60.0, 20.0), (86.0, 30.0)],
    [(6.0, 60.0), (40.0, 88.0)],
    [(56.0, 40.0), (86.0, 44.0)],
]
CELL = [
    [(16.0, 16.0), (36.0, 20.0)],
    [(14.0, 40.0), (36.0, 36.0)],
    [(60.0, 60.0), (80.0, 62.0)],
    [(56.0, 82.0), (84.0, 80.0)],
]


def test_from_strokes_to_everything(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    truth = np.zeros((SIDE, SIDE), bool)
    truth[10:50, 8:44] = truth[54:90, 50:90] = True
    pixels = np.random.default_rng(0).normal(60, 10, (SIDE, SIDE, 3)) + 80 * truth[..., None]
    tifffile.imwrite(tmp_path / "cells.tif", pixels.clip(0, 255).astype(np.uint8), photometric="rgb")
    light = StrokeLight(window, lambda condition: qtbot.waitUntil(condition, timeout=600_000))
    train = window.registry["slides.train_live"]
    light.open(tmp_path / "cells.tif")
    light.draw("Ground", GROUND, 2.0)
    assert not train.isEnabled()
    assert "at least two classes" in train.reason
    light.draw("Cell", CELL[:1], 2.0)
    light.space.draft.set(
        width=4, depth=1, crop_size=32, crops_per_epoch=16, batch_size=4, learning_rate=1e-2, warm_up_steps=2
    )
    light.train_live()
    light.wait_for_map()
    light.draw("Cell", CELL[1:], 2.0)
    light.wait_for_strokes(6)
    count = sum(isinstance(each, StrokesJudged) for each in light.reports)
    light.wait_for_epochs(count + 4)
    panel = light.space.live_panel
    assert train.isChecked()
    assert panel.table.rowCount() == 2
    assert "6 strokes train" in panel.state.text()
    light.stop_live()
    assert not train.isChecked()
    light.predict_everything()
    found = there(light.space.prediction.segmentation)
    assert (np.asarray(found.map.levels[0]) == truth).mean() > 0.9
    assert found.colors == tuple(each.color for each in light.space.labeling.labels.classes)
    assert not light.space.live.layer.visible
