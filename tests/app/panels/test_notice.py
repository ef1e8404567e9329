from pytestqt.qtbot import QtBot

from wholefield_app.panels.notice import Notice
from wholefield_app.theme.theme import Theme, ThemeName, load_theme


def test_it_is_there_while_there_is_something_to_say(qtbot: QtBot, theme: Theme) -> None:
    notice = Notice(theme)
    qtbot.addWidget(notice)
    notice.show_sentences(["The gantry was tilted.", "The slices lie unevenly."])
    assert notice.isVisible()
    assert notice.text.text() == "The gantry was tilted."
    notice.use_theme(load_theme(ThemeName.LIGHT))
    notice.dismiss.click()
    assert not notice.isVisible()
    notice.show_sentences([])
    assert not notice.isVisible()


def test_the_first_sentence_stands_for_all_until_all_are_wanted(qtbot: QtBot, theme: Theme) -> None:
    notice = Notice(theme)
    qtbot.addWidget(notice)
    notice.show_sentences(["The gantry was tilted.", "The slices lie unevenly.", "Two slices were left out."])
    assert notice.more.text() == "2 more"
    assert notice.more.toolTip() == "The slices lie unevenly.\nTwo slices were left out."
    assert "Two slices" in notice.accessibleName()
    notice.more.click()
    assert notice.text.text().splitlines() == list(notice.sentences)
    assert not notice.more.isVisible()
    notice.show_sentences(["The gantry was tilted."])
    assert not notice.more.isVisible()
