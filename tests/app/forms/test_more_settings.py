"""Settings that are seldom changed stay folded away until they are asked for, and are in sight then."""

from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from tests.there import there
from wholefield_app.forms.more_settings import MoreSettings
from wholefield_app.panels.scrolling import scrolling


def test_what_is_unfolded_comes_into_sight(qtbot: QtBot) -> None:
    form, more = QWidget(), MoreSettings()
    column, rows = QVBoxLayout(form), QVBoxLayout(more.section)
    above = QLabel()
    above.setMinimumHeight(500)
    column.addWidget(above)
    column.addWidget(more)
    column.addWidget(more.section)
    for _ in range(20):
        rows.addWidget(QPushButton("a row"))
    area = scrolling(form)
    qtbot.addWidget(area)
    area.resize(300, 200)
    area.show()
    assert not more.section.isVisible()
    more.click()
    assert more.section.isVisible()
    first = there(there(rows.itemAt(0)).widget())
    qtbot.waitUntil(lambda: not first.visibleRegion().isEmpty())
    more.click()
    assert not more.section.isVisible()


def test_it_needs_nothing_that_scrolls(qtbot: QtBot, qapp: QApplication) -> None:
    holder, more = QWidget(), MoreSettings()
    column = QVBoxLayout(holder)
    column.addWidget(more)
    column.addWidget(more.section)
    qtbot.addWidget(holder)
    holder.show()
    more.click()
    qapp.processEvents()
    assert more.section.isVisible()
