import pytest
from PySide6.QtGui import QAction, QIcon, QPixmap
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from wholefield_app.actions.button import ActionButton


@pytest.fixture
def parent(qtbot: QtBot) -> QWidget:
    widget = QWidget()
    qtbot.addWidget(widget)
    widget.show()
    return widget


def test_a_button_follows_and_triggers_its_action(parent: QWidget) -> None:
    action = QAction("&Open a slide…", parent)
    runs: list[bool] = []
    action.triggered.connect(lambda: runs.append(True))
    button = ActionButton(action, parent=parent)
    assert button.text() == "Open a slide"
    button.click()
    action.setEnabled(False)
    assert not button.isEnabled()
    button.click()
    action.setText("Close")
    assert button.text() == "Close"
    assert runs == [True]


def test_a_button_can_be_there_only_while_it_is_of_use(parent: QWidget) -> None:
    action = QAction("Pause", parent)
    button = ActionButton(action, only_when_enabled=True, parent=parent)
    assert button.isVisible()
    action.setEnabled(False)
    assert not button.isVisible()
    action.setEnabled(True)
    assert button.isVisible()


def test_its_text_has_room_beside_an_icon(parent: QWidget) -> None:
    pixmap = QPixmap(16, 16)
    pixmap.fill()
    action = QAction(QIcon(pixmap), "Open a folder…", parent)
    button = ActionButton(action, parent=parent)
    button.resize(button.sizeHint())
    assert button.icon().availableSizes()
    assert button._room(button.size()) >= button.fontMetrics().horizontalAdvance("Open a folder")
    assert button.minimumSizeHint().width() <= button.sizeHint().width()
