"""`wholefield runs` and `wholefield repeat`: earlier runs listed, compared, exported and done again."""

import argparse
import csv
import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from wholefield.cli.exit_codes import OK
from wholefield.cli.options import command_line
from wholefield.cli.running import RUNS, add_run_options, start
from wholefield.errors import SettingError
from wholefield.files import replacing
from wholefield.runs.folder import RunFolder
from wholefield.runs.paths import absolute
from wholefield.runs.provenance import Provenance
from wholefield.tasks.history import PastRun, differing_settings, read_run, runs_under
from wholefield.tasks.registry import settings_of

COLUMNS = ("run", "task", "ended", "epochs", "best epoch", "figure", "value")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `wholefield runs`."""
    words = parser.add_subparsers(dest="what", metavar="list|compare|export|command")
    child = words.add_parser("list", help="List runs, newest first; what `wholefield runs` alone does.")
    child.add_argument(
        "folder", type=Path, nargs="*", default=[RUNS], help=f"Folders of runs. Default: {RUNS}."
    )
    child = words.add_parser("compare", help="Show settings that differ, and the metrics of the best epochs.")
    child.add_argument("run", type=Path, nargs="+", help="Run folders.")
    child = words.add_parser("export", help="Write settings and metrics of runs as a table.")
    child.add_argument("run", type=Path, nargs="+", help="Run folders.")
    child.add_argument("-o", "--out", type=Path, required=True, help="File ending in .csv or .json.")
    child.add_argument("--replace", action="store_true", help="Replace the output if it exists.")
    child = words.add_parser("command", help="Print the command that does a run with the same settings.")
    child.add_argument("run", type=Path, help="Run folder.")


def runs(arguments: argparse.Namespace) -> int:
    """Print what is asked for.

    Raises:
        WholefieldError: A run cannot be read, or the output not be written.
    """
    match arguments.what:
        case "compare":
            print(comparison([read_run(path) for path in arguments.run]))
        case "export":
            _export([read_run(path) for path in arguments.run], arguments.out, replace=arguments.replace)
        case "command":
            print(command_line(settings_of(RunFolder(arguments.run))))
        case _:
            found, faults = runs_under(getattr(arguments, "folder", [RUNS]))
            print(listing(found))
            for fault in faults:
                print(f"warning: {fault}", file=sys.stderr)
    return OK


def listing(found: Sequence[PastRun]) -> str:
    """The runs as a table."""
    if not found:
        return f"There are no runs; name the folder in which they are, where it is not {RUNS}."
    return aligned([COLUMNS, *(_line(run) for run in found)])


def _line(run: PastRun) -> Sequence[str]:
    quality = run.task.quality
    return (
        str(run.folder.path),
        run.title,
        run.ended,
        str(run.epochs or ""),
        str(run.best_epoch or ""),
        quality.metric if quality else "",
        "" if run.figure is None else f"{run.figure:.4g}",
    )


def comparison(found: Sequence[PastRun]) -> str:
    """The settings that differ, and the metrics of the best epochs, one column a run."""
    names = dict.fromkeys(name for run in found for name in run.metrics)
    metrics = [[name, *(_number(run.metrics.get(name)) for run in found)] for name in names]
    settings = [
        [name, *("" if value is None else str(value) for value in row)]
        for name, row in differing_settings(found).items()
    ]
    epochs = ["best epoch", *(str(run.best_epoch or "") for run in found)]
    return aligned([["", *(run.name for run in found)], *settings, epochs, *metrics])


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Rows of texts with columns as wide as they need to be."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(f"{text:<{width}}" for text, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def plain(run: PastRun) -> dict[str, Any]:
    """A run as one flat row: `setting.` and `metric.` begin the names of its settings and of its best metrics."""
    return {
        "run": str(run.folder.path),
        "task": run.task.name,
        "begun": run.begun.isoformat(),
        "ended": run.ended,
        "epochs": run.epochs,
        "best_epoch": run.best_epoch,
        **{f"setting.{name}": value for name, value in run.settings.to_json().items() if name != "task"},
        **{f"metric.{name}": value for name, value in run.metrics.items()},
    }


def _export(found: Sequence[PastRun], out: Path, *, replace: bool) -> None:
    if out.suffix not in (".csv", ".json"):
        raise SettingError(f"{out} must end in .csv or .json; choose such a name.")
    if out.exists() and not replace:
        raise SettingError(f"{out} exists; choose another name or pass --replace.")
    rows = [plain(run) for run in found]
    with replacing(out) as temporary:
        if out.suffix == ".json":
            text = json.dumps(rows, indent=2) + "\n"
        else:
            table = io.StringIO(newline="")
            writer = csv.DictWriter(table, list(dict.fromkeys(name for row in rows for name in row)))
            writer.writeheader()
            writer.writerows(rows)
            text = table.getvalue()
        temporary.write_text(text, encoding="utf-8", newline="")
    print(out)


def add_repeat_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `wholefield repeat`."""
    parser.add_argument("run", type=Path, help="Run folder.")
    parser.add_argument(
        "--other-data", action="store_true", help="Repeat it even if its data are no longer what they were."
    )
    add_run_options(parser)


def repeat(arguments: argparse.Namespace) -> int:
    """Do a run once more in a folder of its own; what could change the result is told first.

    Raises:
        SettingError: Its settings cannot be read, or its data have changed.
    """
    folder = RunFolder(arguments.run)
    settings = absolute(settings_of(folder))
    if folder.provenance_file.exists():
        before, now = Provenance.read(folder.provenance_file), Provenance.now(settings)
        if (changed := before.other_data(now)) and not arguments.other_data:
            raise SettingError(
                f"The data of the run have changed since: {', '.join(changed)}. Restore them, or pass --other-data."
            )
        if others := before.other_conditions(now):
            print(f"warning: The last digits may differ: {', '.join(others)}.", file=sys.stderr)
    else:
        print(
            f"warning: {folder.path} does not say with which data and versions it was made.", file=sys.stderr
        )
    return start(settings, arguments)
