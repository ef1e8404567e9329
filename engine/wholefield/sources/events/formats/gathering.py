"""Gathers the events of formats that can only be read from start to end, and counts what is left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt

from wholefield.errors import SourceError
from wholefield.sources.events.recording import EVENT_DTYPE, TRIGGER_DTYPE, Events, RecordingDescription
from wholefield.sources.events.sensors import LARGEST_SIDE, check_stated, outside_sensor
from wholefield.sources.events.table import ArrayTable, Spool, TableRecording

AnyIntegers = npt.NDArray[np.integer]


class Gathering:
    """Events and triggers of one recording, unpacked into a temporary file; use it as a context manager.

    Attributes:
        outside: Events left out because they lie outside the sensor.
        length: Events taken.
    """

    def __init__(self, path: Path, size: tuple[int, int] | None) -> None:
        """Begin with nothing.

        Args:
            path: The file, for sentences.
            size: (width, height) of the sensor in px, or None where the events have to tell it.

        Raises:
            SourceError: No sensor has that size.
        """
        if size is not None:
            check_stated(path, size)
        self._path = path
        self._size = size
        self._spool = Spool()
        self._triggers: list[Events] = []
        self.outside = 0

    @property
    def length(self) -> int:
        """See the class."""
        return self._spool.length

    def add(self, x: AnyIntegers, y: AnyIntegers, p: AnyIntegers, t: AnyIntegers) -> None:
        """Take events in the order of the file; times in us, polarity on if not 0."""
        width, height = self._size or (LARGEST_SIDE, LARGEST_SIDE)
        inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
        taken = int(np.count_nonzero(inside))
        self.outside += len(inside) - taken
        events = np.zeros(taken, EVENT_DTYPE)
        for name, column in (("x", x), ("y", y), ("p", np.asarray(p) != 0), ("t", t)):
            events[name] = column if taken == len(inside) else column[inside]
        self._spool.append(events)

    def add_triggers(self, p: AnyIntegers, t: AnyIntegers, number: AnyIntegers | int) -> None:
        """Take triggers: polarity, time in us and channel."""
        triggers = np.zeros(len(t), TRIGGER_DTYPE)
        triggers["p"], triggers["t"], triggers["id"] = p, t, number
        self._triggers.append(triggers)

    def recording(
        self, format_name: str, metadata: Mapping[str, str], warnings: Sequence[str]
    ) -> TableRecording:
        """The recording of what was taken.

        Raises:
            SourceError: There are no events.
        """
        told = list(warnings)
        if not self.length:
            outside = f"its {self.outside} events lie outside the sensor" if self.outside else "no events"
            reason = f"holds {outside}" if not self.outside else f"cannot be used: {outside}"
            raise SourceError(" ".join([f"{self._path} {reason}; choose another file.", *told]))
        events = self._spool.array()
        size = self._size or (0, 0)
        if self.outside and self._size:
            told.append(outside_sensor(self.outside, size))
        elif self.outside:
            told.append(f"{self.outside} events lie beyond every sensor and are left out.")
        triggers = np.concatenate(self._triggers) if self._triggers else np.zeros(0, TRIGGER_DTYPE)
        kept = np.zeros(len(triggers), TRIGGER_DTYPE)
        kept[:] = triggers[np.argsort(triggers["t"], kind="stable")]
        description = RecordingDescription(format_name, *size, dict(metadata), tuple(told))
        return TableRecording(self._path, description, _Gathered(events, kept))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._spool.close()


class _Gathered(ArrayTable):
    """Events with triggers beside them."""

    def __init__(self, events: Events, triggers: Events) -> None:
        super().__init__(events)
        self._found = triggers

    def triggers(self) -> Events | None:
        """See `EventTable.triggers`."""
        return self._found
