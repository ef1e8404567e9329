"""The binding of Qt must not lose references: PySide6 6.12.0 under Python 3.11 does, and aborts after a while."""

import sys

from PySide6.QtCore import QObject, Signal
from pytestqt.qtbot import QtBot


class Sender(QObject):
    sent = Signal(object)


def test_emitting_drops_no_reference_to_true(qtbot: QtBot) -> None:
    sender = Sender()
    before = sys.getrefcount(True)
    for _ in range(5000):
        sender.sent.emit(True)
    assert abs(sys.getrefcount(True) - before) < 100
