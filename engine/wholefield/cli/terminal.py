"""A run on a terminal: reports become lines for people or programs, Ctrl-C becomes stop and keep."""

import argparse
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TextIO

from wholefield.cli.exit_codes import TERMINATED
from wholefield.cli.sentences import sentence
from wholefield.progress import ProgressCallback
from wholefield.runs.control import Control, RunState
from wholefield.runs.eta import PartCounter
from wholefield.runs.lines import line_of
from wholefield.runs.reports import (
    Failed,
    Finished,
    PartDone,
    Reason,
    Report,
    ReportFunction,
    StepDone,
    TileDone,
)

STEP_SECONDS = 1.0
JSON = "--json"


def add_report_options(parser: argparse.ArgumentParser) -> None:
    """Add how a run reports; suppressed defaults, so that the parser of a task does not undo what stood before it."""
    for name, text in (
        (JSON, "Print the reports of the run as JSON lines on the standard output, and nothing else there."),
        (f"{JSON}-pictures", "The same with the pictures of previews, as base64."),
    ):
        parser.add_argument(name, action="store_true", default=argparse.SUPPRESS, help=text)


def wants_json(arguments: argparse.Namespace) -> bool:
    """Whether the reports are for a program."""
    return bool(vars(arguments).get("json") or vars(arguments).get("json_pictures"))


@contextmanager
def reporting(arguments: argparse.Namespace) -> Iterator[ReportFunction]:
    """What shows reports: JSON lines where the arguments ask for them, bars on a terminal, lines elsewhere."""
    if wants_json(arguments):
        yield JsonLines(pictures=vars(arguments).get("json_pictures", False))
    elif sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
        # Only now: it takes a while to import.
        from wholefield.cli.bars import Bars

        with Bars() as bars:
            yield bars
    else:
        yield Terminal()


def show_result(arguments: argparse.Namespace, path: Path, text: str = "") -> None:
    """Print what an export has written: for people as a text, by default the path, for a program as the last report."""
    if wants_json(arguments):
        print(line_of(Finished(path, Reason.COMPLETED)), flush=True)
    else:
        print(text or path)


def parts(report: ReportFunction, what: str) -> ProgressCallback:
    """A function for work that takes only that, which reports its progress.

    Args:
        report: Called with the reports.
        what: The work in a few words, such as `Reading`.
    """
    return PartCounter(what, 0, report, Control()).done


class JsonLines:
    """Prints every report as a line of JSON on the standard output; a failure on the error stream, too."""

    def __init__(self, *, pictures: bool) -> None:
        """Print the pictures of previews as well, or leave them out."""
        self._pictures = pictures

    def __call__(self, report: Report) -> None:
        """Print a report."""
        print(line_of(report, pictures=self._pictures), flush=True)
        if isinstance(report, Failed):
            print(sentence(report), file=sys.stderr, flush=True)


class Terminal:
    """Prints reports; those of steps, tiles and parts at most once a second."""

    def __init__(self, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        """Print to `stream`, the error stream unless given."""
        self._stream = stream or sys.stderr
        self._clock = clock
        self._last = -STEP_SECONDS

    def __call__(self, report: Report) -> None:
        """Print a report."""
        if isinstance(report, StepDone | TileDone | PartDone):
            now = self._clock()
            if now - self._last < STEP_SECONDS:
                return
            self._last = now
        if line := sentence(report):
            print(line, file=self._stream, flush=True)


@contextmanager
def interruptible(control: Control, stream: TextIO | None = None) -> Iterator[None]:
    """Let Ctrl-C stop and keep the run, and a second one discard it; SIGTERM stops and keeps it. For the main thread.

    Raises:
        SystemExit: At the end, after SIGTERM.
    """
    terminated = threading.Event()

    def on_terminate(number: int, frame: FrameType | None) -> None:
        terminated.set()
        control.stop_and_keep()

    def on_interrupt(number: int, frame: FrameType | None) -> None:
        if control.state is RunState.STOPPING:
            control.discard()
            text = "discarding"
        else:
            control.stop_and_keep()
            text = "stopping and keeping the results; press Ctrl-C again to discard them"
        print(text, file=stream or sys.stderr, flush=True)

    handlers = {signal.SIGINT: on_interrupt, signal.SIGTERM: on_terminate}
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if terminated.is_set():
            raise SystemExit(TERMINATED)
