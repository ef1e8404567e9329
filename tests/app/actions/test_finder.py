from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from tests.there import there
from wholefield_app.actions import Action, Menu
from wholefield_app.actions.finder import ACTION, find_actions
from wholefield_app.window.main_window import MainWindow


def make(title: str, about: str, menu: Menu = Menu.VIEW) -> Action:
    return Action(title, title, menu, lambda: None, "grid", about)


@pytest.mark.parametrize(
    ("words", "titles"),
    [
        ("", ["Zoom in", "Tile grid", "Start training"]),
        ("zoom", ["Zoom in"]),
        ("GRID tile", ["Tile grid"]),
        ("slide", ["Zoom in", "Tile grid"]),
        ("t", ["Start training", "Tile grid", "Zoom in"]),
        ("run", ["Start training"]),
        ("nothing like this", []),
    ],
)
def test_every_word_must_be_found_and_titles_come_first(words: str, titles: list[str]) -> None:
    actions = [
        make("Zoom in", "Magnify the slide."),
        make("Tile grid", "Draw tiles over the slide."),
        make("Start training", "Train.", Menu.RUN),
    ]
    found = [action.title for action in find_actions(words, actions)]
    assert sorted(found) == sorted(titles)
    if words == "t":
        assert found[-1] == "Zoom in"


def test_type_and_press_enter(window: MainWindow, qtbot: QtBot) -> None:
    window.registry["help.find"].trigger()
    assert window.finder.isVisible()
    qtbot.keyClicks(window.finder.search, "light theme")
    qtbot.keyClick(window.finder.search, Qt.Key.Key_Return)
    assert not window.finder.isVisible()
    assert window.services.themes.name.value == "light"


def test_arrows_walk_round_the_list(window: MainWindow, qtbot: QtBot) -> None:
    finder = window.finder
    finder.appear()
    count = finder.list.topLevelItemCount()
    assert count == sum(bound.isVisible() for bound in window.registry)
    qtbot.keyClick(finder.search, Qt.Key.Key_Up)
    assert finder.list.indexOfTopLevelItem(there(finder.list.currentItem())) == count - 1
    qtbot.keyClick(finder.search, Qt.Key.Key_Down)
    assert finder.list.indexOfTopLevelItem(there(finder.list.currentItem())) == 0
    finder.hide()


def test_what_cannot_be_used_now_does_not_run(window: MainWindow, qtbot: QtBot) -> None:
    finder = window.finder
    finder.appear()
    qtbot.keyClicks(finder.search, "discard")
    assert there(finder.list.currentItem()).data(0, ACTION) == "slides.discard"
    qtbot.keyClick(finder.search, Qt.Key.Key_Return)
    assert finder.isVisible()
    finder.hide()


def test_the_command_line_of_an_action_is_copied(
    window: MainWindow, qtbot: QtBot, open_and_wait: Callable[[Path], None], make_slide: Callable[..., Path]
) -> None:
    slide = make_slide("a slide.tif")
    open_and_wait(slide)
    window.finder.appear()
    qtbot.keyClicks(window.finder.search, "properties")
    qtbot.keyClick(window.finder.search, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == f"wholefield info '{slide}'"
    window.finder.hide()
