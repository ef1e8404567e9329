"""The dialog of questions, as a user fills it in: the preview follows, and only what was seen can be opened."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from tests.there import a
from wholefield.sources import Kind, Reading
from wholefield_app.background import Background
from wholefield_app.opening.dialog import ReadingDialog
from wholefield_app.opening.unanswered import Unanswered, first_questions
from wholefield_app.theme.theme import Theme


@pytest.fixture
def parent(qtbot: QtBot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    made.show()
    return made


@pytest.fixture
def background(qtbot: QtBot) -> Iterator[Background]:
    made = Background()
    yield made
    made.close()


@pytest.fixture
def dialog(
    toy: Path, background: Background, theme: Theme, parent: QWidget, qtbot: QtBot
) -> Iterator[ReadingDialog]:
    asked = first_questions(toy, Kind.STACK)
    assert asked is not None
    made = ReadingDialog(asked, background, theme, parent, any_kind=True)
    made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    made.open()
    qtbot.waitUntil(lambda: not made.busy)
    yield made
    made.reject()
    qtbot.waitUntil(lambda: not background.busy)


def line_of(dialog: ReadingDialog, name: str) -> QLineEdit:
    return a(QLineEdit, dialog.fields.fields[name])


def list_of(dialog: ReadingDialog, name: str) -> QComboBox:
    return a(QComboBox, dialog.fields.fields[name])


def type_size(dialog: ReadingDialog, qtbot: QtBot, text: str) -> None:
    line = line_of(dialog, "size")
    line.clear()
    qtbot.keyClicks(line, text)
    assert not dialog.open_button.isEnabled()
    qtbot.waitUntil(lambda: not dialog.busy)


def test_the_sentence_of_refusal_stands_in_place_of_the_preview(dialog: ReadingDialog) -> None:
    assert dialog.sentence.text() == (
        "scan.toy does not say how it is to be read. Answer what follows; the preview shows what becomes of it."
    )
    assert dialog.preview.refusal.isVisible()
    assert not dialog.preview.picture.isVisible()
    assert dialog.preview.refusal.text() == "scan.toy does not say its size; give it as size=x,y,z."
    assert not dialog.open_button.isEnabled()


def test_answers_are_seen_before_they_are_taken(dialog: ReadingDialog, qtbot: QtBot) -> None:
    type_size(dialog, qtbot, "4,3,2")
    assert dialog.preview.refusal.text() == "scan.toy holds 48 voxels, not 24; give another size."
    assert not dialog.open_button.isEnabled()
    list_of(dialog, "type").setCurrentIndex(1)
    qtbot.waitUntil(dialog.open_button.isEnabled)
    assert dialog.preview.picture.isVisible()
    image = dialog.preview.picture.image
    assert image is not None
    assert (image.width(), image.height()) == (4, 3)
    facts = dialog.preview.facts.text().splitlines()
    assert facts == [
        "2 × 3 × 4 voxels (slices × rows × columns), uint16; slice 1",
        "The last slice is dark.",
        "The first slice, too.",
    ]
    with qtbot.waitSignal(dialog.chosen) as chosen:
        dialog.open_button.click()
    path, kind, reading = chosen.args or []
    assert (path.name, kind, reading) == (
        "scan.toy",
        Kind.STACK,
        Reading({"size": "4,3,2", "type": "uint16"}),
    )


def test_questions_that_come_up_are_asked_and_answers_stay(dialog: ReadingDialog, qtbot: QtBot) -> None:
    type_size(dialog, qtbot, "4,3,2")
    assert list(dialog.fields.fields) == ["size", "type"]
    list_of(dialog, "type").setCurrentIndex(1)
    qtbot.waitUntil(lambda: "invert" in dialog.fields.fields)
    assert line_of(dialog, "size").text() == "4,3,2"
    list_of(dialog, "invert").setCurrentIndex(1)
    qtbot.waitUntil(lambda: dialog.reading.get("invert") == "yes" and dialog.open_button.isEnabled())
    list_of(dialog, "type").setCurrentIndex(0)
    qtbot.waitUntil(lambda: "invert" not in dialog.fields.fields)
    assert dialog.reading == Reading({"size": "4,3,2"})


def test_the_keyboard_is_enough(dialog: ReadingDialog, qtbot: QtBot) -> None:
    line = line_of(dialog, "size")
    line.setFocus()
    assert dialog.fields.help.text() == "Voxels along x, y and z, such as 4,3,2."
    type_size(dialog, qtbot, "4,3,2")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert dialog.isVisible()
    qtbot.keyClick(list_of(dialog, "type"), Qt.Key.Key_Down)
    qtbot.waitUntil(dialog.open_button.isEnabled)
    with qtbot.waitSignal(dialog.chosen):
        qtbot.keyClick(line_of(dialog, "size"), Qt.Key.Key_Return)
    assert not dialog.isVisible()


def test_a_file_is_opened_as_another_kind(dialog: ReadingDialog, qtbot: QtBot) -> None:
    dialog.kind.setCurrentIndex(dialog.kind.findData(Kind.IMAGE))
    assert not dialog.open_button.isEnabled()
    qtbot.waitUntil(lambda: not dialog.busy)
    assert "a stack (Toy), not a slide or picture" in dialog.preview.refusal.text()
    assert list(dialog.fields.fields) == []


def test_what_was_answered_before_is_shown(
    toy: Path, background: Background, theme: Theme, parent: QWidget, qtbot: QtBot
) -> None:
    reading = Reading({"size": "2,3,4", "type": "uint16"})
    made = ReadingDialog(Unanswered(toy, Kind.STACK, "Again.", reading=reading), background, theme, parent)
    made.open()
    qtbot.waitUntil(made.open_button.isEnabled)
    assert made.reading == reading
    made.reject()
    qtbot.waitUntil(lambda: not background.busy)


@pytest.mark.parametrize("name", ["size", "type"])
def test_fields_have_names_and_help(dialog: ReadingDialog, name: str) -> None:
    field = dialog.fields.fields[name]
    assert field.accessibleName()
    assert field.toolTip().endswith(".")
