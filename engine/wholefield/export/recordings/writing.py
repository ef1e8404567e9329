"""Writes a stretch of a recording in any format."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from wholefield.errors import SettingError
from wholefield.export.recordings.about import About
from wholefield.export.recordings.formats import FILES, EventFormat, format_of
from wholefield.progress import ProgressCallback
from wholefield.sources.events.recording import Events, Recording


@dataclass(frozen=True)
class WrittenEvents:
    """What was written.

    Attributes:
        path: The file.
        count: Events in it.
        lost: A sentence on what the format has no place for; empty where that is nothing.
    """

    path: Path
    count: int
    lost: str = ""


def write_recording(
    path: Path,
    recording: Recording,
    kind: EventFormat = EventFormat.AUTO,
    *,
    start_us: int = 0,
    end_us: int | None = None,
    from_zero: bool = False,
    gzip: bool = False,
    progress: ProgressCallback | None = None,
) -> WrittenEvents:
    """Write the events of [start_us, end_us) of a recording; the file appears under its name once it is complete.

    Args:
        path: The file.
        recording: What to write; is indexed first.
        kind: The format; the one that the name of the file stands for where AUTO.
        start_us: Where to begin, in us from the start of the recording.
        end_us: Where to end, exclusive; the end of the recording where None.
        from_zero: Whether times count from `start_us`; on the clock of the recording's own file otherwise.
        gzip: Whether to compress where the format can.
        progress: Called with the events written and all events; an error that it raises stops the writing, and
            nothing is left of the file.

    Returns:
        The file, how many events it holds, and what the format has no place for.

    Raises:
        SettingError: There are no events in the stretch, or they do not fit into the format.
        SourceError: The recording cannot be read.
        OSError: The disk is full or may not be written to.

    Example:
        >>> from pathlib import Path
        >>> from wholefield.export.recordings.writing import write_recording
        >>> from wholefield.sources import open_recording
        >>> _ = Path("events.csv").write_text("x,y,p,t\\n5,7,1,100\\n6,9,0,250\\n")
        >>> with open_recording("events.csv") as recording:
        ...     write_recording(Path("late.raw"), recording, start_us=100).count
        1
    """
    kind = chosen(path, kind)
    recording.index()
    end = recording.duration_us if end_us is None else min(end_us, recording.duration_us)
    total = recording.count(start_us, end)
    if not total:
        raise SettingError(
            f"{recording.name} has no events from {start_us} to {end} us that are kept; choose another range, or "
            "weaker filters."
        )
    within = recording.triggers
    within = within[(within["t"] >= start_us) & (within["t"] < end)]
    about = About(
        recording.width, recording.height, -start_us if from_zero else recording.start_us, within,
        recording.metadata, gzip,
    )  # fmt: skip
    chunks = _reporting(recording, start_us, end, total, progress)
    count = FILES[kind].load()(path, chunks, about)
    return WrittenEvents(path, count, _lost(kind, about, start_us))


def chosen(path: Path, kind: EventFormat) -> EventFormat:
    """The format of a file to write.

    Raises:
        SettingError: Its name stands for none, or for another one.
    """
    if kind is EventFormat.AUTO:
        found = format_of(path)
        if found is None:
            ends = sorted({suffix for file in FILES.values() for suffix in file.suffixes})
            raise SettingError(
                f"{path} stands for no format of events; choose a name that ends in {', '.join(ends)}."
            )
        return found
    if path.suffix.lower() not in FILES[kind].suffixes:
        raise SettingError(
            f"{path} must end in {' or '.join(FILES[kind].suffixes)} for {kind.label}; choose such a name."
        )
    return kind


def _lost(kind: EventFormat, about: About, start_us: int) -> str:
    file, sentences = FILES[kind], []
    if len(about.triggers) and not file.triggers:
        sentences.append(
            f"{kind.label} has no place for external triggers; {len(about.triggers)} are left out."
        )
    first = about.start_us + start_us
    if file.clock_bits and first >> file.clock_bits:
        sentences.append(
            f"{kind.label} keeps {file.clock_bits} bits of the clock: {first} us is now "
            f"{first % (1 << file.clock_bits)} us, with the same times between events."
        )
    return " ".join(sentences)


def _reporting(
    recording: Recording, start_us: int, end_us: int, total: int, progress: ProgressCallback | None
) -> Iterator[Events]:
    """The events of a stretch; a chunk is reported once the next is asked for, as it is written by then."""
    written = 0
    for chunk in recording.chunks(start_us=start_us, end_us=end_us):
        yield chunk
        written += len(chunk)
        if progress is not None:
            progress(written, total)
