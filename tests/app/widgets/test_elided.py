"""Texts longer than their place keep both ends, and paths the name of the file."""

import pytest
from PySide6.QtGui import QFont, QFontMetrics
from pytestqt.qtbot import QtBot

from wholefield_app.widgets.elided import ElidedLabel, ElidedLine, elided

PATH = "/data/a long folder/with another inside/of a project/slide_of_a_patient.tif"


@pytest.mark.parametrize("width", [300, 180, 80])
def test_what_is_left_fits_and_has_both_ends(qtbot: QtBot, width: int) -> None:
    font = QFont()
    shown = elided(PATH, font, width)
    assert QFontMetrics(font).horizontalAdvance(shown) <= width
    assert "…" in shown
    assert shown.endswith("tif")


def test_a_path_keeps_its_name_and_its_beginning(qtbot: QtBot) -> None:
    font = QFont()
    shown = elided(PATH, font, QFontMetrics(font).horizontalAdvance(PATH) // 2)
    assert shown.endswith("/slide_of_a_patient.tif")
    assert shown.startswith("/data")
    assert elided(PATH, font, 10_000) == PATH


def test_a_label_never_makes_its_panel_wider_and_tells_the_whole(qtbot: QtBot) -> None:
    label = ElidedLabel(PATH)
    qtbot.addWidget(label)
    label.resize(120, 20)
    label.show()
    assert label.minimumSizeHint().width() < 40
    assert label.shown != PATH
    assert label.text() == label.toolTip() == PATH
    label.setText("short")
    assert (label.shown, label.toolTip()) == ("short", "")
    assert not label.grab().isNull()


def test_a_line_is_whole_while_it_is_edited(qtbot: QtBot) -> None:
    line = ElidedLine()
    qtbot.addWidget(line)
    line.resize(160, 26)
    line.setText(PATH)
    line.show()
    assert line.shown.endswith(".tif")
    assert "…" in line.shown
    assert line.toolTip() == line.text() == PATH
    resting = line.grab().toImage()
    line.setText(PATH + "f")
    line.setText(PATH)
    assert line.grab().toImage() == resting
    line.activateWindow()
    line.setFocus()
    qtbot.waitUntil(line.hasFocus)
    assert line.grab().toImage() != resting
