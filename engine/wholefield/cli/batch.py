"""A task on many files: `wholefield predict FOLDER... --out RESULTS` and the like."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from wholefield.cli.exit_codes import DISCARDED, INCOMPLETE, OK
from wholefield.cli.options import number_option
from wholefield.cli.terminal import interruptible, reporting, show_result
from wholefield.errors import SettingError
from wholefield.runs.control import Control
from wholefield.runs.settings import RunSettings
from wholefield.tasks.batch.jobs import FAILED, jobs_of, keep_settings
from wholefield.tasks.batch.processes import Processes
from wholefield.tasks.batch.run import Doer, one_by_one, run_batch, summary
from wholefield.tasks.batch.table import demand_pyarrow, rows_of, write_csv, write_parquet

TABLE = "results.csv"


def add_batch_options(parser: argparse.ArgumentParser) -> None:
    """Add what only many files need."""
    group = parser.add_argument_group(
        "many files", "Give several files or folders, and --out for the results."
    )
    group.add_argument(
        "--processes",
        type=number_option(int),
        metavar="N",
        help="Processes to use on this machine. Default: this one.",
    )
    group.add_argument(
        "--scheduler", metavar="ADDRESS", help="Address of a dask scheduler whose workers to use."
    )
    group.add_argument("--parquet", action="store_true", help="Write the table of results as Parquet, too.")


def run_many(settings: RunSettings, paths: Sequence[Path], arguments: argparse.Namespace) -> int:
    """Do the task on every file; returns the exit code.

    Raises:
        WholefieldError: Nothing can be begun; single files that fail are reported and skipped.
    """
    if "out" not in arguments:
        raise SettingError("Many files need --out, a folder for the results; add it.")
    out: Path = arguments.out
    if arguments.parquet:
        demand_pyarrow()
    jobs, control = jobs_of(settings, paths, out), Control()
    # What all have in common; a file that is not there fails by itself.
    next((job for job in jobs if job.file.exists()), jobs[0]).settings.validate()
    keep_settings(settings, out)
    with interruptible(control), reporting(arguments) as report:
        found = run_batch(jobs, _doer(arguments), report, control)
    rows = rows_of(found)
    write_csv(out / TABLE, rows)
    if arguments.parquet:
        write_parquet((out / TABLE).with_suffix(".parquet"), rows)
    show_result(arguments, out / TABLE, summary(found, jobs, out / TABLE))
    if len(found) < len(jobs):
        return DISCARDED
    return INCOMPLETE if any(outcome.status == FAILED for _, outcome in found) else OK


def _doer(arguments: argparse.Namespace) -> Doer:
    if arguments.scheduler is None and arguments.processes is None:
        return one_by_one
    if arguments.processes is not None and arguments.processes < 1:
        raise SettingError(f"--processes is {arguments.processes} but must be at least 1.")
    return Processes(arguments.processes or 1, arguments.scheduler)
