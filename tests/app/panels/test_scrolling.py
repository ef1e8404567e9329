"""A scrolling area is never narrower than what is in it."""

from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from wholefield_app.panels.scrolling import scrolling


def test_it_scrolls_up_and_down_but_cuts_nothing_off_at_the_side(qtbot: QtBot) -> None:
    inner = QWidget()
    column = QVBoxLayout(inner)
    # No buttons, whose height a theme decides.
    for width in (50, 400):
        piece = QWidget()
        piece.setMinimumSize(width, 300)
        column.addWidget(piece)
    area = scrolling(inner)
    qtbot.addWidget(area)
    holder = QWidget()
    qtbot.addWidget(holder)
    QVBoxLayout(holder).addWidget(area)
    holder.resize(10, 200)
    holder.show()
    qtbot.waitUntil(lambda: area.height() < inner.height())
    assert area.viewport().width() >= inner.minimumSizeHint().width()
    assert area.verticalScrollBar().isVisible()
