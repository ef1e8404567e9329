"""The settings of a score card. Imports no torch."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

from annotated_types import Ge, Gt

from wholefield.errors import SettingError
from wholefield.runs.settings import PathKind, RunSettings, Setting
from wholefield.tasks.events.filtering import EventFilters, check_filters
from wholefield.tasks.events.provider import FlowSource
from wholefield.tasks.reading import FileReading, check_readings
from wholefield.training.settings import Device, DeviceSetting


@dataclass(frozen=True, kw_only=True)
class ScoreSettings(RunSettings):
    """Compare the flow of a recording with zero flow and the best single translation.

    The errors against the true flow are told where its labels (NAME_flow.h5) lie beside the recording.
    """

    command: ClassVar[tuple[str, ...]] = ("score",)

    recording: Annotated[Path | None, Setting("The recording.", positional=True)] = None
    dsec: Annotated[
        Path | None,
        Setting(
            "Instead of a recording: a folder of sequences of DSEC, or one; the measures are those of its benchmark.",
            path=PathKind.FOLDER,
        ),
    ] = None
    mvsec: Annotated[
        Path | None,
        Setting(
            "Instead of a recording: NAME_data.hdf5 of MVSEC with NAME_gt.hdf5 beside it.", path=PathKind.FILE
        ),
    ] = None
    frames: Annotated[
        int, Ge(1), Setting("Frames of the camera that flow of MVSEC spans: 1 or 4 in papers.")
    ] = 1
    reading: FileReading = None
    filters: EventFilters = None
    flow: Annotated[
        Path,
        Setting(
            "The flow: shipped:fast, a checkpoint of a flow training, HDF5 labels, a .flo file or a DSEC 16-bit PNG."
        ),
    ]
    span_us: Annotated[
        float | None, Gt(0), Setting("Time in us that the displacements of a .flo or PNG file span.")
    ] = None
    start_us: Annotated[int | None, Ge(0), Setting("Start of the window in us.")] = None
    end_us: Annotated[int | None, Ge(1), Setting("End of the window in us.")] = None
    at_us: Annotated[
        int | None,
        Ge(0),
        Setting(
            "Without a window: the center, in us, of one with 5 px of motion; none takes the middle of the "
            "recording.",
        ),
    ] = None
    sample_us: Annotated[
        int, Ge(1), Setting("Time in us before that center whose events determine how fast things move.")
    ] = 10_000
    device: DeviceSetting = Device.AUTO

    @property
    def source(self) -> FlowSource:
        """Where the flow comes from."""
        return FlowSource(self.flow, self.span_us, self.device)

    def validate(self) -> None:
        """Check limits and the window.

        Raises:
            SettingError: names the setting and what it must be.
        """
        super().validate()
        if sum(each is not None for each in (self.recording, self.dsec, self.mvsec)) != 1:
            raise SettingError("Give a recording, --dsec with a folder, or --mvsec with a file.")
        check_readings(self.reading)
        check_filters(self.filters)
        if (self.start_us is None) != (self.end_us is None):
            raise SettingError("Give both start_us and end_us, or neither for a window that is long enough.")
        self.require_above("end_us", "start_us")
        if self.start_us is not None and self.at_us is not None:
            raise SettingError("Give either at_us, or start_us and end_us.")
