"""Every way a file is opened comes to its picture: dialogs with a preview or a refusal, properties, warnings, times."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from tests.e2e.opening_scenes import OPENING_SCENES
from tests.there import a
from wholefield_app.opening.dialog import ReadingDialog
from wholefield_app.window.main_window import MainWindow

REFUSED = {"ask_text_refused", "ask_kind"}
WITH_DATA = {"ask_kind", "properties_slide", "warnings"}
NAMES = [pytest.param(name, marks=pytest.mark.data if name in WITH_DATA else ()) for name in OPENING_SCENES]


@pytest.mark.e2e
@pytest.mark.parametrize("name", NAMES)
def test_a_scene(
    window: MainWindow, qtbot: QtBot, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    dialog = OPENING_SCENES[name](window, lambda condition: qtbot.waitUntil(condition, timeout=60_000))
    qtbot.waitUntil(lambda: window.quiet)
    assert not window.banner.isVisible(), window.banner.sentence.text()
    if name.startswith("ask"):
        asked = a(ReadingDialog, dialog)
        assert asked.open_button.isEnabled() == (name not in REFUSED), asked.preview.refusal.text()
        assert asked.preview.refusal.isVisible() == (name in REFUSED)
    else:
        assert (dialog is not None) == name.startswith("properties")
        assert space_is_open(window)
    if isinstance(dialog, QWidget):
        dialog.close()
    qtbot.waitUntil(lambda: window.quiet)


def space_is_open(window: MainWindow) -> bool:
    return bool(window.workspace.title)
