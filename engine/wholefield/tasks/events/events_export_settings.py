"""The settings of an export of events: cut, filtered, converted. Imports no torch."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

from annotated_types import Ge

from wholefield.errors import SettingError
from wholefield.export.recordings.formats import EventFormat
from wholefield.export.recordings.writing import chosen
from wholefield.runs.settings import Choice, PathKind, RunSettings, Setting
from wholefield.tasks.events.filtering import EventFilters, check_filters
from wholefield.tasks.reading import FileReading, check_readings


class Clock(Choice):
    """From when the times of written events count."""

    FILE = "file", "As in the recording"
    ZERO = "zero", "From the start of the range"


@dataclass(frozen=True, kw_only=True)
class EventsExportSettings(RunSettings):
    """Write the events of a recording, or of all in a folder: a stretch, a region, filtered, in another format."""

    command: ClassVar[tuple[str, ...]] = ("export-events",)

    recording: Annotated[Path, Setting("The recording, or a folder of recordings.", positional=True)]
    reading: FileReading = None
    out: Annotated[
        Path,
        Setting(
            "The file to write, or the folder for those of a folder of recordings.",
            path=PathKind.NEW,
            positional=True,
        ),
    ]
    format: Annotated[
        EventFormat, Setting("Format; auto goes by the name of the file, and is RAW EVT3 for a folder.")
    ] = EventFormat.AUTO
    start_us: Annotated[int, Ge(0), Setting("Start in us.")] = 0
    end_us: Annotated[
        int | None, Ge(1), Setting("End in us, exclusive; none goes to the end of the recording.")
    ] = None
    roi: Annotated[
        str | None,
        Setting(
            "Region that is kept, before the filters: left:top:right:bottom of a box or x:y:x:y:x:y… of a polygon, in "
            "px; the events keep their coordinates."
        ),
    ] = None
    filters: EventFilters = None
    clock: Annotated[
        Clock, Setting("Whether times are those of the recording's own clock, or count from the start.")
    ] = Clock.FILE
    gzip: Annotated[bool, Setting("Compress, where the format can: smaller and slower.")] = False

    @property
    def chain(self) -> str:
        """The region and the filters as one chain."""
        return ", ".join(filter(None, (f"roi={self.roi}" if self.roi else "", self.filters)))

    @property
    def file_format(self) -> EventFormat:
        """The format that is written.

        Raises:
            SettingError: The name of the file stands for none, or for another one.
        """
        if self.recording.is_dir():
            return EventFormat.EVT3 if self.format is EventFormat.AUTO else self.format
        return chosen(self.out, self.format)

    def validate(self) -> None:
        """Check limits, the range, filters and the name of the file.

        Raises:
            SettingError: names the setting and what it must be.
        """
        super().validate()
        check_readings(self.reading)
        self.require_above("end_us", "start_us")
        check_filters(self.chain)
        _ = self.file_format
        if self.recording.is_dir() and self.out.is_file():
            raise SettingError(
                f"{self.out} is a file; choose a folder for the recordings of {self.recording}."
            )
