"""Follows a run in a process of its own: as work of a run itself, so that whoever runs it sees no difference."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from wholefield.errors import WholefieldError
from wholefield.runs.control import Control, Discarded, RunState, StopAndKeep
from wholefield.runs.own_process.channel import Channel, Job
from wholefield.runs.own_process.journal import JournalReader
from wholefield.runs.reports import Report, ReportFunction, Started

CHILD = "wholefield.runs.own_process.child"
TICK_S = 0.05
# How long a run may take to end by itself once its results are not wanted, before its process is killed.
GRACE_S = 10.0
LAST_WORDS = 2000


class UnexpectedError(Exception):
    """The work failed by an error that is not meant for the user.

    Attributes:
        details: The traceback in the other process.
    """

    def __init__(self, reason: str, details: str) -> None:
        super().__init__(reason)
        self.details = details


class ProcessEnded(WholefieldError):
    """The process ended without a word: it was killed, or it crashed."""


class OwnProcess:
    """The work of a run that another process does; called in a thread that has time, it lasts as long as the run.

    Args:
        job: What is to be done; None where another process has begun it, and nobody follows it.
        folder: Under which its channel is made; without a job the channel itself.
    """

    def __init__(self, job: Job | None, folder: Path) -> None:
        self._job, self._folder = job, folder
        self._child: subprocess.Popen[bytes] | None = None
        self._released = threading.Event()
        self._run: Path | None = None

    @property
    def asked(self) -> RunState:
        """What was asked of it before it was followed."""
        return RunState.RUNNING if self._job is not None else Channel(self._folder).request

    def release(self) -> None:
        """Follow it no longer; it goes on by itself, and another process may follow it."""
        self._released.set()

    def __call__(self, report: ReportFunction, control: Control) -> object:
        """Follow the run to its end.

        Raises:
            StopAndKeep, Discarded: It ended because it was asked to, or it was released.
            OSError: The process cannot be started.
            ProcessEnded: The process ended without a word.
            WholefieldError: What the work raised.
            UnexpectedError: The work raised another error.
        """
        channel = Channel(self._folder) if self._job is None else Channel.create(self._folder, self._job)
        if self._job is None:
            channel.own()
        if not channel.begun:
            self._start(channel)
        reader, asked, since = JournalReader(channel.folder), channel.request, 0.0
        while not self._released.is_set():
            # First this and then the reports: so none is missed.
            alive = self._is_alive(channel)
            for item in reader.read():
                self._note(item)
                report(item)
            if not alive:
                return self._end(channel)
            if (state := control.state) is not asked:
                channel.ask(state)
                asked, since = state, time.monotonic()
            if asked is RunState.DISCARDING and time.monotonic() - since > GRACE_S:
                self._kill(channel)
            self._released.wait(TICK_S)
        if self._child is not None:
            # It is no longer ours; a Popen that goes while its process runs would warn of that.
            self._child.returncode = 0
        raise StopAndKeep

    def _start(self, channel: Channel) -> None:
        paths = os.pathsep.join(path for path in sys.path if path)
        with channel.output.open("wb") as output:
            self._child = subprocess.Popen(
                [sys.executable, "-P", "-m", CHILD, str(channel.folder)],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=os.environ | {"PYTHONPATH": paths},
                # Neither Ctrl-C nor the end of a terminal that the window was started from ends the run.
                start_new_session=True,
            )  # fmt: skip
        # The process writes this itself, too, but a window that crashes before it does would start it twice.
        channel.begin(self._child.pid)

    def _is_alive(self, channel: Channel) -> bool:
        if self._child is not None:
            return self._child.poll() is None
        process = channel.process
        return process is not None and process.alive

    def _kill(self, channel: Channel) -> None:
        if self._child is not None:
            self._child.kill()
        elif (process := channel.process) is not None:
            process.kill()

    def _note(self, item: Report) -> None:
        if isinstance(item, Started):
            self._run = item.folder

    def _end(self, channel: Channel) -> object:
        outcome = channel.outcome
        try:
            if outcome is None and channel.request is RunState.DISCARDING:
                raise Discarded
            if outcome is None:
                raise ProcessEnded(self._last_words(channel))
            if "canceled" in outcome:
                raise StopAndKeep
            if outcome.get("details"):
                raise UnexpectedError(outcome["sentence"], outcome["details"])
            if "sentence" in outcome:
                raise WholefieldError(outcome["sentence"])
            return outcome["result"]
        finally:
            channel.remove()

    def _last_words(self, channel: Channel) -> str:
        status = None if self._child is None else self._child.returncode
        how = "unexpectedly" if status is None else f"with status {status}"
        if status is not None and status < 0:
            how = f"by {signal.Signals(-status).name}"
            how += ", as the system does when memory runs out" if -status == signal.SIGKILL else ""
        kept = (
            "nothing was saved by then"
            if self._run is None
            else f"what it saved by then is in {self._run}; a training goes on with: "
            f"wholefield train --resume {self._run}"
        )
        try:
            said = channel.output.read_text(encoding="utf-8", errors="replace")[-LAST_WORDS:].strip()
        except OSError:
            said = ""
        last = f" Its last words: {said}" if said else ""
        return f"The process of the run was ended {how}; {kept}.{last}"
