"""Writing recordings as HDF5 that any HDF5 library reads, without a filter plugin.

The layout is Prophesee's: `/CD/events` and `/EXT_TRIGGER/events` of compounds, each with an index `/.../indexes` of one
entry (id, ts) every 2,000 us, the number of the first event not before that time on the clock of the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from wholefield.files import replacing
from wholefield.progress import ProgressCallback
from wholefield.sources.events.recording import EVENT_DTYPE, Events, Recording

CHUNK_EVENTS = 16384
INDEX_PERIOD_US = 2000
INDEX_DTYPE = np.dtype([("id", "<i8"), ("ts", "<i8")])
# A damaged clock can leap by years; an index over the leap would fill the disk.
LARGEST_INDEX = 2**24
GZIP_LEVEL = 1


def write_events_hdf5(
    path: Path,
    chunks: Iterable[Events],
    width: int,
    height: int,
    *,
    start_us: int = 0,
    triggers: Events | None = None,
    metadata: Mapping[str, str] | None = None,
    gzip: bool = False,
) -> int:
    """Write a recording, a chunk at a time; the file appears under its name once it is complete.

    Args:
        path: The file to write.
        chunks: Events (`EVENT_DTYPE`), ascending in time within and between chunks.
        width: Width of the sensor in px.
        height: Height of the sensor in px.
        start_us: Added to all times, in us: the clock of the file at time 0.
        triggers: External triggers (`TRIGGER_DTYPE`).
        metadata: Kept as attributes.
        gzip: Whether to compress: smaller and slower, still without a plugin.

    Returns:
        The number of events.

    Raises:
        ValueError: The events are not in order of time.
        OSError: The disk is full or may not be written to.
    """
    with replacing(path) as temporary, h5py.File(temporary, "w") as file:
        file.attrs.update({**(metadata or {}), "geometry": f"{width}x{height}", "version": "1.0"})
        writer = _Writer(file, "CD", EVENT_DTYPE, gzip)
        for chunk in chunks:
            writer.append(chunk, start_us)
        if triggers is not None and triggers.size:
            _Writer(file, "EXT_TRIGGER", triggers.dtype, gzip).append(triggers, start_us)
    return writer.written


def write_recording(
    path: Path, recording: Recording, progress: ProgressCallback | None = None, *, gzip: bool = False
) -> int:
    """Write an open recording with its triggers and metadata, on the clock of its file.

    Args:
        path: The file to write.
        recording: What to write; is indexed first.
        progress: Called with the events written and all events; an error that it raises stops the writing.
        gzip: Whether to compress.

    Returns:
        The number of events.

    Raises:
        SourceError: The recording cannot be read.
        OSError: The disk is full or may not be written to.
    """
    recording.index()
    return write_events_hdf5(
        path,
        _reporting(recording, progress),
        recording.width,
        recording.height,
        start_us=recording.start_us,
        triggers=recording.triggers,
        metadata=recording.metadata,
        gzip=gzip,
    )


def _reporting(recording: Recording, progress: ProgressCallback | None) -> Iterator[Events]:
    """The chunks of a recording; each is reported once the next is asked for, as it is written by then."""
    written = 0
    for chunk in recording.chunks():
        yield chunk
        written += len(chunk)
        if progress is not None:
            progress(written, recording.num_events)


class _Writer:
    """One growing dataset of a group with its index."""

    def __init__(self, file: h5py.File, group: str, dtype: np.dtype[Any], gzip: bool) -> None:
        packing = {"compression": "gzip", "compression_opts": GZIP_LEVEL, "shuffle": True} if gzip else {}
        self._events = file.create_dataset(
            f"{group}/events", (0,), dtype, maxshape=(None,), chunks=(CHUNK_EVENTS,), **packing
        )
        self._index = file.create_dataset(
            f"{group}/indexes", (0,), INDEX_DTYPE, maxshape=(None,), chunks=(CHUNK_EVENTS,)
        )
        self._last: int | None = None
        self.written = 0

    def append(self, events: Events, start_us: int) -> None:
        """Add events whose times count from `start_us`."""
        if not events.size:
            return
        shifted = events.copy()
        shifted["t"] += start_us
        times = shifted["t"]
        if (times[1:] < times[:-1]).any() or (self._last is not None and times[0] < self._last):
            raise ValueError("events are not in order of time")
        self._extend_index(times)
        self._events.resize((self.written + len(events),))
        self._events[self.written :] = shifted
        self.written += len(events)
        self._last = int(times[-1])

    def _extend_index(self, times: np.ndarray[Any, np.dtype[np.int64]]) -> None:
        """Entries for the multiples of the period up to the last time that have none yet."""
        entries = len(self._index)
        begin = int(self._index[-1]["ts"]) + INDEX_PERIOD_US if entries else _multiple_before(int(times[0]))
        count = min((int(times[-1]) - begin) // INDEX_PERIOD_US + 1, LARGEST_INDEX - entries)
        if count <= 0:
            return
        moments = begin + INDEX_PERIOD_US * np.arange(count, dtype=np.int64)
        rows = np.zeros(count, INDEX_DTYPE)
        rows["ts"] = moments
        rows["id"] = self.written + np.searchsorted(times, moments, "left")
        self._index.resize((entries + count,))
        self._index[entries:] = rows


def _multiple_before(time: int) -> int:
    return time // INDEX_PERIOD_US * INDEX_PERIOD_US
