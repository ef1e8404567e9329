"""`tessera export-stack`: a stack of any format as TIFF, NIfTI or OME-Zarr."""

import argparse

from engine.cli import exporting
from engine.runs.stacks.export_config import StackExportConfig


def add_export_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `tessera export-stack`."""
    exporting.add_export_arguments(parser, StackExportConfig)


def export(arguments: argparse.Namespace) -> int:
    """Write the stack.

    Raises:
        TesseraError: It cannot be read, or not be written like this.
    """
    from engine.runs.stacks.export import export_stack

    return exporting.export_by(arguments, StackExportConfig, export_stack)
