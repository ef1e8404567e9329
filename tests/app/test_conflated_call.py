"""Of wishes that come too fast the newest is kept, and every answer is told."""

import threading
from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from wholefield_app.background import Background
from wholefield_app.calls import ConflatedCall
from wholefield_app.problems import Problem


@pytest.fixture
def background(qapp: QApplication) -> Iterator[Background]:
    made = Background(1)
    yield made
    made.close()


def test_answers_that_were_overtaken_are_told_and_wishes_in_between_are_not_begun(
    background: Background, qtbot: QtBot
) -> None:
    gate = threading.Event()
    asked: list[int] = []

    def work(number: int) -> int:
        asked.append(number)
        assert gate.wait(300)
        return 10 * number

    newest = ConflatedCall(background, work)
    answers: list[int] = []
    newest.answered.connect(answers.append)
    for number in (1, 2, 3):
        newest.ask(number)
    assert newest.busy
    gate.set()
    qtbot.waitUntil(lambda: not newest.busy)
    assert answers == [10, 30]
    assert asked == [1, 3]


def test_a_failure_is_told_and_the_next_wish_is_worked_on(background: Background, qtbot: QtBot) -> None:
    def work(number: int) -> float:
        return 1 / number

    newest = ConflatedCall(background, work)
    answers: list[float] = []
    problems: list[Problem] = []
    newest.answered.connect(answers.append)
    newest.failed.connect(problems.append)
    newest.ask(0)
    newest.ask(4)
    qtbot.waitUntil(lambda: not newest.busy)
    assert answers == [0.25]
    assert len(problems) == 1


def test_what_is_dropped_is_not_told(background: Background, qtbot: QtBot) -> None:
    newest = ConflatedCall(background, int)
    answers: list[int] = []
    newest.answered.connect(answers.append)
    newest.ask("5")
    newest.drop()
    assert not newest.busy
    newest.ask("6")
    qtbot.waitUntil(lambda: answers == [6] and not background.busy)
