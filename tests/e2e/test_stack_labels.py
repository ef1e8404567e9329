"""From an unlabeled stack to a network: painted in two planes, interpolated, undone, saved, reopened, trained on."""

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.e2e.stack_light import StackLight
from wholefield_app.document.document import Role
from wholefield_app.labeling.tools import Tool
from wholefield_app.viewer.stacks.plane_view import PlaneView
from wholefield_app.window.main_window import MainWindow

SHAPE = (14, 64, 64)
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def drag(view: PlaneView, *voxels: tuple[float, float]) -> None:
    """Drag from voxel to voxel of a plane."""

    def at(row: float, column: float) -> QPoint:
        assert view.plane is not None
        x, y = (column + 0.5) * view.plane.column_size, (row + 0.5) * view.plane.row_size
        return QPoint(*(round(value) for value in view.current_view.to_screen(x, y)))

    QTest.mousePress(view, LEFT, NONE, at(*voxels[0]))
    for voxel in voxels[1:]:
        QTest.mouseMove(view, at(*voxel))
    QTest.mouseRelease(view, LEFT, NONE, at(*voxels[-1]))


@pytest.mark.e2e
def test_paint_interpolate_undo_save_reopen_and_train(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    z, y, x = np.mgrid[: SHAPE[0], : SHAPE[1], : SHAPE[2]]
    ball = (z - 7) ** 2 + (y - 32) ** 2 / 9 + (x - 32) ** 2 / 9 <= 36
    noise = np.random.default_rng(0).normal(0, 10, SHAPE)
    tifffile.imwrite(
        tmp_path / "ball.tif", (100 + 80 * ball + noise).astype(np.float32), photometric="minisblack"
    )
    light = StackLight(window, lambda condition: qtbot.waitUntil(condition, timeout=600_000))
    space = light.space
    window.open(tmp_path / "ball.tif")
    qtbot.waitUntil(lambda: window.quiet and space.labeling.labels.ready)
    labels, view = space.labeling.labels, space.view

    labels.classes.named("Ball")
    labels.classes.named("Around")
    labels.choose(1)
    labels.take_tool(Tool.RECTANGLE)
    for slice_ in (4, 10):
        view.set_position((slice_, 32, 32))
        qtbot.waitUntil(lambda: not view.busy)
        drag(view.main, (28, 28), (36, 36))
    window.registry["stacks.interpolate"].trigger()
    assert labels.voxels.slices_of(1, 0) == list(range(4, 11))
    labels.undo()
    assert labels.voxels.slices_of(1, 0) == [4, 10]
    labels.redo()

    labels.choose(2)
    labels.take_tool(Tool.BRUSH)
    labels.set_radius(3 * view.sides[0].scale)
    drag(view.sides[0], (1, 6), (12, 6))
    assert set(np.argwhere(_all(labels.voxels) == 2)[:, 1].tolist()) == {32}
    expected = _all(labels.voxels)
    space.close_document()
    window.open(tmp_path / "ball.tif")
    qtbot.waitUntil(lambda: window.quiet and labels.ready and bool(labels.used))
    np.testing.assert_array_equal(_all(labels.voxels), expected)

    window.registry["stacks.train_on_labels"].trigger()
    space.draft.set(learning_rate=0.01)
    light.train(depth=6, epochs=4, crop_size=24)
    light.finish()
    light.predict()
    predicted = space.document.things[Role.PREDICTION].source.read()
    inside = (predicted == 1)[4:11]
    dice = 2 * (inside & ball[4:11]).sum() / (inside.sum() + ball[4:11].sum())
    assert dice > 0.6
    window.close()


def _all(voxels: object) -> np.ndarray:
    found: np.ndarray = voxels.region(tuple(slice(0, length) for length in SHAPE))  # type: ignore[attr-defined]
    return found
