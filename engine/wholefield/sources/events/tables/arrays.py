"""Recordings as numpy arrays: an npz archive of t, x, y and p, or of one table of events, or such a table as npy."""

from __future__ import annotations

import shutil
import struct
import tempfile
import zipfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from wholefield.errors import SourceError
from wholefield.sources.choices import Answer, Question, Reading, UnclearFileError
from wholefield.sources.events.columns.decision import ASKED, table_questions
from wholefield.sources.events.columns.names import ROLES, role_of
from wholefield.sources.events.columns.roles import fitting_orders
from wholefield.sources.events.table import TableRecording
from wholefield.sources.events.tables.column_table import Columns, open_columns
from wholefield.sources.events.tables.npy import LARGEST_HEADER, NpyTable, shape_of

EVENTS = "events"
NPY_SUFFIX = ".npy"
# A file of fewer rows without names is more likely something else.
FEWEST_ROWS = 20
# An archive above this size in bytes whose content is so many times smaller is made to fill disks.
LARGE, LARGEST_RATIO = 1 << 28, 200
LOCAL_HEADER = struct.Struct("<26xHH")
# Arrays of an archive looked at for events.
MOST_TABLES = 8
# Arrays of up to that many bytes are metadata, such as the size of the sensor.
NOTE_BYTES = 512


def is_event_archive(path: Path) -> bool:
    """Whether an npz file has the arrays of a recording: by their names, or as a table whose values fit."""
    try:
        with zipfile.ZipFile(path) as archive:
            infos = {info.filename.removesuffix(NPY_SUFFIX): info for info in archive.infolist()}
            if set(_roles(list(infos))) == set(ROLES):
                return True
            if EVENTS in infos:
                return _is_table(archive, infos[EVENTS])
            tables = bool(infos) and all(_is_table(archive, info) for info in infos.values())
    except (OSError, zipfile.BadZipFile):
        return False
    return tables and any(_table_fits(path, name) for name in list(infos)[:MOST_TABLES])


def is_event_array(path: Path) -> bool:
    """Whether an npy file has the fields of events, or four columns or more whose values fit."""
    try:
        with ExitStack() as stack:
            table = NpyTable(stack.enter_context(path.open("rb")))
            if table.names:
                return True
            columns = Columns(table.length, table.read)
            return (
                table.columns > 1 and table.length >= FEWEST_ROWS and bool(fitting_orders(columns.sample()))
            )
    except (OSError, ValueError):
        return False


def _is_table(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bool:
    """Whether an array has the shape of a table, by its header; a damaged one is left to the reader."""
    try:
        with archive.open(info) as member:
            shape = shape_of(member.read(LARGEST_HEADER))
    except Exception:  # the reader says what is wrong
        return True
    return shape is not None


def _table_fits(path: Path, name: str) -> bool:
    """Whether an array of an archive is a table whose values fit events."""
    try:
        columns = _archive_columns(path, Reading({"dataset": name}))
    except Exception:  # whatever is wrong with it, nothing says that these are events
        return False
    try:
        return bool(columns.names) or (
            columns.length >= FEWEST_ROWS and bool(fitting_orders(columns.sample()))
        )
    finally:
        columns.close()


def open_npz(path: Path, reading: Reading | None = None) -> TableRecording:
    """Open a numpy archive; what is compressed is unpacked into a temporary file.

    Args:
        path: The file.
        reading: May say `dataset`, the one of several tables, and `columns`, `unit` and `size`.

    Raises:
        UnclearFileError: Two readings fit, or it holds several tables.
        SourceError: It is damaged or holds no events.
    """
    reading = (reading or Reading()).only(path, "dataset", *ASKED)
    return _open(path, "NumPy archive", partial(_archive_columns, reading=reading), reading)


def open_npy(path: Path, reading: Reading | None = None) -> TableRecording:
    """Open a table of events in one numpy array; the arguments and errors are those of `open_npz`."""
    reading = (reading or Reading()).only(path, *ASKED)
    return _open(path, "NumPy array", _array_columns, reading)


def ask_npz(path: Path, reading: Reading) -> tuple[Question, ...]:
    """What can be chosen for an archive."""
    names = _several(path)
    if not names:
        return _questions(_archive_columns(path, reading), reading)
    # Which table it is comes first: what can be chosen for its columns follows from it.
    more = _questions(_archive_columns(path, reading), reading) if "dataset" in reading else ()
    return (_table_question(names), *more)


def ask_npy(path: Path, reading: Reading) -> tuple[Question, ...]:
    """What can be chosen for an array."""
    return _questions(_array_columns(path), reading)


def _open(path: Path, format_name: str, columns_of: Any, reading: Reading) -> TableRecording:
    columns = _columns(path, columns_of)
    try:
        if not columns.length:
            raise SourceError(f"{path} holds no events; choose another file.")
        return open_columns(path, format_name, columns, reading)
    except BaseException:
        columns.close()
        raise


def _columns(path: Path, columns_of: Any) -> Columns:
    try:
        found: Columns = columns_of(path)
    except (ValueError, KeyError, EOFError) as error:
        raise SourceError(
            f"{path} holds no events that can be read ({_short(error)}); choose another file."
        ) from error
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise SourceError(f"{path} is damaged ({_short(error)}); copy it again.") from error
    return found


def _questions(columns: Columns, reading: Reading) -> tuple[Question, ...]:
    try:
        return table_questions(columns.sample(), reading)
    finally:
        columns.close()


def _array_columns(path: Path) -> Columns:
    table = NpyTable(path.open("rb"))
    if table.columns == 1:
        table.close()
        raise ValueError("it is not a table of t, x, y and p")
    return _table_columns(table, {})


def _table_columns(table: NpyTable, metadata: dict[str, str]) -> Columns:
    warnings: tuple[str, ...] = ()
    if table.missing:
        warnings = (
            f"The end of the file is missing: {table.missing} events cannot be read and are left out.",
        )
    return Columns(
        table.length, table.read, table.names, metadata=metadata, warnings=warnings, close=table.close
    )


def _roles(names: Sequence[str]) -> dict[str, str]:
    """Names of arrays by role."""
    return {role: name for name in names if (role := role_of(name)) is not None}


def _archive_columns(path: Path, reading: Reading) -> Columns:
    with path.open("rb") as file, zipfile.ZipFile(file) as archive:
        infos = {info.filename.removesuffix(NPY_SUFFIX): info for info in archive.infolist()}
        roles = _roles(list(infos))
        single = set(roles) != set(ROLES)
        names = [_table_name(path, list(infos), reading)] if single else [roles[role] for role in ROLES]
        _check(path, [infos[name] for name in names])
        metadata = _notes(archive, {name: info for name, info in infos.items() if name not in names})
        with ExitStack() as opened:
            tables = []
            for name in names:
                tables.append(_member(path, archive, infos[name]))
                opened.callback(tables[-1].close)
            columns = _table_columns(tables[0], metadata) if single else _joined(names, tables, metadata)
            if single and tables[0].columns == 1:
                raise ValueError(f"{names[0]} is not a table of t, x, y and p")
            return replace(columns, close=opened.pop_all().close)


def _joined(names: Sequence[str], tables: Sequence[NpyTable], metadata: dict[str, str]) -> Columns:
    """Four arrays as columns."""
    if any(table.columns != 1 for table in tables):
        raise ValueError(f"{', '.join(names)} are not columns")
    if len({table.length for table in tables}) != 1:
        raise ValueError(f"{', '.join(names)} do not have the same length")

    def read(begin: int, end: int) -> list[npt.NDArray[Any]]:
        return [table.read(begin, end)[0] for table in tables]

    return Columns(tables[0].length, read, tuple(names), metadata=metadata)


def _several(path: Path) -> list[str]:
    """Names of the arrays of an archive if nothing says which one holds the events, otherwise nothing."""
    with zipfile.ZipFile(path) as archive:
        names = [info.filename.removesuffix(NPY_SUFFIX) for info in archive.infolist()]
    clear = len(names) == 1 or EVENTS in names or set(_roles(names)) == set(ROLES)
    return [] if clear else names


def _table_question(names: Sequence[str], needed: bool = False) -> Question:
    answers = tuple(map(Answer, names))
    return Question(
        "dataset", "Table", answers, help="Which of the tables in the file is shown.", needed=needed
    )


def _table_name(path: Path, names: Sequence[str], reading: Reading) -> str:
    """The array that is the table.

    Raises:
        UnclearFileError: There are several.
        SourceError: The reading names one that is not there.
    """
    name = reading.get("dataset")
    known = ", ".join(names)
    if name is not None:
        if name not in names:
            raise SourceError(f"{path} has no table called {name}; it holds {known}.")
        return name
    if EVENTS in names:
        return EVENTS
    if len(names) == 1:
        return names[0]
    raise UnclearFileError(
        f"{path} holds {len(names)} tables, {known}, and does not say which one is the recording. "
        f"Choose one, or set the reading dataset={names[0]} or another.",
        (_table_question(names, needed=True),),
    )


def _check(path: Path, infos: Sequence[zipfile.ZipInfo]) -> None:
    """Look at the sizes before anything is unpacked.

    Raises:
        SourceError: There is no room for it, or no events can be compressed so.
    """
    size, packed = sum(info.file_size for info in infos), sum(info.compress_size for info in infos)
    if size > LARGE and size > LARGEST_RATIO * packed:
        raise SourceError(
            f"{path} claims {size} bytes of events in {packed} bytes; such a file is not opened."
        )
    needed = sum(info.file_size for info in infos if info.compress_type != zipfile.ZIP_STORED)
    free = shutil.disk_usage(tempfile.gettempdir()).free
    if needed > free:
        folder = tempfile.gettempdir()
        raise SourceError(
            f"{path} needs {needed >> 20} MB to be unpacked and {folder} has {free >> 20} MB; make room there."
        )


def _member(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> NpyTable:
    """An array of an archive: in its place where it is not compressed, unpacked otherwise."""
    if info.compress_type == zipfile.ZIP_STORED:
        return _stored(path, archive, info)
    unpacked = tempfile.TemporaryFile()  # noqa: SIM115  (closed by the table)
    try:
        with archive.open(info) as member:
            shutil.copyfileobj(member, unpacked, 1 << 20)
        unpacked.flush()
        return NpyTable(unpacked)
    except BaseException as error:
        unpacked.close()
        if isinstance(error, zipfile.BadZipFile | OSError | ValueError | KeyboardInterrupt | MemoryError):
            raise
        raise zipfile.BadZipFile(type(error).__name__) from error


def _stored(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> NpyTable:
    """An array that lies in an archive as it is; its check sum is verified."""
    with archive.open(info) as member:
        while member.read(1 << 20):
            pass
    file = path.open("rb")
    try:
        file.seek(info.header_offset)
        lengths = LOCAL_HEADER.unpack(file.read(LOCAL_HEADER.size))
        return NpyTable(file, info.header_offset + LOCAL_HEADER.size + sum(lengths), info.file_size)
    except BaseException:
        file.close()
        raise


def _notes(archive: zipfile.ZipFile, infos: dict[str, zipfile.ZipInfo]) -> dict[str, str]:
    """Small arrays as text."""
    notes = {}
    for name, info in infos.items():
        if info.file_size <= NOTE_BYTES:
            try:
                with archive.open(info) as member:
                    notes[name] = str(np.lib.format.read_array(member, allow_pickle=False))
            except Exception:  # a damaged or foreign note is no reason not to open the events
                continue
    return notes


def _short(error: object) -> str:
    return " ".join(str(error).split())[:160] or type(error).__name__
