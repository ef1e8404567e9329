"""Several workspaces in one window: each with its actions, panels, readouts, layout and runs."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QSettings, Qt
from PySide6.QtWidgets import QApplication, QMenu, QToolBar
from pytestqt.qtbot import QtBot

from tests.app.window.tiny import TINY, TinyWorkspace
from tests.there import a, there
from wholefield.runs.control import Control
from wholefield_app.settings import Settings
from wholefield_app.theme.manager import ThemeManager
from wholefield_app.window.closing import ClosingQuestion
from wholefield_app.window.main_window import MainWindow
from wholefield_app.window.routing import workspace_for
from wholefield_app.workspaces import ENTRIES as ALL, SLIDES, STACKS
from wholefield_app.workspaces.slides.workspace import SlidesWorkspace

ENTRIES = (SLIDES, TINY)

MakeWindow = Callable[[], MainWindow]


@pytest.fixture
def make(qapp: QApplication, qtbot: QtBot, themes: ThemeManager, store: QSettings) -> Iterator[MakeWindow]:
    """Makes windows with two workspaces on the same settings."""
    made: list[MainWindow] = []

    def do() -> MainWindow:
        window = MainWindow(Settings(store), themes, ENTRIES)
        window.enter()
        window.show()
        qtbot.waitExposed(window)
        made.append(window)
        return window

    TinyWorkspace.made = 0
    yield do
    for window in made:
        for session in window.sessions:
            session.discard()
            session.wait()
        window.close()
        window.deleteLater()
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def two(make: MakeWindow) -> MainWindow:
    return make()


def in_menus(window: MainWindow) -> set[str]:
    menus = [entry.menu() for entry in window.menuBar().actions()]
    return {action.objectName() for menu in menus for action in a(QMenu, menu).actions()}


def on_tool_bar(window: MainWindow) -> set[str]:
    return {action.objectName() for action in there(window.findChild(QToolBar, "tools")).actions()}


def run_until_told(report: object, control: Control) -> None:
    while True:
        control.poll()


def test_a_workspace_is_built_on_the_first_visit_and_kept(two: MainWindow) -> None:
    assert TinyWorkspace.made == 0
    two.registry["view.tiny"].trigger()
    tiny = two.workspace
    two.registry["view.slides"].trigger()
    assert isinstance(two.workspace, SlidesWorkspace)
    two.registry["view.tiny"].trigger()
    assert two.workspace is tiny
    assert TinyWorkspace.made == 1
    assert two.registry["view.tiny"].isChecked()
    assert not two.registry["view.slides"].isChecked()


def test_menus_tool_bar_finder_panels_and_readouts_are_those_of_the_workspace_in_sight(
    two: MainWindow,
) -> None:
    assert "slides.open" in in_menus(two) & on_tool_bar(two)
    two.go_to("tiny")
    assert "tiny.open_demo" in in_menus(two) & on_tool_bar(two)
    assert not any(name.startswith("slides.") for name in in_menus(two) | on_tool_bar(two))
    assert {bound.scope for bound in two.registry} == {"tiny", ""}
    tiny = a(TinyWorkspace, two.workspace)
    assert tiny.panel.isVisible()
    assert tiny.readout.isVisible()
    two.go_to("slides")
    assert not tiny.panel.isVisible()
    assert not tiny.readout.isVisible()
    assert not any(name.startswith("tiny.") for name in in_menus(two) | on_tool_bar(two))
    assert "slides.open" in in_menus(two) & on_tool_bar(two)


def test_a_key_does_what_it_means_in_the_workspace_in_sight(two: MainWindow, qtbot: QtBot) -> None:
    two.go_to("tiny")
    tiny = a(TinyWorkspace, two.workspace)
    two.activateWindow()
    qtbot.keyClick(two, Qt.Key.Key_F5)
    assert tiny.demos == 1
    two.go_to("slides")
    two.registry["slides.start"].setEnabled(False)
    qtbot.keyClick(two, Qt.Key.Key_F5)
    assert tiny.demos == 1


def test_layout_and_workspace_are_there_again_at_the_next_start(make: MakeWindow) -> None:
    first = make()
    first.docks.by_id["slides.list"].close()
    first.go_to("tiny")
    first.docks.by_id["tiny.panel"].close()
    first.close()
    second = make()
    assert isinstance(second.workspace, TinyWorkspace)
    assert second.docks.by_id["tiny.panel"].isHidden()
    second.go_to("slides")
    assert second.docks.by_id["slides.list"].isHidden()
    second.reset_layout()
    assert not second.docks.by_id["slides.list"].isHidden()


def test_a_floating_panel_goes_with_its_workspace(two: MainWindow) -> None:
    dock = two.docks.by_id["slides.list"]
    dock.setFloating(True)
    two.go_to("tiny")
    assert not dock.isVisible()
    two.go_to("slides")
    assert dock.isVisible()
    dock.setFloating(False)


def test_a_path_is_opened_where_it_belongs(
    two: MainWindow, qtbot: QtBot, tmp_path: Path, make_slide: Callable[..., Path]
) -> None:
    stack = tmp_path / "a.nrrd"
    stack.write_bytes(b"NRRD0004\n")
    two.open(stack)
    qtbot.waitUntil(lambda: two.windowTitle() == "a.nrrd — Wholefield")
    a(TinyWorkspace, two.workspace)
    two.open(make_slide("b.tif"))
    qtbot.waitUntil(lambda: two.windowTitle() == "b.tif — Wholefield")
    assert isinstance(two.workspace, SlidesWorkspace)
    settings = two.services.settings
    assert settings.recent_in("tiny") == (stack,)
    assert [path.name for path in settings.recent_in("slides")] == ["b.tif"]


def test_what_a_dialog_chose_goes_where_it_belongs(two: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    stack = tmp_path / "a.nrrd"
    stack.write_bytes(b"NRRD0004\n")
    two.workspace.path_chosen.emit(stack)
    qtbot.waitUntil(lambda: isinstance(two.workspace, TinyWorkspace))
    assert a(TinyWorkspace, two.workspace).path == stack


def test_claims_and_memory_come_before_the_kind(tmp_path: Path, make_slide: Callable[..., Path]) -> None:
    slide, claimed, gone = make_slide("a.tif"), tmp_path / "a.tiny", tmp_path / "gone"
    claimed.write_bytes(b"\x89PNG\r\n\x1a\n")
    (tmp_path / "slides").mkdir()
    assert workspace_for(slide, ENTRIES) == "slides"
    assert workspace_for(slide, ENTRIES, "tiny") == "tiny"
    assert workspace_for(slide, ENTRIES, "a workspace of a later version") == "slides"
    assert workspace_for(claimed, ENTRIES) == "tiny"
    assert workspace_for(tmp_path, ENTRIES) == "slides"
    assert workspace_for(gone, ENTRIES, "tiny") is None


def test_a_single_slice_can_be_opened_as_a_stack(make_slide: Callable[..., Path]) -> None:
    slide = make_slide("a.tif")
    assert workspace_for(slide, ALL) == "slides"
    assert workspace_for(slide, ALL, asking=STACKS) == "stacks"
    assert workspace_for(slide, ALL, "stacks", SLIDES) == "slides"


def test_what_goes_on_elsewhere_is_told_too(two: MainWindow) -> None:
    two.workspace.status_changed.emit("Training: running")
    assert two.status.text() == "Training: running"
    two.go_to("tiny")
    assert two.status.text() == "Slides: Training: running"
    two.go_to("slides")
    two.workspace.status_changed.emit("")
    assert two.status.text() == "Ready"


def test_closing_asks_once_for_the_runs_of_all_workspaces(two: MainWindow, qtbot: QtBot) -> None:
    a(SlidesWorkspace, two.workspace).training.start(run_until_told)
    two.go_to("tiny")
    tiny = a(TinyWorkspace, two.workspace)
    tiny.session.start(run_until_told)
    two.close()
    assert two.isVisible()
    assert len(two.findChildren(ClosingQuestion)) == 1
    there(two.findChild(ClosingQuestion)).discard_button.click()
    qtbot.waitUntil(lambda: not two.isVisible())
    assert not any(session.state.active for session in two.sessions)
    assert tiny.closed
