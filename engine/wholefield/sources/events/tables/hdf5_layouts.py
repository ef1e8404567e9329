"""Where recordings lie in HDF5 files: Prophesee's compounds, columns of many names, and tables of four columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from wholefield.errors import SourceError
from wholefield.sources.events.columns.convert import LARGEST_TIME
from wholefield.sources.events.columns.names import ROLES, order_of, role_of, unit_in
from wholefield.sources.events.sensors import size_in
from wholefield.sources.events.tables.column_table import NUMBERS, Columns
from wholefield.sources.hdf5_library import h5py

COMPOUND = "CD/events"
# Groups and datasets looked at for recordings; files of sequences hold thousands of pictures.
MOST_OBJECTS = 2000
MOST_COLUMNS = 7
DSEC_SIZE = (640, 480)
MVSEC_SIZE = (346, 260)
WORDS = ("event", "dvs")
# Reading that many rows of nothing takes no time worth a check.
SURELY_STORED = 1 << 20
# Kinds of types that hold text, and the words for polarities in it.
TEXTS = "SO"
ON_WORDS, OFF_WORDS = (
    frozenset("1 +1 + on true p pos positive".split()),
    frozenset("0 -1 - off false n neg negative".split()),
)
SIZE_NAMES = ("sensor_resolution", "resolution", "sensor_size", "geometry")


class Layout(StrEnum):
    """How an HDF5 file holds events."""

    COMPOUND = "Prophesee HDF5"
    COLUMNS = "HDF5 columns"
    ROWS = "HDF5 table"
    DSEC = "DSEC HDF5"
    MVSEC = "MVSEC HDF5"


@dataclass(frozen=True)
class Place:
    """A recording in a file.

    Attributes:
        path: Its dataset or group.
        layout: How it lies there.
    """

    path: str
    layout: Layout


def places_in(file: h5py.File) -> list[Place]:
    """All recordings of a file in the order in which they are offered."""
    if isinstance(file.get(COMPOUND), h5py.Dataset):
        return [Place(COMPOUND, Layout.COMPOUND)]
    found = [place for item in _objects(file) if (place := _place(file, item)) is not None]
    return sorted(found, key=lambda place: place.path)


def columns_at(file: h5py.File, place: Place) -> Columns:
    """The columns of a recording.

    Raises:
        ValueError: They are not what they look like.
    """
    item = file[place.path]
    metadata = _metadata(file, item)
    size = _size(file, item) or {Layout.DSEC: DSEC_SIZE, Layout.MVSEC: MVSEC_SIZE}.get(place.layout)
    if isinstance(item, h5py.Group):
        return _group_columns(file, item, place, metadata, size)
    return _dataset_columns(file, item, metadata, size)


def stored_rows(data: h5py.Dataset) -> int:
    """Rows for which a dataset has data; a shape can promise any number of them."""
    rows = int(max(data.shape))
    if rows <= SURELY_STORED:
        return rows
    if data.chunks is not None:
        return min(rows, data.id.get_num_chunks() * max(data.chunks))
    return min(rows, data.id.get_storage_size() * rows // max(data.size * data.dtype.itemsize, 1))


def attribute_text(value: object) -> str:
    """An attribute as text."""
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def said_polarities(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Polarities that are written as text, as 1 and 0, and NaN where it is another word; numbers stay as they are."""
    if values.dtype.kind not in TEXTS:
        return values
    words, places = np.unique([_word(value) for value in values], return_inverse=True)
    levels = [1.0 if word in ON_WORDS else 0.0 if word in OFF_WORDS else np.nan for word in words.tolist()]
    return np.array(levels, np.float64)[places]


def _word(value: object) -> str:
    return attribute_text(value).strip("\0 ").lower()


def _objects(file: h5py.File) -> Iterator[h5py.Group | h5py.Dataset]:
    """Groups and datasets, the file itself first, level by level; links that go nowhere are passed over."""
    waiting, seen = [file], 0
    while waiting and seen < MOST_OBJECTS:
        item = waiting.pop(0)
        seen += 1
        yield item
        if isinstance(item, h5py.Group):
            for name in list(item)[: MOST_OBJECTS - seen]:
                # Links into other files are not followed: what is opened is this file.
                if isinstance(item.get(name, getlink=True), h5py.HardLink):
                    child = item.get(name)
                    if isinstance(child, h5py.Group | h5py.Dataset) and child.name.count("/") < 8:
                        waiting.append(child)


def _place(file: h5py.File, item: h5py.Group | h5py.Dataset) -> Place | None:
    if isinstance(item, h5py.Group):
        if set(_members(item)) != set(ROLES):
            return None
        return Place(
            item.name, Layout.DSEC if "t_offset" in file and item.name == "/events" else Layout.COLUMNS
        )
    names = item.dtype.names
    if names:
        return Place(item.name, Layout.COLUMNS) if item.ndim == 1 and order_of(names) else None
    named = any(word in item.name.lower() for word in WORDS)
    table = item.ndim == 2 and item.dtype.kind in NUMBERS and len(ROLES) <= min(item.shape) <= MOST_COLUMNS
    if not (named and table):
        return None
    return Place(item.name, Layout.MVSEC if item.name.startswith("/davis/") else Layout.ROWS)


def _members(group: h5py.Group) -> dict[str, h5py.Dataset]:
    """Columns of a group by role."""
    found: dict[str, h5py.Dataset] = {}
    for name in list(group)[:MOST_OBJECTS]:
        role = role_of(name)
        if role is not None and role not in found:
            column = group.get(name)
            kinds = NUMBERS + TEXTS if role == "p" else NUMBERS
            if isinstance(column, h5py.Dataset) and column.ndim == 1 and column.dtype.kind in kinds:
                found[role] = column
    return found


def _group_columns(
    file: h5py.File, group: h5py.Group, place: Place, metadata: dict[str, str], size: tuple[int, int] | None
) -> Columns:
    members = _members(group)
    columns = [members[role] for role in ROLES]
    lengths = {stored_rows(column) for column in columns}
    warnings: tuple[str, ...] = ()
    if len(lengths) > 1:
        warnings = (
            f"The columns of {group.name} are of different lengths; what goes beyond the shortest is left out.",
        )

    def read(begin: int, end: int) -> list[npt.NDArray[Any]]:
        return [said_polarities(column[begin:end]) for column in columns]

    offset = int(file["t_offset"][()]) if place.layout is Layout.DSEC else 0
    if abs(offset) >= LARGEST_TIME:
        raise ValueError(f"t_offset is {offset}")
    unit = "us" if place.layout is Layout.DSEC else _unit(columns[0]) or _unit(group)
    return Columns(
        min(lengths),
        read,
        tuple(ROLES),
        unit,
        size,
        offset,
        metadata,
        warnings,
        file.close,
    )


def _dataset_columns(
    file: h5py.File, data: h5py.Dataset, metadata: dict[str, str], size: tuple[int, int] | None
) -> Columns:
    names = data.dtype.names
    unit = _unit(data)
    if names:

        def read_fields(begin: int, end: int) -> list[npt.NDArray[Any]]:
            rows = data[begin:end]
            return [said_polarities(rows[name]) for name in names]

        return Columns(stored_rows(data), read_fields, tuple(names), unit, size, 0, metadata, (), file.close)
    by_row = len(ROLES) <= data.shape[1] <= MOST_COLUMNS

    def read(begin: int, end: int) -> list[npt.NDArray[Any]]:
        return list(data[begin:end].T if by_row else data[:, begin:end])

    return Columns(stored_rows(data), read, _column_names(data), unit, size, 0, metadata, (), file.close)


def _column_names(data: h5py.Dataset) -> tuple[str, ...]:
    """Names of columns that an attribute says, or nothing."""
    for key in ("columns", "names", "fields", "order"):
        value = data.attrs.get(key)
        if value is not None:
            words = (
                attribute_text(value).replace(",", " ").split()
                if isinstance(value, str | bytes)
                else [attribute_text(word) for word in np.ravel(value)]
            )
            if order_of(words):
                return tuple(words)
    return ()


def _unit(item: h5py.Group | h5py.Dataset) -> str | None:
    """The unit of time that attributes say."""
    for key in ("unit", "units", "time_unit", "t_unit", "timestamp_unit"):
        value = item.attrs.get(key)
        if isinstance(value, str | bytes):
            unit = unit_in(attribute_text(value))
            if unit:
                return unit
    return None


def _metadata(file: h5py.File, item: h5py.Group | h5py.Dataset) -> dict[str, str]:
    return {name: attribute_text(value) for place in (file, item) for name, value in place.attrs.items()}


def _size(file: h5py.File, item: h5py.Group | h5py.Dataset) -> tuple[int, int] | None:
    """The size of the sensor that a dataset beside the events says; attributes are metadata."""
    group = item if isinstance(item, h5py.Group) else item.parent
    for place in (group, group.get("calib"), file):
        for name in SIZE_NAMES if isinstance(place, h5py.Group) else ():
            value = place.get(name)
            if isinstance(value, h5py.Dataset) and value.size == 2:
                size = size_in(attribute_text(value[()]))
                if size is not None:
                    return max(size), min(size)
    return None


def chosen(path: object, places: list[Place], name: str | None) -> Place:
    """The recording of a file that a reading names, or else the first.

    Raises:
        SourceError: It has no such recording.
    """
    if name is None:
        return places[0]
    for place in places:
        if place.path.strip("/") == name.strip("/"):
            return place
    known = ", ".join(place.path.strip("/") for place in places)
    raise SourceError(f"{path} has no recording called {name}; it holds {known}.")
