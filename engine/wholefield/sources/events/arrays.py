"""Recordings as numpy archives (npz): arrays t, x, y and p, or one array of events."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from wholefield.errors import SourceError
from wholefield.sources.events.hdf5 import columns_to_events
from wholefield.sources.events.recording import Events, RecordingDescription
from wholefield.sources.events.sensors import likely_sensor, size_from
from wholefield.sources.events.table import ArrayTable, TableRecording
from wholefield.sources.events.text import NAMES

EVENTS = "events"


def is_event_archive(path: Path) -> bool:
    """Whether an npz file has the arrays of a recording, from their names alone."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = [Path(name).stem for name in archive.namelist()]
    except (OSError, zipfile.BadZipFile):
        return False
    return EVENTS in names or set(_columns(names)) == set("txyp")


def open_npz(path: Path) -> TableRecording:
    """Open a numpy archive; its events are held in memory.

    Raises:
        SourceError: It is damaged or holds no events.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            events = _events(archive)
            metadata = {name: str(archive[name]) for name in archive.files if archive[name].ndim == 0}
    except (OSError, ValueError, KeyError, IndexError, EOFError, zipfile.BadZipFile, MemoryError) as error:
        raise SourceError(f"{path} holds no events that can be read ({error}); copy it again.") from error
    except Exception as error:  # zlib and the header parser have errors of their own
        raise SourceError(f"{path} is damaged ({type(error).__name__}); copy it again.") from error
    if not events.size:
        raise SourceError(f"{path} holds no events; choose another file.")
    size = size_from(metadata)
    warnings: tuple[str, ...] = ()
    if size is None:
        size = likely_sensor([events], whole=True)
        text = (
            f"The size of the sensor is not in the file; {size[0]} x {size[1]} px was taken from the events."
        )
        warnings = (text,)
    return TableRecording(
        path, RecordingDescription("NumPy archive", *size, metadata, warnings), ArrayTable(events)
    )


def _columns(names: list[str]) -> dict[str, str]:
    return {NAMES[name.lower()]: name for name in names if name.lower() in NAMES}


def _events(archive: Any) -> Events:
    columns = _columns(archive.files)
    if set(columns) == set("txyp"):
        return columns_to_events(*(archive[columns[name]].ravel() for name in "xytp"))
    table = archive[EVENTS]
    if table.dtype.names:
        fields = _columns(list(table.dtype.names))
        return columns_to_events(*(table[fields[name]].ravel() for name in "xytp"))
    if table.ndim != 2 or table.shape[1] != 4:
        raise ValueError(f"{EVENTS} is not a table of t, x, y and p")
    return columns_to_events(table[:, 1], table[:, 2], table[:, 0], table[:, 3])
