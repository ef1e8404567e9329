"""The window with the properties of a file: rows, small pictures, and a line for a spacing that the file has not."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from tests.there import there
from wholefield_app.panels.properties import Properties
from wholefield_app.theme.theme import Theme


@pytest.fixture
def parent(qtbot: QtBot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    return made


def test_it_shows_names_and_values(parent: QWidget, theme: Theme) -> None:
    dialog = Properties("a.tif", [("Format", "TIFF"), ("Warning", "One slice is dark.")], theme, parent)
    dialog.show()
    rows = [there(dialog.table.topLevelItem(row)) for row in range(2)]
    assert [(row.text(0), row.text(1)) for row in rows] == [
        ("Format", "TIFF"),
        ("Warning", "One slice is dark."),
    ]
    assert not dialog.pictures.isVisible()
    assert not dialog.spacing.isVisible()
    dialog.close()


def test_small_pictures_stand_above(parent: QWidget, theme: Theme) -> None:
    dialog = Properties("a.svs", [], theme, parent)
    dialog.show()
    red = QImage(20, 10, QImage.Format.Format_RGB32)
    red.fill(QColor("red"))
    dialog.show_pictures([("Label", red), ("Macro", red)])
    assert dialog.pictures.isVisible()
    assert dialog.pictures.accessibleName() == "Pictures in the file: Label, Macro"
    shown = dialog.pictures.grab().toImage()
    left = shown.pixelColor(shown.width() // 4, shown.height() // 2)
    assert (left.red(), left.green()) == (255, 0)
    dialog.close()


def test_a_spacing_is_typed_with_the_keyboard(parent: QWidget, theme: Theme, qtbot: QtBot) -> None:
    dialog = Properties("a.npy", [], theme, parent)
    dialog.ask_for_spacing("")
    dialog.show()
    typed: list[str] = []
    dialog.spacing_typed.connect(typed.append)
    qtbot.keyClick(dialog.spacing, Qt.Key.Key_Return)
    assert (typed, dialog.isVisible()) == ([], True)
    qtbot.keyClicks(dialog.spacing, "2, 0.5, 0.5 um")
    qtbot.keyClick(dialog.spacing, Qt.Key.Key_Return)
    assert (typed, dialog.isVisible()) == (["2, 0.5, 0.5 um"], False)
