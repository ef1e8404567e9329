import threading
import time
from collections.abc import Callable, Iterator

import pytest
from pytestqt.qtbot import QtBot

from tests.there import a
from wholefield.errors import SettingError
from wholefield.runs.control import Control
from wholefield.runs.reports import Failed, Level, Message, Report, ReportFunction
from wholefield_app.problems import Problem
from wholefield_app.runs import RunSession, SessionState


@pytest.fixture
def session(qtbot: QtBot) -> Iterator[RunSession]:
    made = RunSession(worth_keeping=True)
    yield made
    made.discard()
    made.wait()


def endless(report: ReportFunction, control: Control) -> str:
    """Polls until it is told to end."""
    while True:
        control.poll()
        report(Message(Level.INFO, "tick"))


def test_the_work_runs_in_its_own_thread_and_its_result_comes_back(session: RunSession, qtbot: QtBot) -> None:
    def work(report: ReportFunction, control: Control) -> int:
        report(Message(Level.INFO, "first"))
        report(Message(Level.INFO, "second"))
        return threading.get_ident()

    told: list[tuple[str, object]] = []
    session.reported.connect(lambda batch: told.extend(("report", item.text) for item in batch))
    session.ended.connect(lambda result: told.append(("ended", result)))
    session.start(work)
    assert session.state is SessionState.RUNNING
    qtbot.waitUntil(lambda: session.state is SessionState.IDLE)
    assert told[:2] == [("report", "first"), ("report", "second")]
    assert told[2][1] != threading.get_ident()
    assert isinstance(told[2][1], int)


def test_reports_come_at_most_twenty_times_a_second(session: RunSession, qtbot: QtBot) -> None:
    times: list[float] = []
    session.reported.connect(lambda _: times.append(time.monotonic()))
    start = time.monotonic()
    session.start(endless)
    qtbot.waitUntil(lambda: len(times) >= 8)
    session.discard()
    elapsed = times[-1] - start
    assert len(times) <= 20 * 1.05 * elapsed + 1


def test_pause_holds_the_work_and_resume_lets_it_go_on(session: RunSession, qtbot: QtBot) -> None:
    ticks: list[int] = []
    session.reported.connect(lambda batch: ticks.append(len(batch)))
    session.start(endless)
    qtbot.waitUntil(lambda: len(ticks) >= 2)
    session.pause()
    assert state_of(session) is SessionState.PAUSED
    # What was under way when the pause began may still arrive; then there is silence.
    qtbot.waitUntil(lambda: _silent(session))
    before = len(ticks)
    session.resume()
    assert state_of(session) is SessionState.RUNNING
    qtbot.waitUntil(lambda: len(ticks) >= before + 2)


def state_of(session: RunSession) -> SessionState:
    return session.state


def _silent(session: RunSession) -> bool:
    session._mailbox.deliver()
    return not session._mailbox._items and session._control.state.value == "paused"


@pytest.mark.parametrize(
    ("request_end", "state"),
    [("stop_and_keep", SessionState.STOPPING), ("discard", SessionState.DISCARDING)],
)
@pytest.mark.parametrize("paused", [False, True])
def test_both_ways_to_end(
    session: RunSession, qtbot: QtBot, request_end: str, state: SessionState, paused: bool
) -> None:
    results: list[object] = []
    session.ended.connect(results.append)
    session.start(endless)
    if paused:
        session.pause()
    getattr(session, request_end)()
    assert session.state is state
    qtbot.waitUntil(lambda: session.state is SessionState.IDLE)
    assert results == [None]


def test_an_error_becomes_a_problem_before_the_end_is_told(session: RunSession, qtbot: QtBot) -> None:
    def work(report: ReportFunction, control: Control) -> None:
        raise SettingError("The setting level is 9; choose a lower one.")

    told: list[object] = []
    session.failed.connect(told.append)
    session.ended.connect(told.append)
    session.start(work)
    qtbot.waitUntil(lambda: len(told) == 2)
    assert told == [Problem("The setting level is 9; choose a lower one."), None]


def test_a_reported_failure_becomes_a_problem(session: RunSession, qtbot: QtBot) -> None:
    problems: list[Problem] = []
    session.failed.connect(problems.append)
    session.start(lambda report, control: report(Failed("No labels; add some.")))
    qtbot.waitUntil(lambda: session.state is SessionState.IDLE)
    assert problems == [Problem("No labels; add some.")]


def returning(number: int) -> Callable[[ReportFunction, Control], int]:
    def work(report: ReportFunction, control: Control) -> int:
        return number

    return work


def test_a_session_does_one_run_at_a_time_but_many_in_turn(session: RunSession, qtbot: QtBot) -> None:
    results: list[object] = []
    session.ended.connect(results.append)
    session.start(endless)
    with pytest.raises(RuntimeError):
        session.start(endless)
    session.discard()
    qtbot.waitUntil(lambda: session.state is SessionState.IDLE)
    for number in range(3):
        session.start(returning(number))
        qtbot.waitUntil(lambda: session.state is SessionState.IDLE)
    assert results == [None, 0, 1, 2]


def test_requests_out_of_place_change_nothing(session: RunSession) -> None:
    states: list[SessionState] = []
    session.state_changed.connect(states.append)
    for name in ("pause", "resume", "stop_and_keep", "discard", "wait"):
        getattr(session, name)()
    assert states == []
    assert session.state is SessionState.IDLE


def test_the_last_reports_arrive_before_the_end(session: RunSession, qtbot: QtBot) -> None:
    def work(report: ReportFunction, control: Control) -> None:
        for number in range(1000):
            report(Message(Level.INFO, str(number)))

    order: list[Report | str] = []
    session.reported.connect(order.extend)
    session.ended.connect(lambda _: order.append("ended"))
    session.start(work)
    qtbot.waitUntil(lambda: "ended" in order)
    assert [a(Message, item).text for item in order[:-1]] == [str(n) for n in range(1000)]
