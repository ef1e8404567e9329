"""Recordings in HDF5: Prophesee's and our own, DSEC's, MVSEC's, and columns or tables in any order and unit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from wholefield.errors import SourceError
from wholefield.sources.choices import Answer, Question, Reading
from wholefield.sources.events.columns.convert import Layout as ColumnLayout
from wholefield.sources.events.columns.decision import ASKED, SIZE_QUESTION, stated_size, table_questions
from wholefield.sources.events.recording import EVENT_DTYPE, TRIGGER_DTYPE, Events, RecordingDescription
from wholefield.sources.events.sensors import size_from
from wholefield.sources.events.table import Block, EventTable, TableRecording
from wholefield.sources.events.tables.column_table import missing_rows, open_columns
from wholefield.sources.events.tables.hdf5_layouts import (
    COMPOUND,
    Layout,
    Place,
    attribute_text,
    chosen,
    columns_at,
    places_in,
    stored_rows,
)
from wholefield.sources.hdf5_library import h5py

ECF_FILTER = 0x8ECF
COMPOUND_TRIGGERS = "EXT_TRIGGER/events"
# Events of a block; a chunk that ECF has packed is read as a whole and can be larger, up to a limit.
LARGEST_BLOCK, LARGEST_CHUNK = 1 << 16, 1 << 22
# Bytes of unpacked chunks kept per dataset: several blocks of events lie in one chunk.
CHUNK_CACHE = 1 << 25
LARGEST_TRIGGERS = 1 << 24
FIELDS = ("x", "y", "p", "t")


def layout_of(path: Path) -> Layout | None:
    """The layout of an HDF5 file; None if it holds no events that we know or cannot be read."""
    try:
        with h5py.File(path, "r") as file:
            places = places_in(file)
            return places[0].layout if places else None
    except (OSError, RuntimeError, KeyError, ValueError, TypeError):
        return None


def open_hdf5(path: Path, reading: Reading | None = None) -> TableRecording:
    """Open a recording in HDF5.

    Args:
        path: The file.
        reading: May say `dataset`, the one of several recordings in the file, and `columns`, `unit` and `size`.

    Raises:
        UnclearFileError: Two readings fit.
        SourceError: It is damaged or holds no events that we know.
    """
    reading = (reading or Reading()).only(path, "dataset", *ASKED)
    file = _file(path)
    try:
        with _damage_told(path):
            places = _places(path, file)
            place = chosen(path, places, reading.get("dataset"))
            return _open(path, file, place, reading, _other_recordings(places, place, reading))
    except BaseException:
        file.close()
        raise


def ask_hdf5(path: Path, reading: Reading) -> tuple[Question, ...]:
    """What can be chosen for an HDF5 file."""
    with _file(path) as file, _damage_told(path):
        places = _places(path, file)
        place = chosen(path, places, reading.get("dataset"))
        answers = tuple(Answer(each.path.strip("/")) for each in places)
        dataset = Question(
            "dataset", "Recording", answers, help="Which of the recordings in the file is shown."
        )
        several = (dataset,) if len(places) > 1 else ()
        if place.layout is Layout.COMPOUND:
            return (*several, SIZE_QUESTION)
        return (*several, *table_questions(columns_at(file, place).sample(), reading))


def _open(
    path: Path, file: h5py.File, place: Place, reading: Reading, warnings: tuple[str, ...]
) -> TableRecording:
    if place.layout is not Layout.COMPOUND:
        columns = columns_at(file, place)
        if not columns.length:
            raise SourceError(f"{path} holds no events; choose another file.")
        recording = open_columns(path, place.layout.value, columns, reading)
        recording.warn(*warnings)
        return recording
    metadata = {name: attribute_text(value) for name, value in file.attrs.items()}
    size = stated_size(path, reading) or size_from(metadata) or (0, 0)
    description = RecordingDescription(place.layout.value, *size, metadata, warnings)
    return TableRecording(path, description, _CompoundTable(file))


def _file(path: Path) -> h5py.File:
    try:
        return h5py.File(path, "r", rdcc_nbytes=CHUNK_CACHE)
    except (OSError, RuntimeError) as error:
        raise SourceError(
            f"{path} is damaged or was not copied completely ({_short(error)}); copy it again."
        ) from error


def _places(path: Path, file: h5py.File) -> list[Place]:
    places = places_in(file)
    if not places:
        raise SourceError(f"{path} holds no events where they are known to be; choose another file.")
    return places


def _other_recordings(places: list[Place], place: Place, reading: Reading) -> tuple[str, ...]:
    """The warning that a file holds more than what is opened."""
    others = ", ".join(other.path.strip("/") for other in places if other is not place)
    if not others or "dataset" in reading:
        return ()
    return (
        f"The file holds {len(places)} recordings; {place.path.strip('/')} is open, and {others} can be chosen.",
    )


@contextmanager
def _damage_told(path: Path) -> Iterator[None]:
    """Turn what HDF5 and the checks of layouts raise into sentences about a file."""
    try:
        yield
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        raise SourceError(f"{path} is damaged ({_short(error)}); copy it again.") from error


class _CompoundTable(EventTable):
    """`/CD/events`, plain, compressed by a filter that HDF5 knows, or by ECF, which is decoded here."""

    def __init__(self, file: h5py.File) -> None:
        self._file = file
        self._data = file[COMPOUND]
        self.length = stored_rows(self._data)
        filters = self._data.id.get_create_plist()
        codes = [filters.get_filter(i)[0] for i in range(filters.get_nfilters())]
        if ECF_FILTER in codes and codes != [ECF_FILTER]:
            raise ValueError("ECF beside other filters")
        self._ecf = codes == [ECF_FILTER]
        chunk = int(self._data.chunks[0]) if self._data.chunks is not None else 1
        # ECF packs a chunk as a whole; of other chunks a block takes as many as make one of the usual size.
        self.block = chunk if self._ecf else min(max(self.block // chunk, 1) * chunk, LARGEST_BLOCK)
        if self.block > LARGEST_CHUNK:
            raise ValueError(f"chunks of {self.block} events")
        missing = set(FIELDS) - set(self._data.dtype.names or ())
        if missing:
            raise ValueError(f"{COMPOUND} has no {', '.join(sorted(missing))}")

    def read_block(self, number: int) -> Block:
        """See `EventTable.read_block`."""
        begin = number * self.block
        expected = min(self.block, self.length - begin)
        try:
            if self._ecf:
                events = self._read_ecf(begin)[:expected]
                return Block(events, missing_rows(begin, len(events), expected))
            rows = self._data[begin : begin + expected]
        except (OSError, RuntimeError, ValueError):
            return Block(np.zeros(0, EVENT_DTYPE), missing_rows(begin, 0, expected))
        if rows.dtype == EVENT_DTYPE and bool((rows["p"] >> 1 == 0).all()):
            return Block(rows, missing_rows(begin, len(rows), expected))
        events, left_out = ColumnLayout(("x", "y", "p", "t"), "us").events([rows[name] for name in FIELDS])
        return Block(events, missing_rows(begin, len(rows), expected), left_out)

    def triggers(self) -> Events | None:
        """See `EventTable.triggers`; those compressed by ECF's sister cannot be read and are left out."""
        data = self._file.get(COMPOUND_TRIGGERS)
        if not isinstance(data, h5py.Dataset) or data.ndim != 1 or data.shape[0] > LARGEST_TRIGGERS:
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


def _short(error: BaseException) -> str:
    return (
        str(error).strip().splitlines()[0].rstrip(".")[:120] if str(error).strip() else type(error).__name__
    )
