from pytestqt.qtbot import QtBot

from wholefield_app.actions.shortcuts import ShortcutHelp
from wholefield_app.window.main_window import MainWindow


def test_every_shortcut_is_listed(window: MainWindow, qtbot: QtBot) -> None:
    window.registry["help.shortcuts"].trigger()
    help_window = window.findChild(ShortcutHelp)
    rows = {}
    for index in range(help_window.list.topLevelItemCount()):
        section = help_window.list.topLevelItem(index)
        rows |= {section.child(n).text(0): section.child(n).text(1) for n in range(section.childCount())}
    for bound in window.registry:
        if bound.definition.shortcut:
            assert rows[bound.definition.plain_title] == bound.shortcut().toString()
    help_window.close()
