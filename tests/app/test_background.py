import threading
from collections.abc import Iterator
from functools import partial

import pytest
from pytestqt.qtbot import QtBot

from wholefield.errors import SourceError
from wholefield_app.background import Background
from wholefield_app.problems import Problem


@pytest.fixture
def background(qtbot: QtBot) -> Iterator[Background]:
    made = Background(threads=1)
    yield made
    made.close()


def test_the_work_is_done_elsewhere_and_the_result_comes_back_here(
    background: Background, qtbot: QtBot
) -> None:
    got: list[tuple[int, int]] = []
    background.run(
        threading.get_ident,
        then=lambda ident: got.append((ident, threading.get_ident())),
        failed=lambda problem: pytest.fail(problem.sentence),
    )
    qtbot.waitUntil(lambda: bool(got))
    (worked_in, delivered_in) = got[0]
    assert worked_in != delivered_in == threading.get_ident()


def test_an_error_comes_back_as_a_problem(background: Background, qtbot: QtBot) -> None:
    def fail() -> None:
        raise SourceError("a.svs is empty; copy it again.")

    problems: list[Problem] = []
    background.run(fail, then=lambda _: pytest.fail("no result"), failed=problems.append)
    qtbot.waitUntil(lambda: bool(problems))
    assert problems == [Problem("a.svs is empty; copy it again.")]


def test_cancelled_work_is_neither_begun_nor_handed_over(background: Background, qtbot: QtBot) -> None:
    gate, begun = threading.Event(), threading.Event()
    outcomes: list[object] = []

    def hold() -> None:
        begun.set()
        assert gate.wait(300)

    first = background.run(hold, then=outcomes.append, failed=outcomes.append)
    second = background.run(begun.clear, then=outcomes.append, failed=outcomes.append)
    assert begun.wait(300)
    second.cancel()
    first.cancel()
    gate.set()
    qtbot.waitUntil(lambda: not background.busy)
    assert outcomes == []
    assert begun.is_set()


@pytest.mark.parametrize("close", [False, True])
def test_a_result_that_comes_too_late_is_let_go(qtbot: QtBot, close: bool) -> None:
    background = Background(threads=1)
    gate, begun = threading.Event(), threading.Event()
    dropped: list[str] = []

    def open_file() -> str:
        begun.set()
        assert gate.wait(300)
        return "file"

    task = background.run(
        open_file,
        then=pytest.fail,
        failed=lambda problem: pytest.fail(problem.sentence),
        dropped=dropped.append,
    )
    assert begun.wait(300)
    task.cancel()
    gate.set()
    if not close:
        qtbot.waitUntil(lambda: not background.busy)
    background.close()
    assert dropped == ["file"]


def test_closing_waits_for_the_work_in_hand_and_drops_the_rest(qtbot: QtBot) -> None:
    background = Background(threads=1)
    gate = threading.Event()
    done: list[object] = []
    background.run(gate.wait, 10, then=done.append, failed=done.append)
    background.run(done.append, 1, then=done.append, failed=done.append)
    threading.Timer(0.05, gate.set).start()
    background.close()
    assert gate.is_set()
    assert done == []


def test_abandoned_work_keeps_no_other_work_waiting(background: Background, qtbot: QtBot) -> None:
    gate, begun = threading.Event(), threading.Event()
    outcomes: list[object] = []

    def hold() -> None:
        begun.set()
        assert gate.wait(300)

    def refuse(problem: Problem) -> None:
        pytest.fail(problem.sentence)

    for number in range(3):
        begun.clear()
        task = background.run(hold, then=outcomes.append, failed=refuse)
        assert begun.wait(300)
        task.cancel()
        background.run(int, str(number), then=outcomes.append, failed=refuse)
        qtbot.waitUntil(partial(outcomes.__contains__, number))
    assert outcomes == [0, 1, 2]
    gate.set()
    qtbot.waitUntil(lambda: not background.busy)
    assert outcomes == [0, 1, 2]


def test_no_more_is_done_at_once_than_there_are_threads(qtbot: QtBot) -> None:
    background = Background(threads=2)
    lock, gate = threading.Lock(), threading.Event()
    running = most = 0

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        assert gate.wait(300)
        with lock:
            running -= 1

    done: list[object] = []
    for _ in range(6):
        background.run(work, then=done.append, failed=done.append)
    gate.set()
    qtbot.waitUntil(lambda: not background.busy)
    background.close()
    assert most <= 2
    assert done == [None] * 6
