"""`wholefield export-stack`: a stack of any format as TIFF, NIfTI or OME-Zarr."""

import argparse

from wholefield.cli import exporting
from wholefield.tasks.stacks.output_settings import StackExportSettings


def add_export_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `wholefield export-stack`."""
    exporting.add_export_arguments(parser, StackExportSettings)


def export(arguments: argparse.Namespace) -> int:
    """Write the stack.

    Raises:
        WholefieldError: It cannot be read, or not be written like this.
    """
    from wholefield.tasks.stacks.export import export_stack

    return exporting.export_by(arguments, StackExportSettings, export_stack)
