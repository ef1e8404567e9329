"""How the window shares its room: the image has most of it, empty panels are folded, nothing forces it wider."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PySide6.QtCore import QEvent, QPointF, QSettings, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QDockWidget, QMainWindow, QToolButton
from pytestqt.qtbot import QtBot

from tests.app.viewer.events.memory_recording import HEIGHT, WIDTH, make_events
from tests.there import a
from wholefield.export.events import write_events_hdf5
from wholefield.runs.reports import EpochDone, Started, StepDone
from wholefield_app.launch import make_window
from wholefield_app.window.docks import LEFT, SIDES
from wholefield_app.window.main_window import MainWindow
from wholefield_app.workspaces.slides.workspace import SlidesWorkspace

SHARE = 0.45
WORKSPACES = ("slides", "stacks", "events")


@pytest.fixture
def documents(tmp_path: Path, make_slide: Callable[..., Path]) -> dict[str, Path]:
    """A document for each workspace, in a folder with a long name."""
    folder = tmp_path / ("a_folder_with_a_name_that_is_long_" * 3)
    folder.mkdir()
    slide, stack, recording = folder / "slide.tif", folder / "stack.tif", folder / "recording.h5"
    make_slide("slide.tif").rename(slide)
    tifffile.imwrite(stack, np.zeros((6, 32, 32), np.float32), photometric="minisblack")
    write_events_hdf5(recording, [make_events()], WIDTH, HEIGHT)
    return dict(zip(WORKSPACES, (slide, stack, recording), strict=True))


@pytest.fixture(params=WORKSPACES)
def opened(
    request: pytest.FixtureRequest, window: MainWindow, documents: dict[str, Path], qtbot: QtBot
) -> MainWindow:
    """The window with a document open."""
    window.go_to(request.param)
    window.workspace.open(documents[request.param])
    qtbot.waitUntil(lambda: window.quiet and bool(window.workspace.title), timeout=20_000)
    return window


def share(window: MainWindow) -> float:
    """The view's share of the window."""
    view = window.workspace.central
    return view.width() * view.height() / (window.width() * window.height())


@pytest.mark.parametrize("size", [(1280, 720), (1600, 1000), (1920, 1080)])
def test_the_image_has_most_of_the_window(opened: MainWindow, qtbot: QtBot, size: tuple[int, int]) -> None:
    opened.resize(*size)
    QApplication.processEvents()
    assert (opened.width(), opened.height()) == size
    assert share(opened) >= SHARE


def test_no_panel_forces_the_window_wider(opened: MainWindow) -> None:
    for panel in opened.docks.by_id.values():
        panel.show()
    opened.status.setText(
        "A sentence about what is going on that is far longer than any window is wide. " * 4
    )
    opened.resize(1024, 700)
    QApplication.processEvents()
    assert (opened.width(), opened.height()) == (1024, 700)
    assert opened.minimumSizeHint().width() <= 1024


def test_a_panel_unfolds_when_it_has_something_to_show(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    curves = window.docks.by_id["slides.curves"]
    training = window.docks.by_id["slides.training"]
    assert not curves.isVisible()
    report = a(SlidesWorkspace, window.workspace).curves_panel.add
    report([Started("classify", tmp_path, 2, 1), StepDone(1, 2, 1, 1, 0.6)])
    qtbot.waitUntil(curves.isVisible)
    qtbot.waitUntil(lambda: curves.height() > 150)
    assert training.height() > 150
    report([Started("classify", tmp_path, 2, 1)])
    qtbot.waitUntil(lambda: not curves.isVisible())


def test_what_is_below_the_image_gives_way_in_a_low_window(window: MainWindow, qtbot: QtBot) -> None:
    window.go_to("stacks")
    preview = window.docks.by_id["stacks.preview"]
    window.resize(1600, 1000)
    preview.toggleViewAction().trigger()
    QApplication.processEvents()
    high = preview.height()
    window.resize(1280, 720)
    qtbot.waitUntil(lambda: preview.height() < high)
    assert window.workspace.central.height() > 2 * preview.height()


def test_what_the_user_closed_stays_closed(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    curves, panel = window.docks.by_id["slides.curves"], a(SlidesWorkspace, window.workspace).curves_panel
    panel.add([StepDone(1, 2, 1, 1, 0.6)])
    qtbot.waitUntil(curves.isVisible)
    curves.close()
    with qtbot.waitSignal(panel.content_changed):
        panel.add([StepDone(2, 2, 1, 1, 0.5), EpochDone(1, {"validation_loss": 0.5}, 2)])
    assert not curves.isVisible()


def test_what_the_user_opened_stays_open(window: MainWindow) -> None:
    curves = window.docks.by_id["slides.curves"]
    switch = next(
        button for button in window.statusBar().findChildren(QToolButton) if button.text() == "Curves"
    )
    switch.click()
    assert curves.isVisible()
    window.docks.fold()
    assert curves.isVisible()
    switch.click()
    assert not curves.isVisible()
    window.reset_layout()
    assert window.docks.chosen == {}
    assert not curves.isVisible()


def test_a_side_follows_the_window_until_it_is_dragged(window: MainWindow) -> None:
    def left() -> int:
        return window.docks.by_id["slides.list"].width()

    _, least, greatest = SIDES[LEFT]
    window.resize(1280, 720)
    QApplication.processEvents()
    narrow = left()
    window.resize(1900, 900)
    QApplication.processEvents()
    assert least <= narrow < left() == greatest
    drag_left_edge(window.room, 60)
    dragged = left()
    assert dragged > greatest + 20
    window.resize(1700, 900)
    QApplication.processEvents()
    assert left() == dragged


def drag_left_edge(room: QMainWindow, by: int) -> None:
    """Drag the edge between the panels on the left and the view."""
    edge = next(dock for dock in room.findChildren(QDockWidget) if dock.objectName() == "slides.list")
    begin = QPointF(edge.geometry().right() + 3, edge.geometry().center().y())
    for kind, at, buttons in (
        (QEvent.Type.MouseButtonPress, begin, Qt.MouseButton.LeftButton),
        (QEvent.Type.MouseMove, begin + QPointF(by, 0), Qt.MouseButton.LeftButton),
        (QEvent.Type.MouseButtonRelease, begin + QPointF(by, 0), Qt.MouseButton.NoButton),
    ):
        button = Qt.MouseButton.NoButton if kind is QEvent.Type.MouseMove else Qt.MouseButton.LeftButton
        event = QMouseEvent(kind, at, room.mapToGlobal(at), button, buttons, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(room, event)
        QApplication.processEvents()


@pytest.fixture
def again(qapp: QApplication, store: QSettings, qtbot: QtBot) -> Iterator[Callable[[], MainWindow]]:
    """Opens the window as the next start does."""
    made: list[MainWindow] = []

    def open_again() -> MainWindow:
        window = make_window(qapp, None, QSettings(store.fileName(), QSettings.Format.IniFormat))
        # The screen of the tests is too small for the size that was remembered.
        window.resize(1600, 900)
        window.show()
        qtbot.waitExposed(window)
        QApplication.processEvents()
        made.append(window)
        return window

    yield open_again
    for window in made:
        window.close()
        window.deleteLater()


def test_dragged_sides_and_chosen_panels_are_there_again(
    window: MainWindow, again: Callable[[], MainWindow]
) -> None:
    window.resize(1600, 900)
    QApplication.processEvents()
    drag_left_edge(window.room, 60)
    width = window.docks.by_id["slides.list"].width()
    window.docks.by_id["slides.curves"].toggleViewAction().trigger()
    window.close()
    second = again()
    assert second.docks.by_id["slides.list"].width() == width
    assert second.docks.by_id["slides.curves"].isVisible()
