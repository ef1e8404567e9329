"""The window is drawn first; then the workspace is loaded and the file of the command line opened."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QSettings
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from wholefield_app.first_steps import FirstSteps
from wholefield_app.launch import make_frame, parse
from wholefield_app.window.main_window import MainWindow


@pytest.fixture
def frame(qapp: QApplication, qtbot: QtBot, store: QSettings) -> Iterator[MainWindow]:
    """A window without a workspace, not yet shown."""
    palette, sheet = qapp.palette(), qapp.styleSheet()
    made = make_frame(qapp, None, store)
    yield made
    made.close()
    made.deleteLater()
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    qapp.setPalette(palette)
    qapp.setStyleSheet(sheet)


def test_the_file_is_opened_once_the_window_is_drawn(
    frame: MainWindow, qtbot: QtBot, make_slide: Callable[..., Path]
) -> None:
    frame.services.settings.workspace = "stacks"
    steps = FirstSteps(frame, parse([str(make_slide("a.tif")), "--workspace", "slides"]))
    scopes: list[str] = []
    steps.painted.connect(lambda: scopes.append(frame.registry.scope))
    assert not frame.quiet
    frame.show()
    qtbot.waitUntil(lambda: frame.windowTitle() == "a.tif — Wholefield")
    assert scopes == [""]
    assert frame.workspace.name == "slides"
    qtbot.waitUntil(lambda: frame.quiet)


def test_a_picture_is_a_stack_in_the_workspace_that_was_asked_for(
    frame: MainWindow, qtbot: QtBot, make_slide: Callable[..., Path]
) -> None:
    _steps = FirstSteps(frame, parse([str(make_slide("a.tif")), "--workspace", "stacks"]))
    frame.show()
    qtbot.waitUntil(lambda: frame.windowTitle() == "a.tif — Wholefield")
    assert frame.workspace.name == "stacks"
    qtbot.waitUntil(lambda: frame.quiet)


def test_the_workspace_of_the_last_start_comes_first(frame: MainWindow) -> None:
    frame.services.settings.workspace = "a workspace of a later version"
    frame.enter()
    assert frame.workspace.name == "slides"
    frame.go_to("events")
    assert frame.services.settings.workspace == "events"
    frame.enter()
    assert frame.workspace.name == "events"


def test_a_window_can_be_closed_before_its_workspace_is_there(frame: MainWindow) -> None:
    frame.show()
    frame.close()
    assert not frame.isVisible()
