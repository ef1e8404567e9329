"""`tessera export-stack`: a stack of any format as TIFF, NIfTI or OME-Zarr."""

import argparse
import sys

from engine.cli.options import add_settings, settings_from
from engine.cli.terminal import Terminal, interruptible
from engine.errors import SettingError
from engine.runs.control import Control, RunCancelled
from engine.runs.stacks.export_config import StackExportConfig

ABANDONED = 130


def add_export_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `tessera export-stack`."""
    add_settings(parser, StackExportConfig)
    parser.add_argument("--replace", action="store_true", help="Replace the output if it exists.")


def export(arguments: argparse.Namespace) -> int:
    """Write the stack, whole or not at all; progress goes to the error stream.

    Raises:
        TesseraError: It cannot be read, or not be written like this.
    """
    from engine.runs.stacks.export import export_stack

    config = settings_from(arguments, StackExportConfig)
    config.validate()
    if config.out.exists() and not arguments.replace:
        raise SettingError(f"{config.out} exists; choose another name or give --replace.")
    control = Control()
    try:
        with interruptible(control):
            exported = export_stack(config, Terminal(), control)
    except RunCancelled:
        print("stopped; nothing is kept", file=sys.stderr)
        return ABANDONED
    print(exported.path)
    return 0
