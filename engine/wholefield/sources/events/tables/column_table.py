"""Tables that hold columns in any order and unit, read block by block."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from wholefield.sources.choices import Reading
from wholefield.sources.events.columns.convert import Layout
from wholefield.sources.events.columns.decision import decide
from wholefield.sources.events.columns.names import unit_in
from wholefield.sources.events.columns.sample import Sample, take_sample
from wholefield.sources.events.recording import EVENT_DTYPE, RecordingDescription
from wholefield.sources.events.sensors import size_from
from wholefield.sources.events.table import Block, EventTable, TableRecording

NUMBERS = "iufb"


def _nothing() -> None:
    """Release nothing."""


@dataclass(frozen=True)
class Columns:
    """Columns of a file.

    Attributes:
        length: Number of rows.
        read: Gives the columns of rows [begin, end).
        names: Their names, or empty.
        unit: Unit of time that the file states, or None.
        size: (width, height) of the sensor in px that the file states, or None.
        offset_us: Added to all times.
        metadata: What else the file says.
        warnings: What is wrong with the file.
        close: Releases the file.
    """

    length: int
    read: Callable[[int, int], Sequence[npt.NDArray[Any]]]
    names: tuple[str, ...] = ()
    unit: str | None = None
    size: tuple[int, int] | None = None
    offset_us: int = 0
    metadata: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    close: Callable[[], None] = _nothing

    def sample(self) -> Sample:
        """Rows spread over all of it; those that cannot be read are passed over."""
        unit = self.unit or next((unit for unit in map(unit_in, self.names) if unit), None)
        size = self.size or size_from(self.metadata)
        return take_sample(self.length, self._readable, names=self.names, unit=unit, size=size)

    def _readable(self, begin: int, end: int) -> Sequence[npt.NDArray[Any]]:
        try:
            return self.read(begin, end)
        except (OSError, RuntimeError, ValueError):
            return ()


class ColumnTable(EventTable):
    """Events made of columns."""

    def __init__(self, columns: Columns, layout: Layout) -> None:
        """Read columns by a layout."""
        self._columns = columns
        self._layout = layout
        self.length = columns.length

    def read_block(self, number: int) -> Block:
        """See `EventTable.read_block`."""
        begin = number * self.block
        expected = min(self.block, self.length - begin)
        try:
            columns = self._columns.read(begin, begin + expected)
        except (OSError, RuntimeError, ValueError):
            return Block(np.zeros(0, EVENT_DTYPE), missing_rows(begin, 0, expected))
        events, left_out = self._layout.events(columns)
        return Block(events, missing_rows(begin, len(columns[0]), expected), left_out)

    def close(self) -> None:
        """See `EventTable.close`."""
        self._columns.close()


def missing_rows(begin: int, found: int, expected: int) -> str:
    """What to tell about a block from row `begin` on of which only the first rows can be read, or ''."""
    if found == expected:
        return ""
    place = f"events {begin + found} to {begin + expected - 1}"
    return f"The file is damaged: {place} cannot be read and are left out."


def open_columns(path: Path, format_name: str, columns: Columns, reading: Reading) -> TableRecording:
    """A recording of columns whose meaning the values, the names and the reading decide.

    Raises:
        UnclearFileError: Two readings fit.
        SourceError: They are no events.
    """
    decision = decide(path, columns.sample(), reading)
    layout = Layout(
        decision.layout.order,
        decision.layout.unit,
        decision.layout.off,
        decision.layout.on,
        columns.offset_us,
    )
    description = RecordingDescription(
        format_name,
        *(decision.size or (0, 0)),
        {**columns.metadata, **decision.metadata},
        (*columns.warnings, *decision.warnings),
    )
    recording = TableRecording(path, description, ColumnTable(columns, layout))
    recording.warn(*decision.jumps(recording.duration_us))
    return recording
