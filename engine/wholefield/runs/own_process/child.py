"""The process of a run: `python -m wholefield.runs.own_process.child FOLDER` does the job that a channel holds."""

import faulthandler
import os
import signal
import sys
import threading
import traceback
from pathlib import Path
from types import FrameType

from wholefield.errors import WholefieldError
from wholefield.runs.control import Control, Discarded, RunState, StopAndKeep
from wholefield.runs.own_process.channel import Channel
from wholefield.runs.own_process.journal import Journal

TICK_S = 0.05
NICENESS = 5
TERMINATED = 128 + signal.SIGTERM


def main(arguments: list[str]) -> int:
    """Do the job of a channel to its end; returns the exit status: 0, 1 after an error, 143 after SIGTERM."""
    (folder,) = arguments
    channel, control = Channel(Path(folder)), Control()
    if hasattr(os, "nice"):
        # The window has the right of way; where nothing else runs, the run loses nothing by it.
        os.nice(NICENESS)
    # OpenMP reads these when torch is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("GOMP_SPINCOUNT", "0")
    faulthandler.enable()
    channel.begin(os.getpid())
    terminated = threading.Event()

    def on_terminate(number: int, frame: FrameType | None) -> None:
        terminated.set()
        control.stop_and_keep()

    signal.signal(signal.SIGTERM, on_terminate)
    journal = Journal(channel.folder)
    with Attendant(channel, control, journal):
        failed = _do(channel, control, journal)
    return TERMINATED if terminated.is_set() else int(failed)


def _do(channel: Channel, control: Control, journal: Journal) -> bool:
    try:
        channel.finish(result=_work(channel, control, journal))
        return False
    except (StopAndKeep, Discarded):
        journal.flush()
        channel.finish(canceled=True)
        return False
    except Exception as error:  # whatever happens is told to the window
        journal.flush()
        meant = isinstance(error, WholefieldError)
        reason = str(error) if meant else f"{type(error).__name__}: {error}"
        channel.finish(sentence=reason, details="" if meant else traceback.format_exc())
        return True


def _work(channel: Channel, control: Control, journal: Journal) -> object:
    result = channel.job.work(journal, control)
    # Whoever sees the result has all reports.
    journal.flush()
    return result


class Attendant:
    """A thread that writes the reports and passes on what the window asks for, while the run works."""

    def __init__(self, channel: Channel, control: Control, journal: Journal) -> None:
        self._channel, self._control, self._journal = channel, control, journal
        self._asked = RunState.RUNNING
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._attend, name="wholefield-attendant", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _attend(self) -> None:
        while not self._over.wait(TICK_S):
            try:
                self._journal.flush()
            except OSError:
                # A full disk may have room again; the run itself says what it cannot write.
                continue
            self._obey(self._channel.request)

    def _obey(self, asked: RunState) -> None:
        if asked is self._asked:
            return
        self._asked = asked
        match asked:
            case RunState.RUNNING:
                self._control.resume()
            case RunState.PAUSED:
                self._control.pause()
            case RunState.STOPPING:
                self._control.stop_and_keep()
            case RunState.DISCARDING:
                self._control.discard()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
