"""Commands that write what a settings says into its `out`, whole or not at all."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

from wholefield.cli.options import add_settings, settings_from
from wholefield.cli.terminal import add_report_options, interruptible, reporter, wants_json
from wholefield.errors import SettingError
from wholefield.runs.control import Control, RunCancelled
from wholefield.runs.reports import Finished, Reason, ReportFunction
from wholefield.runs.settings import RunSettings

DISCARDED = 130


class _Exported(Protocol):
    @property
    def path(self) -> Path: ...


_Settings = TypeVar("_Settings", bound=RunSettings)


def add_export_arguments(parser: argparse.ArgumentParser, settings: type[RunSettings]) -> None:
    """Add the settings of an export and the option to replace existing output."""
    add_settings(parser, settings)
    parser.add_argument("--replace", action="store_true", help="Replace the output if it exists.")
    add_report_options(parser)


def export_by(
    arguments: argparse.Namespace,
    kind: type[_Settings],
    write: Callable[[_Settings, ReportFunction, Control], _Exported],
) -> int:
    """Write the file, print its path, and return the exit code; progress goes to the error stream.

    Raises:
        WholefieldError: A setting is out of range, or something cannot be read or written.
    """
    settings = settings_from(arguments, kind)
    settings.validate()
    out: Path = getattr(settings, "out")  # noqa: B009  (every export has one; RunSettings in general has not)
    if out.exists() and not arguments.replace:
        raise SettingError(f"{out} exists; choose another name or pass --replace.")
    control, report = Control(), reporter(arguments)
    try:
        with interruptible(control):
            exported = write(settings, report, control)
    except RunCancelled:
        print("stopped; nothing is kept", file=sys.stderr)
        return DISCARDED
    if wants_json(arguments):
        report(Finished(exported.path, Reason.COMPLETED))
    else:
        print(exported.path)
    return 0
