"""The real window over a run in a process of its own: it looks the same, and the run survives the window."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QSettings
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.app.spaces import slides_of
from tests.engine.runs.own_process import works
from tests.there import there
from wholefield.runs.folder import RunFolder
from wholefield.runs.own_process.channel import Channel
from wholefield.runs.own_process.identity import ProcessIdentity
from wholefield.runs.reports import EpochDone, Report, Started, StepDone, TileDone
from wholefield_app.launch import make_window
from wholefield_app.problems import Problem
from wholefield_app.runs import RunSession, SessionState
from wholefield_app.window.closing import ClosingQuestion
from wholefield_app.window.main_window import MainWindow
from wholefield_app.window.returning import take_up_runs

# A process that loads torch takes its time on a loaded machine.
LONG_MS = 600_000


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where windows and runs find each other; no run outlives the test."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    folder = tmp_path / "state" / "Wholefield" / "runs"
    yield folder
    end_all(folder)


@pytest.fixture
def window(state: Path, window: MainWindow) -> MainWindow:
    """The window as users have it: runs in processes of their own."""
    window.services.settings.own_process = True
    window.registry.refresh()
    assert window.services.processes.folder == state
    return window


@pytest.fixture
def second(window: MainWindow, qapp: QApplication, store: QSettings) -> Iterator[Callable[[], MainWindow]]:
    """Makes the window of the next start, once the first one is closed."""
    made: list[MainWindow] = []

    def make() -> MainWindow:
        assert not window.isVisible()
        for owner in window.services.processes.folder.glob("*/owner.json"):
            # As if the process of the first window had ended, too.
            owner.unlink()
        again = make_window(qapp, None, QSettings(store.fileName(), QSettings.Format.IniFormat))
        again.show()
        made.append(again)
        take_up_runs(again)
        return again

    yield make
    for each in made:
        for session in each.sessions:
            session.discard()
            session.wait()
        each.close()
        each.deleteLater()
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def train(window: MainWindow, epochs: int) -> list[Report]:
    """Start a small training of the open project; returns its reports as they come."""
    space, reports = slides_of(window), list[Report]()
    space.training.reported.connect(reports.extend)
    space.draft.set(epochs=epochs, tile_size=64, learning_rate=1e-3, level=0)
    window.registry["slides.start"].trigger()
    return reports


def epochs_of(reports: list[Report]) -> list[int]:
    return [report.epoch for report in reports if isinstance(report, EpochDone)]


def end_all(folder: Path) -> None:
    for path in folder.iterdir() if folder.exists() else ():
        if (process := Channel(path).process) is not None:
            process.kill()


def states(session: RunSession) -> SessionState:
    return session.state


def only_process(folder: Path) -> ProcessIdentity:
    (channel,) = folder.iterdir()
    return there(Channel(channel).process)


def ask(window: MainWindow, qtbot: QtBot) -> ClosingQuestion:
    window.close()
    qtbot.waitUntil(lambda: window.findChild(ClosingQuestion) is not None)
    return there(window.findChild(ClosingQuestion))


def test_a_training_survives_the_window_and_is_followed_again(
    window: MainWindow,
    qtbot: QtBot,
    state: Path,
    open_and_wait: Callable[[Path], None],
    project_folder: Path,
    second: Callable[[], MainWindow],
) -> None:
    open_and_wait(project_folder)
    reports = train(window, epochs=10_000)
    qtbot.waitUntil(lambda: len(epochs_of(reports)) >= 1, timeout=LONG_MS)
    assert {Started, StepDone, TileDone, EpochDone} <= {type(report) for report in reports}
    assert slides_of(window).curves_panel.data.epochs
    identity = only_process(state)

    question = ask(window, qtbot)
    there(question.leave_button).click()
    qtbot.waitUntil(lambda: not window.isVisible())
    assert identity.alive
    assert not window.services.settings.leave_runs, "nothing was ticked"

    again = second()
    training = slides_of(again).training
    seen: list[Report] = []
    training.reported.connect(seen.extend)
    qtbot.waitUntil(lambda: len(epochs_of(seen)) > len(epochs_of(reports)), timeout=LONG_MS)
    assert epochs_of(seen) == list(range(1, len(epochs_of(seen)) + 1)), "from the beginning, each once"
    assert training.state is SessionState.RUNNING
    assert slides_of(again).title, "what was open is open again"
    training.stop_and_keep()
    qtbot.waitUntil(lambda: states(training) is SessionState.IDLE)
    assert RunFolder(there(training.folder)).last.exists()
    assert list(state.iterdir()) == []


def test_closing_asks_no_more_where_that_was_ticked(
    window: MainWindow, qtbot: QtBot, state: Path, second: Callable[[], MainWindow]
) -> None:
    slides_of(window).training.start(works.endless)
    qtbot.waitUntil(lambda: len(list(state.glob("*/passing.json"))) == 1)
    question = ask(window, qtbot)
    question.always_box.setChecked(True)
    there(question.leave_button).click()
    qtbot.waitUntil(lambda: not window.isVisible())
    identity = only_process(state)
    again = second()
    assert slides_of(again).training.state is SessionState.RUNNING
    again.close()
    assert not again.isVisible()
    assert identity.alive


def test_a_crash_of_the_run_is_a_sentence_and_the_window_lives(
    window: MainWindow, qtbot: QtBot, state: Path
) -> None:
    session, problems = slides_of(window).training, list[Problem]()
    session.failed.connect(problems.append)
    session.start(works.endless)
    qtbot.waitUntil(lambda: len(list(state.glob("*/passing.json"))) == 1)
    only_process(state).kill()
    qtbot.waitUntil(lambda: states(session) is SessionState.IDLE)
    (problem,) = problems
    assert "ended by SIGKILL, as the system does when memory runs out" in problem.sentence
    qtbot.waitUntil(window.banner.isVisible)


def test_an_unexpected_error_of_the_run_keeps_its_details(window: MainWindow, qtbot: QtBot) -> None:
    session, problems = slides_of(window).training, list[Problem]()
    session.failed.connect(problems.append)
    session.start(works.unexpected)
    qtbot.waitUntil(lambda: states(session) is SessionState.IDLE and problems != [])
    assert problems[0].sentence.startswith(
        "An unexpected error occurred (ZeroDivisionError: nothing is divided"
    )
    assert "in unexpected" in problems[0].details


def test_a_paused_run_is_still_paused_when_it_comes_back(
    window: MainWindow, qtbot: QtBot, state: Path, second: Callable[[], MainWindow]
) -> None:
    session = slides_of(window).training
    session.start(works.endless)
    qtbot.waitUntil(lambda: len(list(state.glob("*/passing.json"))) == 1)
    session.pause()
    qtbot.waitUntil(lambda: len(list(state.glob("*/request"))) == 1)
    window.services.settings.leave_runs = True
    window.close()
    back = slides_of(second()).training
    assert back.state is SessionState.PAUSED
    back.discard()
    qtbot.waitUntil(lambda: states(back) is SessionState.IDLE)
    assert list(state.iterdir()) == []


def test_in_process_stays_a_choice(window: MainWindow, qtbot: QtBot, state: Path) -> None:
    own = window.registry["runs.own_process"]
    assert own.isChecked()
    own.trigger()
    assert not own.isChecked()
    session = slides_of(window).training
    session.start(works.endless)
    assert not session.outlives
    assert ask(window, qtbot).leave_button is None
    assert not state.exists()
    session.discard()
    qtbot.waitUntil(lambda: states(session) is SessionState.IDLE)
