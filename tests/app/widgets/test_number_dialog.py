"""A number that is asked for: refused until it has one reading."""

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QDialog
from pytestqt.qtbot import QtBot

from wholefield_app.widgets.number_boxes import RealBox
from wholefield_app.widgets.number_dialog import NumberDialog, ask_for_number


def test_what_has_two_readings_does_not_close_the_dialog(qtbot: QtBot) -> None:
    box = RealBox(decimals=3, maximum=100_000, value=20)
    dialog = NumberDialog("Span", "How long?", box)
    qtbot.addWidget(dialog)
    dialog.show()
    box.lineEdit().setText("1,000")
    dialog.accept()
    assert dialog.isVisible()
    assert "can be read as 1 or as 1000" in box.problem
    box.lineEdit().setText("0,5")
    dialog.accept()
    assert not dialog.isVisible()
    assert (dialog.result(), box.value()) == (QDialog.DialogCode.Accepted, 0.5)


def test_asking(qtbot: QtBot) -> None:
    def answer(method: str) -> None:
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, NumberDialog)
        getattr(dialog, method)()

    for method, expected in (("accept", 20.0), ("reject", None)):
        QTimer.singleShot(0, lambda method=method: answer(method))
        assert ask_for_number(None, "Span", "How long?", RealBox(maximum=100, value=20)) == expected
