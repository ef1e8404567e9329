"""Only the newest answer counts, one call goes on at a time, and nothing is answered after a drop."""

import threading
from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from wholefield.errors import SettingError
from wholefield_app.background import Background
from wholefield_app.calls import DebouncedCall


class Worker:
    """Answers when it is let; remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.at_once = 0
        self.most_at_once = 0
        self.begun = threading.Semaphore(0)
        self.let = threading.Semaphore(0)

    def __call__(self, number: int) -> int:
        self.asked.append(number)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.begun.release()
        assert self.let.acquire(timeout=300)
        self.at_once -= 1
        if number < 0:
            raise SettingError(f"{number} is too little.")
        return 10 * number


@pytest.fixture
def background(qapp: QApplication) -> Iterator[Background]:
    made = Background()
    yield made
    made.close()


@pytest.fixture
def worker() -> Worker:
    return Worker()


@pytest.fixture
def latest(background: Background, worker: Worker) -> DebouncedCall:
    return DebouncedCall(background, worker)


@pytest.fixture
def answers(latest: DebouncedCall) -> list[object]:
    """Everything that came back, in order."""
    found: list[object] = []
    latest.answered.connect(found.append)
    latest.failed.connect(lambda problem: found.append(problem.sentence))
    return found


def test_an_answer_comes_back(
    latest: DebouncedCall, worker: Worker, answers: list[object], qtbot: QtBot
) -> None:
    worker.let.release()
    latest.ask(4)
    assert latest.busy
    qtbot.waitUntil(lambda: not latest.busy)
    assert answers == [40]


def test_a_refusal_comes_back(
    latest: DebouncedCall, worker: Worker, answers: list[object], qtbot: QtBot
) -> None:
    worker.let.release()
    latest.ask(-1)
    qtbot.waitUntil(lambda: not latest.busy)
    assert answers == ["-1 is too little."]


def test_questions_that_follow_at_once_are_one(
    latest: DebouncedCall, worker: Worker, answers: list[object], qtbot: QtBot
) -> None:
    worker.let.release()
    for number in range(5):
        latest.ask(number)
    qtbot.waitUntil(lambda: not latest.busy)
    assert (worker.asked, answers) == ([4], [40])


@pytest.mark.parametrize("stale", [1, -1])
def test_a_stale_answer_is_dropped_and_the_newest_question_waits_for_its_end(
    latest: DebouncedCall, worker: Worker, answers: list[object], qtbot: QtBot, stale: int
) -> None:
    busy: list[bool] = []
    latest.busy_changed.connect(busy.append)
    latest.ask(stale)
    qtbot.waitUntil(lambda: worker.begun.acquire(blocking=False))
    latest.ask(2)
    latest.ask(3)
    worker.let.release(2)
    qtbot.waitUntil(lambda: not latest.busy)
    assert worker.asked == [stale, 3]
    assert worker.most_at_once == 1
    assert answers == [30]
    assert busy == [True, False]


def test_nothing_is_answered_after_a_drop(
    latest: DebouncedCall, worker: Worker, answers: list[object], background: Background, qtbot: QtBot
) -> None:
    latest.ask(1)
    qtbot.waitUntil(lambda: worker.begun.acquire(blocking=False))
    latest.drop()
    assert not latest.busy
    worker.let.release()
    qtbot.waitUntil(lambda: not background.busy)
    assert answers == []


def test_one_can_ask_again_after_a_drop(
    latest: DebouncedCall, worker: Worker, answers: list[object], qtbot: QtBot
) -> None:
    latest.ask(1)
    qtbot.waitUntil(lambda: worker.begun.acquire(blocking=False))
    latest.drop()
    latest.ask(2)
    worker.let.release(2)
    qtbot.waitUntil(lambda: not latest.busy)
    assert (worker.asked, answers) == ([1, 2], [20])


def test_a_drop_before_the_rest_is_over_calls_nothing(
    background: Background, worker: Worker, qtbot: QtBot
) -> None:
    latest = DebouncedCall(background, worker, delay_ms=1)
    latest.ask(1)
    latest.drop()
    other = DebouncedCall(background, lambda: None, delay_ms=20)
    other.ask()
    qtbot.waitUntil(lambda: not other.busy)
    assert worker.asked == []


def test_a_call_that_takes_long_is_overtaken_where_that_is_wanted(qapp: QApplication, qtbot: QtBot) -> None:
    background = Background(1)
    gate, begun = threading.Event(), threading.Event()
    answers: list[int] = []

    def work(number: int) -> int:
        if number == 1:
            begun.set()
            assert gate.wait(300)
        return 10 * number

    call = DebouncedCall(background, work, overtakes=True)
    call.answered.connect(answers.append)
    call.ask(1)
    qtbot.waitUntil(begun.is_set)
    call.ask(2)
    qtbot.waitUntil(lambda: answers == [20])
    assert not call.busy
    gate.set()
    qtbot.waitUntil(lambda: not background.busy)
    assert answers == [20]
    background.close()
