"""`wholefield convert`: a recording of any format as HDF5 that needs no plugin."""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

from wholefield.errors import SettingError, SourceError
from wholefield.progress import ProgressCallback
from wholefield.tasks.reading import HELP

HDF5_SUFFIXES = (".h5", ".hdf5")
REPORT_SECONDS = 1.0
READING = HELP.format(what="the recording is")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `wholefield convert`."""
    parser.add_argument("input", type=Path, help="Recording of an event camera.")
    parser.add_argument("output", type=Path, help="HDF5 file to write, ending in .h5 or .hdf5.")
    parser.add_argument("--reading", help=READING)
    parser.add_argument("--gzip", action="store_true", help="Compress: smaller and slower.")
    parser.add_argument("--replace", action="store_true", help="Replace the output if it exists.")


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
    with open_indexed(arguments.input, reading=arguments.reading, progress=_reporter("read")) as recording:
        try:
            count = write_recording(output, recording, _reporter("written"), gzip=arguments.gzip)
        except OSError as error:
            raise SourceError(f"{output} cannot be written ({error}); choose another folder.") from error
        for warning in recording.warnings:
            print(f"warning: {warning}", file=sys.stderr)
    print(f"{output}: {count} events")
    return 0


def _reporter(what: str, clock: Callable[[], float] = time.monotonic) -> ProgressCallback:
    """Prints the share done, at most once a second."""
    last = clock()

    def report(done: int, total: int) -> None:
        nonlocal last
        if clock() - last >= REPORT_SECONDS:
            last = clock()
            print(f"{done / total:.0%} {what}", file=sys.stderr, flush=True)

    return report
