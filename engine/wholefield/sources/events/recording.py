"""A recording of an event camera: what any file of events looks like to the rest, whatever its format."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from wholefield.progress import ProgressCallback

EVENT_DTYPE = np.dtype(
    {"names": ["x", "y", "p", "t"], "formats": ["<u2", "<u2", "<i2", "<i8"], "offsets": [0, 2, 4, 8], "itemsize": 16}
)  # fmt: skip
TRIGGER_DTYPE = np.dtype(
    {"names": ["p", "t", "id"], "formats": ["<i2", "<i8", "<i2"], "offsets": [0, 8, 16], "itemsize": 24}
)

Events = npt.NDArray[Any]

CHUNK_EVENTS = 2**20


@dataclass(frozen=True)
class RecordingDescription:
    """What is known of a recording before its events are read.

    Attributes:
        format_name: Name of the file format, such as "Prophesee RAW EVT3".
        width: Width of the sensor in px.
        height: Height of the sensor in px.
        metadata: What else the file tells, as text.
        warnings: Sentences about damage found and about what had to be guessed.
    """

    format_name: str
    width: int
    height: int
    metadata: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


class Recording(ABC):
    """Events of a camera, read moment by moment. Every method may be called from several threads at once.

    Times are microseconds from the earliest event of the recording, which has time 0; `start_us` is the time
    that the file gives it. A camera may write events slightly out of order: within what `events` returns they
    are sorted by time, those of equal time in the order of the file, and every event is in exactly the windows
    that contain its time.

    Attributes:
        path: The file.
        name: Its name without folders.
        format_name, width, height, metadata: See `RecordingDescription`.

    Example:
        >>> from pathlib import Path
        >>> from wholefield.sources import open_recording
        >>> _ = Path("events.csv").write_text("x,y,p,t\\n5,7,1,100\\n6,7,0,250\\n")
        >>> with open_recording("events.csv") as recording:
        ...     recording.start_us, recording.duration_us, recording.rate(bins=2).tolist()
        (100, 151, [1, 1])
    """

    def __init__(self, path: Path, description: RecordingDescription) -> None:
        """Take over what a reader found out.

        Args:
            path: The file.
            description: What is known of the recording.
        """
        self.path = path
        self.name = path.name
        self.format_name = description.format_name
        self.width = description.width
        self.height = description.height
        self.metadata = description.metadata
        self._warnings = list(description.warnings)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences about damage; reading a damaged place and building the index can add to them."""
        return tuple(self._warnings)

    @property
    def start_us(self) -> int:
        """Time of the earliest event on the clock of the file, in us."""
        return self._span()[0]

    @property
    def duration_us(self) -> int:
        """Length in us of the shortest half-open span from 0 with all events: latest - earliest + 1."""
        first, last = self._span()
        return last - first + 1

    @property
    def triggers(self) -> Events:
        """External triggers (`TRIGGER_DTYPE`, t on the clock of `events`), empty where there are none."""
        return np.zeros(0, TRIGGER_DTYPE)

    @property
    def indexed(self) -> bool:
        """Whether `num_events`, `count`, `rate` and `triggers` answer without reading the whole file first."""
        return True

    def index(self, progress: ProgressCallback | None = None) -> None:  # noqa: B027  (a table needs none)
        """Read the whole file once, so that counts are known and moments are found exactly.

        Args:
            progress: Called with the parts read and all parts; an error that it raises stops the work, which
                can be started again.

        Raises:
            SourceError: The file cannot be read.
        """

    @property
    @abstractmethod
    def num_events(self) -> int:
        """Number of events; builds the index where there is none yet."""

    @abstractmethod
    def events(self, start_us: int, end_us: int) -> Events:
        """Events of the half-open window [start_us, end_us), as an array of `EVENT_DTYPE` ascending in t.

        Raises:
            SourceError: The file cannot be read, or is closed.
        """

    @abstractmethod
    def counts_before(self, times_us: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """How many events are earlier than each of some times; builds the index where there is none yet."""

    @abstractmethod
    def _span(self) -> tuple[int, int]:
        """Times of the earliest and the latest event on the clock of the file, in us."""

    def count(self, start_us: int, end_us: int) -> int:
        """Number of events in [start_us, end_us)."""
        first, last = self.counts_before(np.array([start_us, max(start_us, end_us)], np.int64))
        return int(last - first)

    def rate(self, bins: int) -> npt.NDArray[np.int64]:
        """Number of events in each of `bins` equal parts of the recording, exact."""
        edges = np.arange(bins + 1, dtype=np.int64) * self.duration_us // bins
        return np.diff(self.counts_before(edges))

    def chunks(
        self, limit: int = CHUNK_EVENTS, start_us: int = 0, end_us: int | None = None
    ) -> Iterator[Events]:
        """Events in order, about `limit` at a time and at most four times that, unless one us holds more.

        Args:
            limit: Events at a time.
            start_us: Where to begin.
            end_us: Where to end, exclusive; the end of the recording where None.
        """
        begin, end = start_us, self.duration_us if end_us is None else min(end_us, self.duration_us)
        usual = max((end - begin) * limit // max(self.count(begin, end), 1), 1)
        while begin < end:
            span = min(usual, end - begin)
            while span > 1 and self.count(begin, begin + span) > 4 * limit:
                span = (span + 1) // 2
            yield self.events(begin, begin + span)
            begin += span

    def close(self) -> None:  # noqa: B027  (a recording may have nothing to release)
        """Close the file. Reading afterwards raises a SourceError. Closing twice is harmless."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def sorted_by_time(events: Events) -> Events:
    """The events ascending in t; those of equal time keep their order."""
    times = events["t"]
    if events.size < 2 or bool((times[1:] >= times[:-1]).all()):
        return events
    return events[np.argsort(times, kind="stable")]


def words_of(events: Events) -> npt.NDArray[np.uint64]:
    """A copy of events as words, (N, 2): x | y << 16 | p << 32 below 16 bits that may hold anything, and t."""
    # Words are copied ten times as fast as fields; a joined array can have lost the padding of the type.
    return np.ascontiguousarray(events.astype(EVENT_DTYPE, copy=False)).view(np.uint64).reshape(-1, 2).copy()
