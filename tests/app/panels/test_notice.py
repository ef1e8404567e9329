from pytestqt.qtbot import QtBot

from wholefield_app.panels.notice import Notice
from wholefield_app.theme.theme import Theme, ThemeName, load_theme


def test_it_is_there_while_there_is_something_to_say(qtbot: QtBot, theme: Theme) -> None:
    notice = Notice(theme)
    qtbot.addWidget(notice)
    notice.show_sentences(["The gantry was tilted.", "The slices lie unevenly."])
    assert notice.isVisible()
    assert notice.text.text() == "The gantry was tilted.\nThe slices lie unevenly."
    notice.use_theme(load_theme(ThemeName.LIGHT))
    notice.dismiss.click()
    assert not notice.isVisible()
    notice.show_sentences([])
    assert not notice.isVisible()
