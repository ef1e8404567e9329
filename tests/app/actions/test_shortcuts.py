from pytestqt.qtbot import QtBot

from tests.there import there
from wholefield_app.actions.shortcuts import ShortcutHelp
from wholefield_app.window.main_window import MainWindow


def test_every_shortcut_is_listed(window: MainWindow, qtbot: QtBot) -> None:
    window.registry["help.shortcuts"].trigger()
    help_window = there(window.findChild(ShortcutHelp))
    rows: dict[str, str] = {}
    for index in range(help_window.list.topLevelItemCount()):
        section = there(help_window.list.topLevelItem(index))
        for item in (there(section.child(row)) for row in range(section.childCount())):
            rows[item.text(0)] = item.text(1)
    for bound in window.registry:
        if bound.definition.shortcut:
            assert rows[bound.definition.plain_title] == bound.shortcut().toString()
    help_window.close()
