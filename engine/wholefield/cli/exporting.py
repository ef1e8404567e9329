"""Commands that write what a settings says into its `out`, whole or not at all."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

from wholefield.cli.exit_codes import DISCARDED, OK
from wholefield.cli.options import add_settings, settings_from
from wholefield.cli.terminal import add_report_options, interruptible, reporting, show_result
from wholefield.errors import SettingError
from wholefield.runs.control import Control, RunCancelled
from wholefield.runs.reports import ReportFunction
from wholefield.runs.settings import RunSettings


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
    control = Control()
    try:
        with interruptible(control), reporting(arguments) as report:
            exported = write(settings, report, control)
    except RunCancelled:
        print("stopped; nothing is kept", file=sys.stderr)
        return DISCARDED
    show_result(arguments, exported.path)
    return OK
