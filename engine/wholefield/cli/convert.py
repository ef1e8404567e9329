"""`wholefield convert`: a recording of any format as HDF5 that needs no plugin."""

import argparse
from pathlib import Path

from wholefield.cli.exit_codes import OK
from wholefield.cli.terminal import add_report_options, parts, reporting, show_result
from wholefield.errors import SettingError, SourceError
from wholefield.runs.reports import Level, Message
from wholefield.tasks.reading import HELP

HDF5_SUFFIXES = (".h5", ".hdf5")
READING = HELP.format(what="the recording is")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `wholefield convert`."""
    parser.add_argument("input", type=Path, help="Recording of an event camera.")
    parser.add_argument("output", type=Path, help="HDF5 file to write, ending in .h5 or .hdf5.")
    parser.add_argument("--reading", help=READING)
    parser.add_argument("--gzip", action="store_true", help="Compress: smaller and slower.")
    parser.add_argument("--replace", action="store_true", help="Replace the output if it exists.")
    add_report_options(parser)


def convert(arguments: argparse.Namespace) -> int:
    """Convert a recording; progress goes to the error stream.

    Raises:
        SettingError: The output exists or has another suffix.
        SourceError: The input cannot be read, or the output not be written.
    """
    from wholefield.export.events import write_recording
    from wholefield.sources import open_indexed

    output: Path = arguments.output
    if output.suffix.lower() not in HDF5_SUFFIXES:
        raise SettingError(f"{output} must end in .h5 or .hdf5; choose such a name.")
    if output.exists() and not arguments.replace:
        raise SettingError(f"{output} exists; choose another name or pass --replace.")
    with (
        reporting(arguments) as report,
        open_indexed(
            arguments.input, reading=arguments.reading, progress=parts(report, "Reading")
        ) as recording,
    ):
        try:
            count = write_recording(output, recording, parts(report, "Writing"), gzip=arguments.gzip)
        except OSError as error:
            raise SourceError(f"{output} cannot be written ({error}); choose another folder.") from error
        for warning in recording.warnings:
            report(Message(Level.WARNING, warning))
    show_result(arguments, output, f"{output}: {count} events")
    return OK
