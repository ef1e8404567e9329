"""Recordings in HDF5: Prophesee's and our own, DSEC's and MVSEC's."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np

from wholefield.errors import SourceError
from wholefield.sources.events.recording import EVENT_DTYPE, TRIGGER_DTYPE, Events, RecordingDescription
from wholefield.sources.events.sensors import likely_sensor, size_from
from wholefield.sources.events.table import EventTable, TableRecording
from wholefield.sources.hdf5_library import h5py

ECF_FILTER = 0x8ECF
# Where events lie in each layout.
COMPOUND = "CD/events"
COMPOUND_TRIGGERS = "EXT_TRIGGER/events"
COLUMNS = "events"
ROWS = ("davis/left/events", "davis/right/events")
DSEC_SIZE = (640, 480)
MVSEC_SIZE = (346, 260)


class Layout(StrEnum):
    """How an HDF5 file holds events."""

    COMPOUND = "Prophesee HDF5"
    COLUMNS = "HDF5 columns"
    DSEC = "DSEC HDF5"
    MVSEC = "MVSEC HDF5"


def layout_of(path: Path) -> Layout | None:
    """The layout of an HDF5 file; None if it holds no events that we know or cannot be read."""
    try:
        with h5py.File(path, "r") as file:
            return _layout(file)
    except (OSError, RuntimeError, KeyError):
        return None


def open_hdf5(path: Path) -> TableRecording:
    """Open a recording in HDF5.

    Raises:
        SourceError: It is damaged or holds no events that we know.
    """
    try:
        file = h5py.File(path, "r")
    except (OSError, RuntimeError) as error:
        raise SourceError(
            f"{path} is damaged or was not copied completely ({_short(error)}); copy it again."
        ) from error
    try:
        layout = _layout(file)
        if layout is None:
            raise SourceError(f"{path} holds no events where they are known to be; choose another file.")
        table: EventTable = _CompoundTable(file) if layout is Layout.COMPOUND else _columns(file, layout)
        metadata = {name: _text(value) for name, value in file.attrs.items()}
        size = size_from(metadata) or {Layout.DSEC: DSEC_SIZE, Layout.MVSEC: MVSEC_SIZE}.get(layout)
        width, height, warnings = (*size, ()) if size else _measured(table)
        return TableRecording(
            path, RecordingDescription(layout.value, width, height, metadata, warnings), table
        )
    except BaseException as error:
        file.close()
        if isinstance(error, OSError | RuntimeError | KeyError | ValueError | TypeError):
            raise SourceError(f"{path} is damaged ({_short(error)}); copy it again.") from error
        raise


def _layout(file: h5py.File) -> Layout | None:
    if isinstance(file.get(COMPOUND), h5py.Dataset):
        return Layout.COMPOUND
    group = file.get(COLUMNS)
    if isinstance(group, h5py.Group) and all(name in group for name in "xytp"):
        return Layout.DSEC if "t_offset" in file else Layout.COLUMNS
    return Layout.MVSEC if any(isinstance(file.get(name), h5py.Dataset) for name in ROWS) else None


def _measured(table: EventTable) -> tuple[int, int, tuple[str, ...]]:
    """A size that holds all events, for want of a better one."""
    blocks = (table.read_block(number)[0] for number in range(-(-table.length // table.block)))
    sizes = [likely_sensor([block], whole=True) for block in blocks if block.size]
    width = max((size[0] for size in sizes), default=1)
    height = max((size[1] for size in sizes), default=1)
    text = f"The size of the sensor is not in the file; {width} x {height} px was taken from the events."
    return width, height, (text,)


class _CompoundTable(EventTable):
    """`/CD/events`, plain, compressed by a filter that HDF5 knows, or by ECF, which is decoded here."""

    def __init__(self, file: h5py.File) -> None:
        self._file = file
        self._data = file[COMPOUND]
        self.length = int(self._data.shape[0])
        if self._data.chunks is not None:
            self.block = int(self._data.chunks[0])
        filters = self._data.id.get_create_plist()
        codes = [filters.get_filter(i)[0] for i in range(filters.get_nfilters())]
        if ECF_FILTER in codes and codes != [ECF_FILTER]:
            raise ValueError("ECF beside other filters")
        self._ecf = codes == [ECF_FILTER]
        missing = {"x", "y", "p", "t"} - set(self._data.dtype.names or ())
        if missing:
            raise ValueError(f"{COMPOUND} has no {', '.join(sorted(missing))}")

    def read_block(self, number: int) -> tuple[Events, str]:
        """See `EventTable.read_block`."""
        begin = number * self.block
        expected = min(self.block, self.length - begin)
        try:
            events = self._read_ecf(begin) if self._ecf else _converted(self._data[begin : begin + expected])
        except (OSError, RuntimeError, ValueError):
            events = np.zeros(0, EVENT_DTYPE)
        return _with_damage(events[:expected], begin, expected)

    def triggers(self) -> Events | None:
        """See `EventTable.triggers`; those compressed by ECF's sister cannot be read and are left out."""
        data = self._file.get(COMPOUND_TRIGGERS)
        if not isinstance(data, h5py.Dataset):
            return None
        found = np.zeros(data.shape[0], TRIGGER_DTYPE)
        try:
            rows = data[:]
            for name in TRIGGER_DTYPE.names or ():
                found[name] = rows[name]
        except (OSError, RuntimeError, ValueError):
            return None
        return found

    def close(self) -> None:
        """See `EventTable.close`."""
        self._file.close()

    def _read_ecf(self, begin: int) -> Events:
        from wholefield.sources.events.ecf import decode_chunk

        mask, content = self._data.id.read_direct_chunk((begin,))
        # A bit of the mask says that the filter was skipped for this chunk.
        return np.frombuffer(content, EVENT_DTYPE) if mask & 1 else decode_chunk(content)[0]


class _ColumnTable(EventTable):
    """Events that are read by columns or rows, through a function from (begin, end)."""

    def __init__(self, file: h5py.File, length: int, read: Callable[[int, int], Events]) -> None:
        self._file = file
        self._read = read
        self.length = length

    def read_block(self, number: int) -> tuple[Events, str]:
        """See `EventTable.read_block`."""
        begin = number * self.block
        expected = min(self.block, self.length - begin)
        try:
            events = self._read(begin, begin + expected)
        except (OSError, RuntimeError, ValueError):
            events = np.zeros(0, EVENT_DTYPE)
        return _with_damage(events, begin, expected)

    def close(self) -> None:
        """See `EventTable.close`."""
        self._file.close()


def _columns(file: h5py.File, layout: Layout) -> _ColumnTable:
    if layout is Layout.MVSEC:
        rows = next(file[name] for name in ROWS if name in file)
        if rows.ndim != 2 or rows.shape[1] != 4:
            raise ValueError(f"{rows.name} is not a table of four columns")
        # Columns x, y, time in s, polarity.
        return _ColumnTable(
            file, int(rows.shape[0]), lambda begin, end: columns_to_events(*rows[begin:end].T[[0, 1, 2, 3]])
        )
    group = file[COLUMNS]
    x, y, t, p = (group[name] for name in "xytp")
    offset = int(file["t_offset"][()]) if "t_offset" in file else 0

    def read(begin: int, end: int) -> Events:
        return columns_to_events(x[begin:end], y[begin:end], t[begin:end], p[begin:end], offset)

    return _ColumnTable(file, min(len(column) for column in (x, y, t, p)), read)


def columns_to_events(x: Any, y: Any, t: Any, p: Any, offset: int = 0) -> Events:
    """Columns as `EVENT_DTYPE`: times in s where they are floating point, in us otherwise; polarity on if > 0.

    Args:
        x: Column of the sensor in px.
        y: Row of the sensor in px.
        t: Time.
        p: Polarity, as 0 and 1 or as -1 and 1.
        offset: Added to the times, in us.
    """
    events = np.zeros(len(t), EVENT_DTYPE)
    times = np.asarray(t)
    seconds = np.issubdtype(times.dtype, np.floating)
    events["t"] = (np.rint(times.astype(np.float64) * 1e6) if seconds else times).astype(np.int64) + offset
    events["x"], events["y"], events["p"] = x, y, np.asarray(p) > 0
    return events


def _converted(rows: Any) -> Events:
    if rows.dtype == EVENT_DTYPE:
        return rows
    return columns_to_events(rows["x"], rows["y"], rows["t"], rows["p"])


def _with_damage(events: Events, begin: int, expected: int) -> tuple[Events, str]:
    if len(events) == expected:
        return events, ""
    place = f"events {begin + len(events)} to {begin + expected - 1}"
    return events, f"The file is damaged: {place} cannot be read and are left out."


def _text(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _short(error: BaseException) -> str:
    return (
        str(error).strip().splitlines()[0].rstrip(".")[:120] if str(error).strip() else type(error).__name__
    )
