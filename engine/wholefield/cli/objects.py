"""`wholefield objects`: the objects of a map as a table, outlines or a label image."""

import argparse

from wholefield.cli import exporting
from wholefield.tasks.objects_settings import ObjectsSettings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `wholefield objects`."""
    exporting.add_export_arguments(parser, ObjectsSettings)


def objects(arguments: argparse.Namespace) -> int:
    """Find and write the objects.

    Raises:
        WholefieldError: The map cannot be read, or the file not be written.
    """
    from wholefield.tasks.objects import export_objects

    return exporting.export_by(arguments, ObjectsSettings, export_objects)
