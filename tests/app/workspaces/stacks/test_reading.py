"""How a file is read is asked once, kept for the session, and handed to what is started from the window."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QComboBox, QLineEdit
from pytestqt.qtbot import QtBot

from tests.app.opening.toys import toy, toy_format
from tests.app.workspaces.stacks.conftest import MakeStack
from tests.there import a, there
from wholefield.sources import Reading
from wholefield.tasks.stacks.noise2inverse_settings import Noise2InverseSettings
from wholefield_app.document import dialogs
from wholefield_app.document.document import Role
from wholefield_app.document.handlers import properties_command
from wholefield_app.opening.dialog import ReadingDialog
from wholefield_app.panels.properties import Properties
from wholefield_app.window.main_window import MainWindow
from wholefield_app.workspaces.stacks.draft import NOISE2INVERSE
from wholefield_app.workspaces.stacks.workspace import StacksWorkspace

__all__ = ["toy", "toy_format"]


@pytest.fixture
def answer(window: MainWindow, qtbot: QtBot) -> Callable[..., None]:
    """Waits for the dialog, fills it in, and opens the file."""

    def do(size: str, kind: str) -> None:
        qtbot.waitUntil(lambda: window.findChild(ReadingDialog) is not None)
        dialog = there(window.findChild(ReadingDialog))
        qtbot.waitUntil(lambda: not dialog.busy)
        line = a(QLineEdit, dialog.fields.fields["size"])
        line.clear()
        qtbot.keyClicks(line, size)
        field = a(QComboBox, dialog.fields.fields["type"])
        field.setCurrentIndex(field.findData(kind))
        qtbot.waitUntil(dialog.open_button.isEnabled)
        dialog.open_button.click()
        qtbot.waitUntil(lambda: window.quiet and window.findChild(ReadingDialog) is None)

    return do


def test_a_file_that_does_not_say_enough_is_asked_about_once(
    window: MainWindow, toy: Path, answer: Callable[..., None], qtbot: QtBot
) -> None:
    window.open(toy)
    answer("4,3,2", "uint16")
    space = a(StacksWorkspace, window.workspace)
    assert there(space.document.input).source.shape == (2, 3, 4)
    assert space.draft.value("reading") == "size=4,3,2; type=uint16"
    assert "'--reading=size=4,3,2; type=uint16'" in there(space.export_command())
    assert properties_command(space) == f"wholefield info {toy} '--reading=size=4,3,2; type=uint16'"
    # Other files are not read like it.
    space.draft.use_task(NOISE2INVERSE)
    space.draft.set(reconstructions=f"{toy};{toy}")
    settings = a(Noise2InverseSettings, space.draft.settings())
    assert settings.reconstructions_reading is None
    space.close_document()
    window.open(toy)
    qtbot.waitUntil(lambda: space.document.input is not None and window.quiet)
    assert window.findChild(ReadingDialog) is None


def test_the_open_file_is_read_in_another_way(
    window: MainWindow, toy: Path, answer: Callable[..., None]
) -> None:
    window.open(toy)
    answer("4,3,2", "uint16")
    window.registry["stacks.read_anew"].trigger()
    answer("4,2,3", "uint16")
    space = a(StacksWorkspace, window.workspace)
    assert there(space.document.input).source.shape == (3, 2, 4)
    assert space.document.reading == Reading({"size": "4,2,3", "type": "uint16"})


def test_cancelling_leaves_open_what_is_open(
    window: MainWindow, toy: Path, answer: Callable[..., None], qtbot: QtBot
) -> None:
    window.open(toy)
    answer("4,3,2", "uint16")
    window.registry["stacks.read_anew"].trigger()
    dialog = there(window.findChild(ReadingDialog))
    qtbot.waitUntil(lambda: not dialog.busy)
    dialog.reject()
    qtbot.waitUntil(lambda: window.findChild(ReadingDialog) is None and window.quiet)
    assert there(a(StacksWorkspace, window.workspace).document.input).source.shape == (2, 3, 4)


def test_any_file_is_opened_as_what_the_user_says(
    window: MainWindow, toy: Path, answer: Callable[..., None], monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    monkeypatch.setattr(dialogs, "ask_for_file", lambda *_: toy)
    window.go_to("slides")
    window.registry["slides.open_as"].trigger()
    dialog = there(window.findChild(ReadingDialog))
    qtbot.waitUntil(lambda: not dialog.busy)
    assert not dialog.open_button.isEnabled()
    dialog.kind.setCurrentIndex(1)
    qtbot.waitUntil(lambda: "type" in dialog.fields.fields)
    answer("4,3,2", "uint16")
    space = a(StacksWorkspace, window.workspace)
    assert there(space.document.input).source.shape == (2, 3, 4)
    assert window.services.settings.recent_in("stacks") == (toy,)


def test_a_file_that_cannot_be_opened_is_opened_as_something_else(
    window: MainWindow, toy: Path, answer: Callable[..., None], qtbot: QtBot
) -> None:
    window.go_to("slides")
    window.workspace.open(toy)
    qtbot.waitUntil(window.banner.isVisible)
    window.banner.another_way.click()
    assert not window.banner.isVisible()
    dialog = there(window.findChild(ReadingDialog))
    dialog.kind.setCurrentIndex(1)
    qtbot.waitUntil(lambda: "type" in dialog.fields.fields)
    answer("4,3,2", "uint16")
    assert there(a(StacksWorkspace, window.workspace).document.input).source.shape == (2, 3, 4)
    window.open(toy.with_name("missing.toy"))
    qtbot.waitUntil(window.banner.isVisible)
    assert not window.banner.another_way.isVisible()


def test_a_target_is_asked_about_too_and_keeps_its_own_reading(
    window: MainWindow, toy: Path, answer: Callable[..., None]
) -> None:
    window.open(toy)
    answer("4,3,2", "uint16")
    other = toy.with_name("labels.toy")
    other.write_bytes(toy.read_bytes()[:24])
    space = a(StacksWorkspace, window.workspace)
    space.document.open(other, Role.TARGET)
    answer("4,3,2", "uint8")
    assert space.draft.value("reading") == "size=4,3,2; type=uint16"
    assert space.draft.value("target_reading") == "size=4,3,2"


def properties_of(window: MainWindow) -> Properties:
    window.registry["stacks.properties"].trigger()
    return there(window.findChild(Properties))


def test_a_spacing_that_the_file_does_not_have_is_typed(
    window: MainWindow, space: StacksWorkspace, tmp_path: Path, open_stack: Callable[..., None], qtbot: QtBot
) -> None:
    path = tmp_path / "scan.npy"
    np.save(path, np.zeros((4, 20, 30), np.uint8))
    open_stack(path)
    open_stack(path, Role.TARGET)
    space.view.set_position((3, 10, 20))
    assert there(space.view.scene).micrometers(0) is None
    dialog = properties_of(window)
    qtbot.keyClicks(dialog.spacing, "2, 0.5, 0.5 um")
    dialog.apply.click()
    qtbot.waitUntil(lambda: there(space.document.input).source.geometry.spacing is not None and window.quiet)
    assert there(space.document.input).source.geometry.spacing == (2.0, 0.5, 0.5)
    assert there(space.view.scene).micrometers(0) == 0.5
    assert space.view.position == (3, 10, 20)
    assert Role.TARGET in space.document.things
    assert space.draft.value("reading") == "spacing=2, 0.5, 0.5 um"
    again = properties_of(window)
    assert again.spacing.text() == "2, 0.5, 0.5 um"
    again.spacing.setText("rather small")
    again.apply.click()
    qtbot.waitUntil(window.banner.isVisible)
    assert "rather small" in window.banner.sentence.text()
    assert there(space.document.input).source.geometry.spacing == (2.0, 0.5, 0.5)


def test_a_spacing_of_the_file_is_not_typed_over(
    window: MainWindow, make_stack: MakeStack, open_stack: Callable[..., None]
) -> None:
    open_stack(make_stack("a.tif"))
    dialog = properties_of(window)
    assert not dialog.spacing.isVisible()
    dialog.close()
