"""Opens recordings with the reader of their format."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from wholefield.progress import ProgressCallback
from wholefield.sources.choices import Reading
from wholefield.sources.detection import open_as
from wholefield.sources.events.filters.chain import FilterChain
from wholefield.sources.kinds import Kind

if TYPE_CHECKING:
    from wholefield.sources.events.recording import Recording


def open_recording(path: str | Path, *, reading: Reading | str | None = None) -> Recording:
    """Open a recording of an event camera.

    Args:
        path: A recording in any of the formats that are read, such as Prophesee RAW, HDF5, AEDAT or text.
        reading: Answers to what the file leaves open, such as `columns=t,x,y,p; unit=s`; see `questions_of`.

    Returns:
        The open recording; use it as a context manager, or close it.

    Raises:
        UnclearFileError: Two readings fit, or something is missing that `reading` has to say.
        SourceError: It cannot be opened; the text says why and what to do.

    Example:
        >>> from pathlib import Path
        >>> from wholefield.sources import open_recording
        >>> _ = Path("events.csv").write_text("x,y,p,t\\n5,7,1,100\\n6,7,0,250\\n")
        >>> with open_recording("events.csv") as recording:
        ...     recording.num_events, recording.events(0, 100)["x"].tolist()
        (2, [5])
    """
    recording: Recording = open_as(Kind.RECORDING, path, reading)
    return recording


def open_indexed(
    path: str | Path,
    *,
    reading: Reading | str | None = None,
    progress: ProgressCallback | None = None,
    filters: str | None = None,
) -> Recording:
    """Open a recording for work whose result must not depend on what has been read before, such as an export.

    A large recording that is opened by `open_recording` shows its moments at once, and finds packets that come late,
    far from their time, only once all of it has been read. Here that is done first.

    Args:
        path: See `open_recording`.
        reading: See `open_recording`.
        progress: Called while all of the file is read, with the parts read and all parts; an error that it raises
            closes the file and is passed on.
        filters: Filters through which it is seen, such as `refractory=1ms, background=10ms`; see
            `wholefield.sources.events.filters.chain`.

    Returns:
        The open recording with its index; use it as a context manager, or close it.

    Raises:
        UnclearFileError: Two readings fit, or something is missing that `reading` has to say.
        SourceError: It cannot be opened or read; the text says why and what to do.
        SettingError: A filter cannot be read, or does not fit the sensor.

    Example:
        >>> from pathlib import Path
        >>> from wholefield.sources import open_indexed
        >>> _ = Path("events.csv").write_text("x,y,p,t\\n5,7,1,100\\n6,7,0,250\\n")
        >>> with open_indexed("events.csv") as recording:
        ...     recording.indexed
        True
    """
    from wholefield.sources.events.filters.recording import FilteredRecording

    chain = FilterChain.parse(filters)
    recording = open_recording(path, reading=reading)
    try:
        recording = FilteredRecording(recording, chain) if chain else recording
        recording.index(progress)
    except BaseException:
        recording.close()
        raise
    return recording
