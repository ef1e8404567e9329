"""Starting and continuing a run from the command line."""

import argparse
from pathlib import Path

from wholefield.cli.exit_codes import DISCARDED, FAILED, OK
from wholefield.cli.terminal import add_report_options, interruptible, reporting, wants_json
from wholefield.runs.control import Control
from wholefield.runs.folder import RunFolder
from wholefield.runs.reports import Failed, Finished, Reason
from wholefield.runs.settings import RunSettings
from wholefield.tasks.registry import run_task

RUNS = Path("runs")


def add_run_options(parser: argparse.ArgumentParser) -> None:
    """Add where the run folder is created, and how the run reports."""
    # Suppressed, so that the parser of a task does not undo what stood before the task.
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FOLDER",
        default=argparse.SUPPRESS,
        help=f"Folder in which the run folder is created. Default: {RUNS}.",
    )
    add_report_options(parser)


def start(settings: RunSettings, arguments: argparse.Namespace) -> int:
    """Do a new run to its end; returns the exit code.

    Raises:
        WholefieldError: The settings cannot work, or no run folder can be created.
    """
    settings.validate()
    return run(settings, RunFolder.create(getattr(arguments, "out", RUNS), settings).path, arguments)


def run(settings: RunSettings, folder: Path, arguments: argparse.Namespace) -> int:
    """Do a run to its end, from where its folder stands; returns the exit code."""
    control = Control()
    with interruptible(control), reporting(arguments) as report:
        end = run_task(settings, folder, report, control)
    match end:
        case Failed():
            return FAILED
        case Finished(reason=Reason.DISCARDED):
            return DISCARDED
    if not wants_json(arguments):
        print("\n".join(settings.summary(folder)))
    return OK
