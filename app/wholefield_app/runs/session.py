"""A run as the window sees it: its state, its reports, and the buttons that steer it."""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import ClassVar

from PySide6.QtCore import QObject, Signal, Slot

from wholefield.runs.control import Control, RunState
from wholefield.runs.own_process.supervisor import OwnProcess
from wholefield.runs.reports import Failed, Report
from wholefield_app.mailbox import Mailbox
from wholefield_app.problems import Problem
from wholefield_app.runs.coalesce import coalesce
from wholefield_app.runs.worker import RunThread, Work

BATCHES_PER_SECOND = 20
CANCELING = "Canceling"


class SessionState(StrEnum):
    """What a session is doing; the value is what the window says."""

    IDLE = "Ready"
    RUNNING = "Running"
    PAUSED = "Paused"
    STOPPING = "Stopping"
    DISCARDING = "Discarding"

    @property
    def active(self) -> bool:
        """Whether a thread is at work."""
        return self is not SessionState.IDLE


class RunSession(QObject):
    """Starts a run in a thread of its own and steers it. Lives in the GUI thread; all signals come there.

    Attributes:
        title: What kind of run it is, such as "Training".
        worth_keeping: Whether what there is so far is of use when it is stopped, so that it can be stopped and kept.
        state: What the session is doing.
        place: Says where a work is done: gives one that does it in a process of its own, or the work itself.
        short: Whether a work takes no longer than the start of a process would: it always stays in this one.

    Signals:
        state_changed: The new SessionState.
        reported: A list of reports, thinned, at most 20 times per second.
        ended: The run's result (None if it was cancelled or failed).
        failed: A Problem; comes before `ended`.
    """

    short: ClassVar[bool] = False

    state_changed = Signal(object)
    reported = Signal(list)
    ended = Signal(object)
    failed = Signal(object)

    def __init__(
        self,
        title: str = "Run",
        *,
        worth_keeping: bool = False,
        stopping: str = SessionState.STOPPING,
        parent: QObject | None = None,
    ) -> None:
        """Do nothing yet; `stopping` is what the window says while the run stops and keeps what there is."""
        super().__init__(parent)
        self.title = title
        self.worth_keeping = worth_keeping
        self._stopping = stopping
        self.state = SessionState.IDLE
        self.place: Callable[[Work, str], Work] | None = None
        self._control = Control()
        self._thread: RunThread | None = None
        self._own_process: OwnProcess | None = None
        self._mailbox = Mailbox(1000 // BATCHES_PER_SECOND, self)
        self._mailbox.arrived.connect(self._pass_on)

    @property
    def words(self) -> str:
        """What the session is doing, in words."""
        if self.state is SessionState.STOPPING:
            return self._stopping
        if self.state is SessionState.DISCARDING and not self.worth_keeping:
            return CANCELING
        return self.state.value

    def start(self, work: Work) -> None:
        """Begin a run.

        Raises:
            RuntimeError: Another run of this session is still going on.
        """
        self._begin(work if self.place is None or self.short else self.place(work, self.title))

    def follow(self, run: OwnProcess, opened: Path | None) -> None:
        """Follow a run that another window has begun.

        Args:
            run: The run.
            opened: What was open there.

        Raises:
            RuntimeError: Another run of this session is still going on.
        """
        self._begin(run, run.asked)

    @property
    def outlives(self) -> bool:
        """Whether the run, if there is one, can go on without the window."""
        return not self.state.active or (
            self._own_process is not None and self.state in (SessionState.RUNNING, SessionState.PAUSED)
        )

    def release(self) -> None:
        """Follow the run no longer; it goes on by itself."""
        if self._own_process is not None:
            self._own_process.release()
            self.wait()

    def _begin(self, work: Work, asked: RunState = RunState.RUNNING) -> None:
        if self.state.active:
            raise RuntimeError("a session does one run at a time")
        self._control = Control()
        self._own_process = work if isinstance(work, OwnProcess) else None
        self._thread = RunThread(work, self._mailbox, self._control, self)
        self._thread.finished.connect(self._finish)
        self._enter(SessionState.RUNNING)
        # What another window has asked for holds before this one follows.
        match asked:
            case RunState.PAUSED:
                self.pause()
            case RunState.STOPPING:
                self.stop_and_keep()
            case RunState.DISCARDING:
                self.discard()
        self._thread.start()

    def pause(self) -> None:
        """Wait before the next tile or batch."""
        if self.state is SessionState.RUNNING:
            self._control.pause()
            self._enter(SessionState.PAUSED)

    def resume(self) -> None:
        """Go on after a pause."""
        if self.state is SessionState.PAUSED:
            self._control.resume()
            self._enter(SessionState.RUNNING)

    def stop_and_keep(self) -> None:
        """End at the next tile or batch and keep the model."""
        if self.state in (SessionState.RUNNING, SessionState.PAUSED):
            self._control.stop_and_keep()
            self._enter(SessionState.STOPPING)

    def discard(self) -> None:
        """End at the next tile or batch and throw the results away."""
        if self.state.active:
            self._control.discard()
            self._enter(SessionState.DISCARDING)

    def wait(self) -> None:
        """Block until the thread has ended; for the very end of the application."""
        if self._thread is not None:
            self._thread.wait()
            self._finish()

    @Slot(list)
    def _pass_on(self, reports: list[Report]) -> None:
        batch = coalesce(reports)
        self.reported.emit(batch)
        for report in batch:
            if isinstance(report, Failed):
                self.failed.emit(Problem(report.message))

    @Slot()
    def _finish(self) -> None:
        thread, self._thread = self._thread, None
        if thread is None:
            return
        # `finished` comes from inside the thread; its last moments are not over yet.
        thread.wait()
        self._mailbox.deliver()
        self._enter(SessionState.IDLE)
        if thread.problem is not None:
            self.failed.emit(thread.problem)
        self.ended.emit(thread.result)
        thread.deleteLater()

    def _enter(self, state: SessionState) -> None:
        self.state = state
        self.state_changed.emit(state)
