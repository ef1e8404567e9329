from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from wholefield.runs.settings import PathKind
from wholefield_app.forms.path_field import PathField


@pytest.fixture
def field(qtbot: QtBot) -> PathField:
    made = PathField(PathKind.FILE, "Label file", (".csv",))
    qtbot.addWidget(made)
    return made


def test_empty_means_no_path(field: PathField) -> None:
    assert field.path is None
    field.line.setText("  ")
    assert field.path is None


def test_paths_are_set_typed_and_told(field: PathField, qtbot: QtBot) -> None:
    with qtbot.waitSignal(field.changed):
        field.set_path(Path("/data/labels.csv"))
    assert field.path == Path("/data/labels.csv")
    field.line.setText("~/labels.csv")
    assert field.path == Path.home() / "labels.csv"
    field.set_path(None)
    assert field.path is None


@pytest.mark.parametrize(
    "text",
    [
        '"/data/my labels.csv"',
        "'/data/my labels.csv'",
        "file:///data/my%20labels.csv",
        " /data/my labels.csv\n",
    ],
)
@pytest.mark.parametrize("plain", [False, True])
def test_paths_are_taken_as_file_managers_copy_them(qtbot: QtBot, text: str, plain: bool) -> None:
    field = PathField(PathKind.FILE, "Weights", text=plain)
    qtbot.addWidget(field)
    field.line.setText(text)
    assert field.read() == ("/data/my labels.csv" if plain else Path("/data/my labels.csv"))


@pytest.mark.parametrize("answer", ["/data/a.csv", ""])
def test_the_dialog_fills_the_field_unless_it_is_cancelled(
    field: PathField, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    field.set_path(Path("/old.csv"))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (answer, ""))
    field.button.click()
    assert field.path == Path(answer or "/old.csv")


def test_a_folder_field_asks_for_a_folder(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    field = PathField(PathKind.FOLDER, "Folder of slides")
    qtbot.addWidget(field)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "/data")
    field.button.click()
    assert field.path == Path("/data")


def test_a_dropped_file_becomes_the_path(field: PathField, tmp_path: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path))])
    drop = QDropEvent(
        QPointF(1, 1),
        Qt.DropAction.CopyAction,
        mime,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    field.line.dropEvent(drop)
    assert field.path == tmp_path
