"""A run on a terminal: reports become lines for people or programs, Ctrl-C becomes stop and keep."""

import argparse
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TextIO

from wholefield.runs.control import Control, RunState
from wholefield.runs.lines import line_of
from wholefield.runs.reports import (
    EpochDone,
    Failed,
    Finished,
    Message,
    PartDone,
    Reason,
    Report,
    ReportFunction,
    Started,
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


def reporter(arguments: argparse.Namespace) -> ReportFunction:
    """What prints the reports of a run as the arguments ask for it."""
    if wants_json(arguments):
        return JsonLines(pictures=vars(arguments).get("json_pictures", False))
    return Terminal()


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


def sentence(report: Report) -> str | None:
    """A report in words; None where there is nothing to say."""
    match report:
        case Started():
            return f"{report.task}: run folder {report.folder}"
        case StepDone():
            left = "" if report.seconds_left is None else f", {duration(report.seconds_left)} left"
            return (
                f"epoch {report.epoch}/{report.epochs}, step {report.step}/{report.steps}: "
                f"loss {report.loss:.4g}{left}"
            )
        case EpochDone():
            values = ", ".join(f"{name} {value:.4g}" for name, value in report.metrics.items())
            return f"epoch {report.epoch}: {values}"
        case TileDone():
            place = ", ".join(str(index + 1) for index in report.index)
            counts = " x ".join(str(count) for count in report.counts)
            return f"{report.sweep} sweep, tile ({place}) of {counts}"
        case PartDone():
            left = "" if not report.seconds_left else f", {duration(report.seconds_left)} left"
            return f"{report.what}: {report.done}/{report.total}{left}"
        case Message():
            return f"{report.level}: {report.text}"
        case Finished(reason=Reason.DISCARDED):
            return "discarded"
        case Finished():
            return f"{report.reason}: {report.folder}"
        case Failed():
            return f"error: {report.message}"
        case _:
            return None


def duration(seconds: float) -> str:
    """A time in words of at most two units, such as `1 h 02 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min"


@contextmanager
def interruptible(control: Control, stream: TextIO | None = None) -> Iterator[None]:
    """Let Ctrl-C stop and keep the run, and a second one discard it. For the main thread."""

    def on_interrupt(number: int, frame: FrameType | None) -> None:
        if control.state is RunState.STOPPING:
            control.discard()
            text = "discarding"
        else:
            control.stop_and_keep()
            text = "stopping and keeping the results; press Ctrl-C again to discard them"
        print(text, file=stream or sys.stderr, flush=True)

    before = signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
