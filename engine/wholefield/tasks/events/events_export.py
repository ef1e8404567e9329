"""Writes the events of a recording, or of many, in any format: cut, filtered, converted. Imports no torch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from wholefield.errors import SettingError
from wholefield.export.recordings.formats import FILES
from wholefield.export.recordings.writing import WrittenEvents, write_recording
from wholefield.runs.control import Control
from wholefield.runs.eta import PartCounter
from wholefield.runs.reports import Level, Message, ReportFunction
from wholefield.sources.detection import suffixes_of
from wholefield.sources.events.filters.recording import FilteredRecording
from wholefield.sources.events.opening import open_indexed
from wholefield.sources.events.recording import Recording
from wholefield.sources.kinds import Kind
from wholefield.tasks.events.events_export_settings import Clock, EventsExportSettings
from wholefield.tasks.events.export import unwritable
from wholefield.tasks.events.settings import INDEXING

MOST_LISTED = 20
# Files beside recordings that hold the flow of one.
LABELS = "_flow.h5"


@dataclass(frozen=True)
class ExportedEvents:
    """What was written.

    Attributes:
        path: The file, or the folder.
        files: What was written into each file.
        complete: Always true: a file that is stopped is not kept.
    """

    path: Path
    files: tuple[WrittenEvents, ...]
    complete: bool = True

    @property
    def lost(self) -> str:
        """Sentences on what the format has no place for."""
        return " ".join(dict.fromkeys(file.lost for file in self.files if file.lost))


def export_events(settings: EventsExportSettings, report: ReportFunction, control: Control) -> ExportedEvents:
    """Write one recording, or those of a folder one after the other; files that are complete stay when it is stopped.

    Raises:
        WholefieldError: Something cannot be read or written.
        RunCancelled: It was stopped.
    """
    files = tuple(_export(settings, source, out, report, control) for source, out in _files(settings))
    return ExportedEvents(settings.out, files)


def _files(settings: EventsExportSettings) -> Iterator[tuple[Path, Path]]:
    """Each recording and the file that is made of it."""
    if not settings.recording.is_dir():
        yield settings.recording, settings.out
        return
    known = suffixes_of(Kind.RECORDING)
    paths = [path for path in sorted(settings.recording.iterdir()) if path.name.lower().endswith(known)]
    made: dict[Path, Path] = {}
    for path in paths:
        out = settings.out / f"{path.stem}{FILES[settings.file_format].suffixes[0]}"
        if path.name.endswith(LABELS):
            continue
        if out in made:
            raise SettingError(
                f"{made[out].name} and {path.name} would both become {out.name}; rename one of them."
            )
        made[out] = path
    if not made:
        raise SettingError(f"The folder {settings.recording} has no recordings; choose another.")
    settings.out.mkdir(parents=True, exist_ok=True)
    for out, path in made.items():
        yield path, out


def _export(
    settings: EventsExportSettings, source: Path, out: Path, report: ReportFunction, control: Control
) -> WrittenEvents:
    if out.exists() and out.samefile(source):
        raise SettingError(f"{out} is the recording itself; choose another name.")
    indexed = PartCounter(INDEXING, 0, report, control).done
    step = PartCounter("Exporting events", 0, report, control).done
    with open_indexed(
        source, reading=settings.reading, filters=settings.chain, progress=indexed
    ) as recording:
        _tell_effects(recording, report)
        try:
            found = write_recording(
                out, recording, settings.file_format, start_us=settings.start_us, end_us=settings.end_us,
                from_zero=settings.clock is Clock.ZERO, gzip=settings.gzip, progress=step,
            )  # fmt: skip
        except OSError as error:
            raise unwritable(out, error) from error
    if found.lost:
        report(Message(Level.WARNING, found.lost))
    return found


def _tell_effects(recording: Recording, report: ReportFunction) -> None:
    """Say how many events each filter leaves, and which pixels are hot."""
    if not isinstance(recording, FilteredRecording):
        return
    counts = recording.effects
    for each, before, after in zip(recording.chain.active, counts, counts[1:], strict=False):
        share = after / before if before else 0.0
        report(Message(Level.INFO, f"{each.text}: {after:,} of {before:,} events are left ({share:.1%})."))
    if recording.hot:
        places = ", ".join(f"({pixel.x}, {pixel.y})" for pixel in recording.hot[:MOST_LISTED])
        more = f" and {len(recording.hot) - MOST_LISTED} more" if len(recording.hot) > MOST_LISTED else ""
        report(Message(Level.INFO, f"Hot pixels (x, y): {places}{more}."))
