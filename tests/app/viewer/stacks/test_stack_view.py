"""The stack view with the mouse, as a user moves it."""

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.app.viewer.stacks.memory_stack import MemoryStack, numbered
from tests.there import there
from wholefield.sources.stacks.geometry import StackGeometry
from wholefield_app.background import Background
from wholefield_app.problems import Problem
from wholefield_app.theme.theme import Theme
from wholefield_app.viewer.levels import Levels
from wholefield_app.viewer.stacks.plane_images import PlaneLook, gray
from wholefield_app.viewer.stacks.plane_view import Compare, PlaneView
from wholefield_app.viewer.stacks.stack_scene import StackScene, VoxelReadout
from wholefield_app.viewer.stacks.stack_view import StackView, value_text

SHOWN = gray(Levels(0, 500))


@pytest.fixture
def view(qtbot: QtBot, theme: Theme) -> Iterator[StackView]:
    background = Background()
    made = StackView(background, theme)
    qtbot.addWidget(made)
    made.resize(900, 600)
    made.show()
    yield made
    made.shutdown()
    background.close()


@pytest.fixture
def opened(view: StackView, qtbot: QtBot) -> StackView:
    view.set_scene(StackScene(PlaneLook(MemoryStack(numbered()), SHOWN), captions=("a", "")))
    qtbot.waitUntil(lambda: not view.busy)
    return view


def place_of(view: PlaneView, row: int, column: int) -> QPoint:
    """Where the middle of a voxel lies in the widget."""
    return QPointF(*view.current_view.to_screen(*there(view.plane).middle_of(row, column))).toPoint()


def turn(view: PlaneView, notches: int, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    middle = QPointF(view.rect().center())
    QApplication.sendEvent(
        view,
        QWheelEvent(
            middle, QPointF(view.mapToGlobal(middle)), QPoint(), QPoint(0, 120 * notches), Qt.MouseButton.NoButton,
            keys, Qt.ScrollPhase.NoScrollPhase, False,
        ),
    )  # fmt: skip


def test_it_begins_in_the_middle_of_all_axes(opened: StackView) -> None:
    assert opened.position == (2, 3, 4)
    assert opened.bar.number.value() == 2
    assert [bar.number.value() for bar in opened.side_bars] == [3, 4]


def test_a_click_moves_the_other_planes(opened: StackView, qtbot: QtBot) -> None:
    qtbot.mouseClick(opened.main, Qt.MouseButton.LeftButton, pos=place_of(opened.main, 1, 8))
    assert opened.position == (2, 1, 8)
    qtbot.mouseClick(opened.sides[0], Qt.MouseButton.LeftButton, pos=place_of(opened.sides[0], 4, 0))
    assert opened.position == (4, 1, 0)
    assert opened.bar.slider.value() == 4
    qtbot.waitUntil(lambda: not opened.busy)


def test_wheel_slider_and_number_walk_through_the_slices(opened: StackView, qtbot: QtBot) -> None:
    turn(opened.main, -1)
    assert opened.position[0] == 3
    turn(opened.main, -9)
    assert opened.position[0] == 4
    turn(opened.sides[1], 1)
    assert opened.position == (4, 3, 3)
    opened.bar.slider.setValue(0)
    opened.side_bars[0].number.setValue(6)
    assert opened.position == (0, 6, 3)
    before = opened.main.scale
    turn(opened.main, -1, Qt.KeyboardModifier.ControlModifier)
    assert opened.main.scale < before
    assert opened.position == (0, 6, 3)
    qtbot.waitUntil(lambda: not opened.busy)


def test_the_value_under_the_mouse_is_that_of_the_stack(opened: StackView, qtbot: QtBot) -> None:
    told: list[VoxelReadout] = []
    opened.hovered.connect(told.append)
    qtbot.mouseMove(opened.main, place_of(opened.main, 5, 7))
    assert (told[-1].position, told[-1].values) == ((2, 5, 7), ("257",))
    qtbot.mouseMove(opened.sides[1], place_of(opened.sides[1], 3, 6))
    assert (told[-1].position, told[-1].values) == ((3, 6, 4), ("364",))


def test_another_axis_changes_places(opened: StackView, qtbot: QtBot) -> None:
    opened.set_axis(1)
    qtbot.waitUntil(lambda: not opened.busy)
    main, side = there(opened.main.plane), there(opened.sides[0].plane)
    assert (main.rows, main.columns) == (5, 9)
    assert (side.rows, side.columns) == (7, 9)
    qtbot.mouseClick(opened.main, Qt.MouseButton.LeftButton, pos=place_of(opened.main, 0, 0))
    assert opened.position == (0, 3, 0)
    qtbot.waitUntil(lambda: not opened.busy)


def test_dragging_with_the_right_button_changes_the_levels(opened: StackView, qtbot: QtBot) -> None:
    drags = []
    opened.levels_dragged.connect(lambda dx, dy: drags.append((dx, dy)))
    qtbot.mousePress(opened.main, Qt.MouseButton.RightButton, pos=QPoint(100, 100))
    qtbot.mouseMove(opened.main, QPoint(130, 90))
    qtbot.mouseRelease(opened.main, Qt.MouseButton.RightButton, pos=QPoint(130, 90))
    qtbot.mouseMove(opened.main, QPoint(200, 200))
    assert drags == [(30.0, -10.0)]


def test_the_levels_decide_about_the_shades(opened: StackView, qtbot: QtBot) -> None:
    def shade() -> int:
        at = place_of(opened.main, 0, 0)
        return opened.main.grab().toImage().pixelColor(at).red()

    assert shade() == pytest.approx(200 / 500 * 255, abs=2)
    source = there(opened.scene).look.source
    opened.set_scene(StackScene(PlaneLook(source, gray(Levels(0, 250)))))
    qtbot.waitUntil(lambda: not opened.busy)
    assert shade() == pytest.approx(200 / 250 * 255, abs=2)


def test_two_stacks_beside_over_and_behind_a_handle(opened: StackView, qtbot: QtBot) -> None:
    source = there(opened.scene).look.source
    white = MemoryStack(np.full(source.shape, 500, np.uint16))
    scene = StackScene(PlaneLook(source, SHOWN), PlaneLook(white, SHOWN), ("a", "b"))
    opened.set_scene(scene)
    opened.set_compare(Compare.BESIDE, 0.5)
    qtbot.waitUntil(lambda: not opened.busy)
    assert opened.twin.isVisible()
    opened.set_compare(Compare.SWIPE, 0.5)
    assert not opened.twin.isVisible()
    opened.main.set_crosshair(None)
    qtbot.waitUntil(lambda: opened.main.width() > 500 and opened.main.height() > 400)

    def shade(column: int) -> int:
        at = place_of(opened.main, 6, column)
        return opened.main.grab().toImage().pixelColor(at).red()

    assert shade(0) < 250
    assert shade(8) == 255
    handle = QPoint(round(opened.main.swipe_x), 300)
    qtbot.mousePress(opened.main, Qt.MouseButton.LeftButton, pos=handle)
    qtbot.mouseMove(opened.main, QPoint(2, 300))
    qtbot.mouseRelease(opened.main, Qt.MouseButton.LeftButton, pos=QPoint(2, 300))
    assert opened.main.swipe < 0.05
    assert shade(1) == 255
    opened.set_compare(Compare.OVER, 0.5)
    assert shade(0) == pytest.approx((260 / 500 * 255 + 255) / 2, abs=3)
    told: list[VoxelReadout] = []
    opened.hovered.connect(told.append)
    qtbot.mouseMove(opened.main, place_of(opened.main, 0, 1))
    assert told[-1].values == ("201", "500")


def test_voxels_are_drawn_true_to_their_spacing(view: StackView, qtbot: QtBot) -> None:
    geometry = StackGeometry((3.0, 1.0, 1.0), "mm")
    view.set_scene(StackScene(PlaneLook(MemoryStack(numbered(), geometry), SHOWN)))
    qtbot.waitUntil(lambda: not view.busy)
    side = view.sides[0]
    assert there(side.plane).height == 15
    top, below = place_of(side, 0, 0), place_of(side, 1, 0)
    right = place_of(side, 0, 1)
    assert below.y() - top.y() == pytest.approx(3 * (right.x() - top.x()), abs=2)
    assert there(view.scene).micrometers(1) == 1000.0


def test_playing_goes_round_and_stops(opened: StackView, qtbot: QtBot) -> None:
    seen = set()
    opened.moved.connect(lambda: seen.add(opened.position[0]))
    opened.toggle_playing()
    qtbot.waitUntil(lambda: seen == set(range(5)), timeout=10_000)
    opened.toggle_playing()
    assert not opened.bar.playing
    qtbot.waitUntil(lambda: not opened.busy)


def test_a_damaged_stack_is_told_once_for_each_plane(view: StackView, qtbot: QtBot) -> None:
    source = MemoryStack(numbered())
    source.broken = True
    told: list[Problem] = []
    view.problem.connect(told.append)
    view.set_scene(StackScene(PlaneLook(source, SHOWN)))
    qtbot.waitUntil(lambda: len(told) == 3)
    assert told[0].sentence == "memory.tif is damaged; copy it again."


@pytest.mark.parametrize(
    ("value", "text"),
    [(np.uint8(7), "7"), (np.float32(0.123456), "0.12346"), (np.array([1, 2, 3], np.uint8), "(1, 2, 3)")],
)
def test_values_in_words(value: object, text: str) -> None:
    assert value_text(value) == text


def test_a_single_slice_is_a_stack_too(view: StackView, qtbot: QtBot) -> None:
    """Its side views are thinner than a pixel."""
    view.set_scene(StackScene(PlaneLook(MemoryStack(numbered(1, 900, 4000)), SHOWN)))
    qtbot.waitUntil(lambda: not view.busy)
    for side in view.sides:
        assert side.grab().toImage().height() == side.height()


@pytest.mark.parametrize(("size", "below"), [((1400, 500), False), ((500, 900), True)])
def test_two_stacks_stand_where_they_are_largest(
    opened: StackView, qtbot: QtBot, size: tuple[int, int], below: bool
) -> None:
    scene = opened.scene
    assert scene is not None
    other = StackScene(scene.look, PlaneLook(MemoryStack(numbered()), SHOWN), captions=("a", "b"))
    opened.set_scene(other)
    opened.set_compare(Compare.BESIDE, 0.5)
    opened.resize(*size)
    qtbot.waitUntil(lambda: (opened.twin.y() > opened.main.y()) is below)
    assert opened.twin.isVisible()
    assert (opened.twin.x() > opened.main.x()) is not below
