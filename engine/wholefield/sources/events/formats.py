"""Which format of recordings a file has, found from its first bytes and its name."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

RECORDING_SUFFIXES = (".raw", ".dat", ".h5", ".hdf5", ".aedat4", ".txt", ".csv", ".npz")
HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"
AEDAT4_SIGNATURE = b"#!AER-DAT4"
ZIP_SIGNATURE = b"PK\x03\x04"
HEADER_SIGNATURE = b"% "
RAW_LINES = (b"% evt ", b"% format EVT", b"% plugin_name ", b"% system_ID ")
DAT_FIRST_LINE = b"% Data file containing"
HEAD_BYTES = 4096
TEXT_SUFFIXES = (".txt", ".csv")


class RecordingFormat(StrEnum):
    """A format of recordings, by the reader that opens it."""

    RAW = "raw"
    DAT = "dat"
    HDF5 = "hdf5"
    AEDAT4 = "aedat4"
    TEXT = "text"
    NPZ = "npz"


def recording_format(path: Path) -> RecordingFormat | None:
    """The format of a file; None if it is not a recording that we know.

    Raises:
        OSError: The file cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    suffix = path.suffix.lower()
    if head.startswith(AEDAT4_SIGNATURE):
        return RecordingFormat.AEDAT4
    if head.startswith(HEADER_SIGNATURE):
        return _headed_format(head, suffix)
    if head.startswith(HDF5_SIGNATURE):
        from wholefield.sources.events.hdf5 import layout_of

        return RecordingFormat.HDF5 if layout_of(path) else None
    if head.startswith(ZIP_SIGNATURE) and suffix == ".npz":
        from wholefield.sources.events.arrays import is_event_archive

        return RecordingFormat.NPZ if is_event_archive(path) else None
    if suffix in TEXT_SUFFIXES:
        from wholefield.sources.events.text import text_layout

        return RecordingFormat.TEXT if text_layout(head) else None
    return None


def _headed_format(head: bytes, suffix: str) -> RecordingFormat | None:
    """The format of a file that begins with lines `% key value`, as other files do too."""
    if suffix == ".dat" or head.startswith(DAT_FIRST_LINE):
        return RecordingFormat.DAT
    return RecordingFormat.RAW if suffix == ".raw" or any(line in head for line in RAW_LINES) else None
