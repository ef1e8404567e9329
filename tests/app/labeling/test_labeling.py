"""Labels drawn with mouse and keys in the real window: every tool, undo, classes, files, and a training set up."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.app.spaces import slides_of
from tests.there import there
from wholefield.labels import read_geojson
from wholefield_app.document import dialogs
from wholefield_app.labeling.panel import KEY, LOCK, NAME
from wholefield_app.labeling.slide_labels import SlideLabels
from wholefield_app.labeling.tools import Tool
from wholefield_app.window.main_window import MainWindow
from wholefield_app.workspaces.slides.workspace import SlidesWorkspace

NONE = Qt.KeyboardModifier.NoModifier
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def slide(tmp_path: Path) -> Path:
    """Dark left half, bright right half, 400 x 300."""
    pixels = np.full((300, 400, 3), 60, np.uint8)
    pixels[:, 200:] = 220
    tifffile.imwrite(tmp_path / "halves.tif", pixels, tile=(64, 64))
    return tmp_path / "halves.tif"


@pytest.fixture
def space(window: MainWindow, slide: Path, open_and_wait: Callable[[Path], None]) -> SlidesWorkspace:
    open_and_wait(slide)
    return slides_of(window)


def labels_of(space: SlidesWorkspace) -> SlideLabels:
    return space.labeling.labels


def at(space: SlidesWorkspace, x: float, y: float) -> QPoint:
    """The position in the view of a position on the slide."""
    left, top = space.view._view.to_screen(x, y)
    return QPoint(round(left), round(top))


def drag(space: SlidesWorkspace, *points: tuple[float, float], modifiers: Qt.KeyboardModifier = NONE) -> None:
    view = space.view
    QTest.mousePress(view, LEFT, modifiers, at(space, *points[0]))
    for point in points[1:]:
        QTest.mouseMove(view, at(space, *point))
    QTest.mouseRelease(view, LEFT, modifiers, at(space, *points[-1]))


def take(space: SlidesWorkspace, tool: Tool, name: str = "Cell") -> None:
    labels_of(space).choose(labels_of(space).classes.named(name).value)
    labels_of(space).take_tool(tool)


def area(space: SlidesWorkspace, value: int = 1) -> float:
    return labels_of(space).annotations.areas().get(value, 0.0)


def test_without_a_tool_a_drag_moves_the_slide(space: SlidesWorkspace) -> None:
    before = space.view.visible_rect()
    drag(space, (200, 150), (150, 150))
    assert space.view.visible_rect() != before
    assert not len(labels_of(space).annotations)


@pytest.mark.parametrize(
    ("tool", "expected"),
    [(Tool.RECTANGLE, 100 * 80), (Tool.ELLIPSE, np.pi * 50 * 40), (Tool.FREEHAND, 100 * 80 / 2)],
)
def test_shapes_that_a_drag_spans(space: SlidesWorkspace, tool: Tool, expected: float) -> None:
    take(space, tool)
    corners = [(50.0, 50.0), (150.0, 130.0)]
    drag(space, *(corners if tool.boxed else [(50, 50), (150, 50), (150, 130)]))
    assert area(space) == pytest.approx(expected, rel=0.05)


def test_with_shift_a_square(space: SlidesWorkspace) -> None:
    take(space, Tool.RECTANGLE)
    drag(space, (50, 50), (150, 90), modifiers=Qt.KeyboardModifier.ShiftModifier)
    assert area(space) == pytest.approx(100 * 100, rel=0.05)


def test_brush_eraser_and_undo(space: SlidesWorkspace) -> None:
    labels = labels_of(space)
    take(space, Tool.BRUSH)
    labels.set_radius(10)
    radius = 10 / space.view.scale
    drag(space, (100, 100), (200, 100))
    painted = area(space)
    assert painted == pytest.approx(100 * 2 * radius + np.pi * radius**2, rel=0.05)
    drag(space, (150, 80), (150, 120))
    assert len(labels.annotations) == 1
    labels.take_tool(Tool.ERASER)
    drag(space, (150, 20), (150, 200))
    assert len(labels.annotations) == 1
    assert area(space) < painted
    for _ in range(2):
        labels.undo()
    assert area(space) == pytest.approx(painted)
    labels.redo()
    assert area(space) > painted


def test_a_polygon_ends_with_a_double_click(space: SlidesWorkspace) -> None:
    take(space, Tool.POLYGON)
    for point in ((50, 50), (150, 50), (150, 130), (60, 250)):
        QTest.mouseClick(space.view, LEFT, NONE, at(space, *point))
    QTest.keyClick(space.view, Qt.Key.Key_Backspace)
    QTest.mouseDClick(space.view, LEFT, NONE, at(space, 150, 130))
    assert area(space) == pytest.approx(100 * 80 / 2, rel=0.05)
    QTest.mouseClick(space.view, LEFT, NONE, at(space, 10, 10))
    QTest.keyClick(space.view, Qt.Key.Key_Escape)
    assert space.labeling.hand.points == []


def test_the_wand_labels_what_looks_alike(space: SlidesWorkspace, qtbot: QtBot) -> None:
    take(space, Tool.WAND)
    QTest.mouseClick(space.view, LEFT, NONE, at(space, 300, 150))
    qtbot.waitUntil(lambda: area(space) > 0)
    assert area(space) == pytest.approx(200 * 300, rel=0.05)


def test_shapes_are_selected_moved_given_a_class_and_deleted(space: SlidesWorkspace) -> None:
    labels = labels_of(space)
    take(space, Tool.RECTANGLE)
    drag(space, (50, 50), (150, 130))
    other = labels.classes.named("Glass")
    labels.take_tool(Tool.SELECT)
    drag(space, (100, 90), (150, 90))
    (shape,) = labels.annotations
    assert shape.geometry.bounds == pytest.approx((100, 50, 200, 130), abs=2)
    QTest.keyClick(space.view, Qt.Key.Key_2)
    assert area(space, other.value) == pytest.approx(8000, rel=0.05)
    QTest.keyClick(space.view, Qt.Key.Key_Delete)
    assert not len(labels.annotations)
    QTest.mouseClick(space.view, LEFT, NONE, at(space, 10, 10))
    assert labels.selected is None


def test_nothing_is_drawn_beside_the_slide(space: SlidesWorkspace) -> None:
    take(space, Tool.RECTANGLE)
    drag(space, (-60, 10), (40, 110))
    assert area(space) == pytest.approx(40 * 100, rel=0.06)


def test_the_wheel_with_ctrl_changes_the_brush(space: SlidesWorkspace) -> None:
    take(space, Tool.BRUSH)
    hand, before = space.labeling.hand, labels_of(space).radius
    assert hand.wheel(1, Qt.KeyboardModifier.ControlModifier)
    assert labels_of(space).radius > before
    assert not hand.wheel(1, NONE)
    QTest.keyClick(space.view, Qt.Key.Key_BracketLeft)
    assert labels_of(space).radius == pytest.approx(before)


def test_digits_choose_classes_while_a_tool_is_in_hand(space: SlidesWorkspace) -> None:
    take(space, Tool.BRUSH)
    labels_of(space).classes.named("Glass")
    QTest.keyClick(space.view, Qt.Key.Key_2)
    assert labels_of(space).current == 2
    labels_of(space).take_tool(Tool.MOVE)
    QTest.keyClick(space.view, Qt.Key.Key_1)
    assert space.view.scale == 1
    assert labels_of(space).current == 2


def test_the_panel_changes_classes(space: SlidesWorkspace) -> None:
    panel, labels = space.labels_panel, labels_of(space)
    panel.add.click()
    panel.add.click()
    take(space, Tool.RECTANGLE, "Class 1")
    drag(space, (50, 50), (150, 130))
    table = panel.table
    assert [there(table.item(0, column)).text() for column in (NAME, KEY)] == ["Class 1", "1"]
    assert panel.hint.text().startswith("Class 1: 1 shape, ")
    assert panel.hint.text().endswith(" px.")
    assert there(table.item(1, NAME)).toolTip() == "Class 2: 0 shapes, 0 px"
    labels.spacing = (0.5, 0.5)
    labels.changed.emit()
    assert panel.hint.text().endswith("µm².")
    there(table.item(0, NAME)).setText("Cell")
    there(table.item(0, LOCK)).setCheckState(Qt.CheckState.Checked)
    there(table.item(1, NAME)).setCheckState(Qt.CheckState.Unchecked)
    assert labels.classes[1].name == "Cell"
    assert labels.locked == {1}
    assert labels.hidden == {2}
    labels.take_tool(Tool.ERASER)
    drag(space, (40, 90), (160, 90))
    assert area(space) == pytest.approx(8000, rel=0.05)
    table.setCurrentCell(1, NAME)
    panel.remove.click()
    assert labels.classes.names == ("Cell",)


def test_a_name_that_is_taken_is_refused(window: MainWindow, space: SlidesWorkspace) -> None:
    panel = space.labels_panel
    panel.add.click()
    panel.add.click()
    there(panel.table.item(1, NAME)).setText("Class 1")
    assert there(panel.table.item(1, NAME)).text() == "Class 2"


def test_labels_are_saved_and_found_again(
    space: SlidesWorkspace, slide: Path, open_and_wait: Callable[[Path], None], qtbot: QtBot
) -> None:
    take(space, Tool.RECTANGLE)
    drag(space, (50, 50), (150, 130))
    labels_of(space).save()
    path = slide.with_name("halves.tif.labels.geojson")
    qtbot.waitUntil(path.exists)
    assert [shape.value for shape in read_geojson(path).shapes] == [1]
    drag(space, (200, 50), (250, 130))
    space.close_document()
    assert not len(labels_of(space).annotations)
    open_and_wait(slide)
    qtbot.waitUntil(lambda: labels_of(space).ready)
    assert labels_of(space).annotations.counts() == {1: 2}
    assert labels_of(space).classes.names == ("Cell",)


def test_damaged_labels_are_told_and_kept(
    window: MainWindow, slide: Path, open_and_wait: Callable[[Path], None], qtbot: QtBot
) -> None:
    path = slide.with_name("halves.tif.labels.geojson")
    path.write_text("{")
    open_and_wait(slide)
    space = slides_of(window)
    qtbot.waitUntil(lambda: "damaged or not GeoJSON" in window.banner.sentence.text())
    take(space, Tool.RECTANGLE)
    drag(space, (50, 50), (150, 130))
    space.close_document()
    assert path.read_text() == "{"


def test_files_in_and_out(
    space: SlidesWorkspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot, window: MainWindow
) -> None:
    take(space, Tool.RECTANGLE)
    drag(space, (50, 50), (150, 130))
    path = tmp_path / "out.geojson"
    monkeypatch.setattr(dialogs, "ask_for_export", lambda *_: path)
    monkeypatch.setattr(dialogs, "ask_for_file", lambda *_: path)
    window.registry["slides.export_labels"].trigger()
    qtbot.waitUntil(path.exists)
    window.registry["slides.take_labels"].trigger()
    qtbot.waitUntil(lambda: labels_of(space).annotations.counts() == {1: 2})
    window.registry["slides.undo"].trigger()
    assert labels_of(space).annotations.counts() == {1: 1}


def test_a_training_is_set_up(space: SlidesWorkspace, slide: Path, window: MainWindow, qtbot: QtBot) -> None:
    assert not window.registry["slides.train_on_labels"].usable
    for name, row in (("Cell", 50), ("Glass", 150)):
        take(space, Tool.RECTANGLE, name)
        for left in (20, 300):
            drag(space, (left, row), (left + 60, row + 40))
    window.registry["slides.train_on_labels"].trigger()
    table = slide.with_name("halves.tif.training.csv")
    qtbot.waitUntil(lambda: space.draft.value("masks") == table)
    assert space.draft.task.name == "segment"
    assert space.draft.value("slides") == slide.parent


def test_labels_are_painted_over_the_slide(space: SlidesWorkspace) -> None:
    def color() -> tuple[int, ...]:
        shown = space.view.grab_view().pixelColor(at(space, 100, 90))
        return shown.red(), shown.green(), shown.blue()

    before = color()
    take(space, Tool.RECTANGLE)
    drag(space, (50, 50), (150, 130))
    painted = color()
    assert painted != before
    labels_of(space).change_class(1, visible=False)
    assert color() == before


def test_a_deleted_class_comes_back_with_its_shapes(space: SlidesWorkspace) -> None:
    labels = labels_of(space)
    take(space, Tool.RECTANGLE)
    drag(space, (50, 50), (150, 130))
    before = list(labels.classes)
    space.labels_panel.remove.click()
    assert labels.current == 0
    labels.add_class("Glass")
    assert labels.classes.names == ("Glass",)
    for _ in range(3):
        labels.undo()
    assert list(labels.classes) == before
    assert labels.annotations.counts() == {1: 1}
    assert labels.current == 1
    for _ in range(3):
        labels.redo()
    assert labels.classes.names == ("Glass",)
    assert not len(labels.annotations)


def test_hidden_and_locked_labels_stay(space: SlidesWorkspace) -> None:
    labels = labels_of(space)
    take(space, Tool.RECTANGLE)
    drag(space, (50, 50), (150, 130))
    labels.change_class(1, visible=False)
    take(space, Tool.RECTANGLE, "Glass")
    drag(space, (100, 50), (200, 130))
    assert area(space) == pytest.approx(8000, rel=0.05)
    assert area(space, 2) == pytest.approx(4000, rel=0.05)
    labels.change_class(1, visible=True, locked=True)
    labels.take_tool(Tool.SELECT)
    drag(space, (75, 90), (95, 90))
    labels.choose(2)
    labels.remove_selected()
    assert area(space) == pytest.approx(8000, rel=0.05)


def test_an_older_state_never_replaces_a_newer_one(space: SlidesWorkspace, slide: Path) -> None:
    labels, path = labels_of(space), slide.with_name("halves.tif.labels.geojson")
    take(space, Tool.RECTANGLE)
    drag(space, (50, 50), (150, 130))
    old = (path, labels._edits, tuple(labels.annotations), labels.classes)
    drag(space, (200, 50), (250, 130))
    labels.save_now()
    labels._writer.write(*old)
    assert len(read_geojson(path).shapes) == 2


def test_a_save_that_was_never_begun_is_made_when_the_slide_closes(
    space: SlidesWorkspace, slide: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(space, Tool.RECTANGLE)
    drag(space, (50, 50), (150, 130))
    with monkeypatch.context() as patched:
        patched.setattr(space.services.background, "run", lambda *_, **__: None)
        labels_of(space).save()
    space.close_document()
    assert len(read_geojson(slide.with_name("halves.tif.labels.geojson")).shapes) == 1
