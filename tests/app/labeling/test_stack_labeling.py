"""Labels drawn on the three planes of a stack in the real window: tools, interpolation, undo, files, a training."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.app.spaces import stacks_of
from wholefield.labels import VoxelLabels
from wholefield.labels.voxel_store import VoxelStore
from wholefield.sources import open_stack
from wholefield_app.document import dialogs
from wholefield_app.labeling.stack_labels import StackLabels
from wholefield_app.labeling.tools import Tool
from wholefield_app.viewer.stacks.plane_view import PlaneView
from wholefield_app.window.main_window import MainWindow
from wholefield_app.workspaces.stacks.workspace import StacksWorkspace

NONE = Qt.KeyboardModifier.NoModifier
LEFT = Qt.MouseButton.LeftButton
SHAPE = (12, 60, 80)


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    """Dark left half, bright right half."""
    voxels = np.full(SHAPE, 50, np.uint16)
    voxels[:, :, 40:] = 900
    sizes = {f"PhysicalSize{axis}": size for axis, size in zip("ZYX", (2.0, 1.0, 1.0), strict=True)}
    tifffile.imwrite(tmp_path / "halves.ome.tif", voxels, metadata={"axes": "ZYX", **sizes}, ome=True)
    return tmp_path / "halves.ome.tif"


@pytest.fixture
def space(window: MainWindow, stack: Path, open_and_wait: Callable[[Path], None]) -> StacksWorkspace:
    window.go_to("stacks")
    open_and_wait(stack)
    return stacks_of(window)


def labels_of(space: StacksWorkspace) -> StackLabels:
    return space.labeling.labels


def voxels_of(space: StacksWorkspace) -> np.ndarray:
    return labels_of(space).voxels.region(tuple(slice(0, length) for length in SHAPE))  # type: ignore[arg-type]


def at(view: PlaneView, row: float, column: float) -> QPoint:
    """The position in a plane of the middle of a voxel."""
    assert view.plane is not None
    x, y = (column + 0.5) * view.plane.column_size, (row + 0.5) * view.plane.row_size
    left, top = view.current_view.to_screen(x, y)
    return QPoint(round(left), round(top))


def drag(view: PlaneView, *voxels: tuple[float, float]) -> None:
    QTest.mousePress(view, LEFT, NONE, at(view, *voxels[0]))
    for voxel in voxels[1:]:
        QTest.mouseMove(view, at(view, *voxel))
    QTest.mouseRelease(view, LEFT, NONE, at(view, *voxels[-1]))


def take(space: StacksWorkspace, tool: Tool, name: str = "Cell") -> None:
    labels_of(space).choose(labels_of(space).classes.named(name).value)
    labels_of(space).take_tool(tool)


def go_to(space: StacksWorkspace, z: int, qtbot: QtBot) -> None:
    space.view.set_position((z, 30, 40))
    qtbot.waitUntil(lambda: not space.view.busy)


def test_without_a_tool_a_click_moves_the_planes(space: StacksWorkspace) -> None:
    QTest.mouseClick(space.view.main, LEFT, NONE, at(space.view.main, 20, 30))
    assert space.view.position == (6, 20, 30)
    assert not labels_of(space).used


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_rectangle_labels_the_slice_of_any_plane(space: StacksWorkspace, axis: int, qtbot: QtBot) -> None:
    space.view.set_axis(axis)
    qtbot.waitUntil(lambda: not space.view.busy)
    take(space, Tool.RECTANGLE)
    drag(space.view.main, (2, 3), (8, 20))
    found = np.argwhere(voxels_of(space) == 1)
    others = [each for each in range(3) if each != axis]
    index = space.view.position[axis]
    assert set(found[:, axis].tolist()) == {index}
    low, high = found.min(0)[others], found.max(0)[others]
    assert abs(low - [2, 3]).max() <= 1
    assert abs(high - [8, 20]).max() <= 1
    assert len(found) == np.prod(high - low + 1)


def test_brush_and_eraser(space: StacksWorkspace) -> None:
    labels, view = labels_of(space), space.view.main
    take(space, Tool.BRUSH)
    labels.set_radius(3 * view.scale)
    drag(view, (30, 20), (30, 60))
    plane = voxels_of(space)[6] == 1
    rows, columns = np.mgrid[:60, :80]
    distance = np.hypot(rows - 30, columns - np.clip(columns, 20, 60))
    assert plane[distance < 2.4].all()
    assert not plane[distance > 3.6].any()
    labels.take_tool(Tool.ERASER)
    drag(view, (10, 40), (50, 40))
    assert not voxels_of(space)[6, :, 39:42].any()
    labels.undo()
    np.testing.assert_array_equal(voxels_of(space)[6] == 1, plane)
    labels.undo()
    assert not labels.used


def test_the_smallest_brush_labels_the_voxel_under_it(space: StacksWorkspace) -> None:
    take(space, Tool.BRUSH)
    labels_of(space).set_radius(0)
    QTest.mouseClick(space.view.main, LEFT, NONE, at(space.view.main, 7, 9))
    assert np.argwhere(voxels_of(space)).tolist() == [[6, 7, 9]]


def test_ctrl_and_wheel_size_the_brush_and_the_wheel_alone_goes_on(space: StacksWorkspace) -> None:
    take(space, Tool.BRUSH)
    view, before = space.view.main, labels_of(space).radius
    for modifiers in (Qt.KeyboardModifier.ControlModifier, NONE):
        event = QWheelEvent(
            QPointF(50, 50), QPointF(50, 50), QPoint(0, 0), QPoint(0, 120), Qt.MouseButton.NoButton, modifiers,
            Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(view, event)
    assert labels_of(space).radius > before
    assert space.view.position[0] == 5


def test_wand_and_limits_see_the_values(space: StacksWorkspace) -> None:
    labels, view = labels_of(space), space.view.main
    take(space, Tool.WAND)
    QTest.mouseClick(view, LEFT, NONE, at(view, 30, 60))
    plane = voxels_of(space)[6]
    assert plane[:, 44:].all()
    assert not plane[:, :36].any()
    labels.undo()
    space.labels_panel.limited.setChecked(True)
    space.labels_panel.low.setValue(0)
    space.labels_panel.high.setValue(100)
    take(space, Tool.RECTANGLE)
    drag(view, (10, 20), (20, 60))
    plane = voxels_of(space)[6]
    assert plane[12:19, 22:40].all()
    assert not plane[:, 40:].any()


def test_fill_gives_what_labels_enclose(space: StacksWorkspace) -> None:
    view = space.view.main
    take(space, Tool.RECTANGLE)
    drag(view, (10, 10), (40, 50))
    labels_of(space).take_tool(Tool.ERASER)
    labels_of(space).set_radius(4 * view.scale)
    QTest.mouseClick(view, LEFT, NONE, at(view, 25, 30))
    hole = voxels_of(space)[6] == 0
    take(space, Tool.FILL, "Glass")
    QTest.mouseClick(view, LEFT, NONE, at(view, 25, 30))
    plane = voxels_of(space)[6]
    assert plane[25, 30] == 2
    assert (plane[20:30, 20:40] > 0).all()
    assert ((plane == 2) <= hole).all()
    assert not plane[0].any()


def test_slices_between_are_filled_and_undone_at_once(
    space: StacksWorkspace, window: MainWindow, qtbot: QtBot
) -> None:
    take(space, Tool.RECTANGLE)
    for z, size in ((2, 10), (8, 30)):
        go_to(space, z, qtbot)
        drag(space.view.main, (10, 10), (10 + size, 10 + size))
    action = window.registry["stacks.interpolate"]
    go_to(space, 5, qtbot)
    action.trigger()
    areas = [int((plane > 0).sum()) for plane in voxels_of(space)]
    assert areas[:2] == [0, 0]
    assert areas[9:] == [0, 0, 0]
    assert areas[2:9] == sorted(areas[2:9])
    assert areas[3] > 0
    labels_of(space).undo()
    assert labels_of(space).voxels.slices_of(1, 0) == [2, 8]
    go_to(space, 11, qtbot)
    action.trigger()
    qtbot.waitUntil(lambda: "no gap in Cell" in window.banner.sentence.text())


def test_locked_and_hidden_classes_stay(space: StacksWorkspace) -> None:
    labels, view = labels_of(space), space.view.main
    take(space, Tool.RECTANGLE)
    drag(view, (10, 10), (20, 20))
    before = labels.voxels.counts()[1]
    labels.change_class(1, locked=True)
    take(space, Tool.RECTANGLE, "Glass")
    drag(view, (5, 5), (30, 30))
    labels.take_tool(Tool.ERASER)
    drag(view, (12, 12), (18, 18))
    assert labels.voxels.counts()[1] == before


def test_the_panel_tells_voxels_and_volume(space: StacksWorkspace) -> None:
    take(space, Tool.BRUSH)
    labels_of(space).set_radius(0)
    QTest.mouseClick(space.view.main, LEFT, NONE, at(space.view.main, 7, 9))
    assert space.labels_panel.hint.text() == "Cell: 1 voxel, 2 µm³."


def test_labels_are_painted_over_the_planes(space: StacksWorkspace) -> None:
    def colors() -> list[tuple[int, ...]]:
        found: list[tuple[int, ...]] = []
        for view, place in ((space.view.main, (20, 20)), (space.view.sides[0], (6, 20))):
            color = view.grab().toImage().pixelColor(at(view, *place))
            found.append((color.red(), color.green(), color.blue()))
        return found

    space.view.set_position((6, 20, 70))
    before = colors()
    take(space, Tool.RECTANGLE)
    drag(space.view.main, (10, 10), (30, 30))
    assert all(now != then for now, then in zip(colors(), before, strict=True))
    labels_of(space).change_class(1, visible=False)
    assert colors() == before


def test_labels_are_saved_and_found_again(
    space: StacksWorkspace, stack: Path, open_and_wait: Callable[[Path], None], qtbot: QtBot
) -> None:
    take(space, Tool.RECTANGLE)
    drag(space.view.main, (10, 10), (30, 30))
    labels_of(space).save()
    path = stack.with_name("halves.ome.tif.labels.zarr")
    qtbot.waitUntil(lambda: not space.services.background.busy)
    assert VoxelStore(path).load(SHAPE)[0].counts() == labels_of(space).voxels.counts()
    drag(space.view.main, (40, 50), (45, 55))
    expected = voxels_of(space)
    space.close_document()
    assert not labels_of(space).ready
    open_and_wait(stack)
    qtbot.waitUntil(lambda: labels_of(space).ready)
    np.testing.assert_array_equal(voxels_of(space), expected)
    assert labels_of(space).classes.names == ("Cell",)
    with open_stack(path) as again:
        np.testing.assert_array_equal(again.read(), expected)


def test_what_cannot_be_saved_is_told_and_saved_later(
    space: StacksWorkspace, stack: Path, window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    take(space, Tool.RECTANGLE)
    drag(space.view.main, (10, 10), (30, 30))
    with monkeypatch.context() as patched:
        patched.setattr("wholefield_app.labeling.stack_labels.write_chunks", full)
        labels_of(space).save()
        qtbot.waitUntil(lambda: "could not be saved" in window.banner.sentence.text())
    drag(space.view.main, (40, 50), (45, 55))
    labels_of(space).save_now()
    again, _ = VoxelStore(stack.with_name("halves.ome.tif.labels.zarr")).load(SHAPE)
    assert again.counts() == labels_of(space).voxels.counts()


def test_damaged_labels_are_told_and_kept(
    window: MainWindow, stack: Path, open_and_wait: Callable[[Path], None], qtbot: QtBot
) -> None:
    folder = stack.with_name("halves.ome.tif.labels.zarr")
    folder.mkdir()
    (folder / ".zgroup").write_text("{")
    window.go_to("stacks")
    open_and_wait(stack)
    space = stacks_of(window)
    qtbot.waitUntil(lambda: "cannot be read" in window.banner.sentence.text())
    take(space, Tool.RECTANGLE)
    drag(space.view.main, (10, 10), (30, 30))
    space.close_document()
    assert [file.name for file in folder.iterdir()] == [".zgroup"]


def test_files_in_and_out(
    space: StacksWorkspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot, window: MainWindow
) -> None:
    mask = np.zeros(SHAPE, np.uint8)
    mask[3, 5:9, 5:9], mask[4, 5:9, 5:9] = 1, 4
    tifffile.imwrite(tmp_path / "mask.tif", mask, photometric="minisblack")
    take(space, Tool.RECTANGLE)
    drag(space.view.main, (10, 10), (30, 30))
    monkeypatch.setattr(dialogs, "ask_for_file", lambda *_: tmp_path / "mask.tif")
    window.registry["stacks.take_labels"].trigger()
    qtbot.waitUntil(lambda: len(labels_of(space).used) == 3)
    assert labels_of(space).classes.names == ("Cell", "Label 1", "Label 4")
    monkeypatch.setattr(dialogs, "ask_for_export", lambda *_: tmp_path / "out.nii.gz")
    window.registry["stacks.export_labels"].trigger()
    qtbot.waitUntil(lambda: (tmp_path / "out.nii.gz").exists() and not space.export.state.active)
    with open_stack(tmp_path / "out.nii.gz") as again:
        np.testing.assert_array_equal(again.read(), voxels_of(space))
        assert again.geometry.spacing == (2.0, 1.0, 1.0)
    window.registry["stacks.undo"].trigger()
    assert labels_of(space).used == {1}


def test_a_training_is_set_up(space: StacksWorkspace, stack: Path, window: MainWindow, qtbot: QtBot) -> None:
    assert not window.registry["stacks.train_on_labels"].usable
    for z in (1, 5, 9):
        go_to(space, z, qtbot)
        for name, row in (("Cell", 10), ("Glass", 40)):
            take(space, Tool.RECTANGLE, name)
            drag(space.view.main, (row, 10), (row + 10, 60))
    window.registry["stacks.train_on_labels"].trigger()
    draft = space.draft
    assert draft.task.name == "stack-segmentation"
    assert draft.value("target") == stack.with_name("halves.ome.tif.labels.zarr")
    assert (draft.value("label_values"), draft.value("ignore_label")) == ("1,2", "0")
    assert draft.value("validation_slices") == "5"


def test_two_hundred_steps_are_undone(space: StacksWorkspace) -> None:
    take(space, Tool.BRUSH)
    labels_of(space).set_radius(0)
    for number in range(200):
        QTest.mouseClick(space.view.main, LEFT, NONE, at(space.view.main, number // 70, number % 70))
    assert labels_of(space).voxels.counts() == {1: 200}
    for _ in range(200):
        labels_of(space).undo()
    assert labels_of(space).voxels.counts() == VoxelLabels(SHAPE).counts()
