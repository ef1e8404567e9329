"""The settings of an export of flow. Imports no torch."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

from annotated_types import Ge, Gt

from wholefield.errors import SettingError
from wholefield.runs.settings import PathKind, RunSettings, Setting
from wholefield.tasks.events.filtering import EventFilters, check_filters
from wholefield.tasks.events.provider import FlowSource
from wholefield.tasks.events.settings import FlowFormat
from wholefield.tasks.reading import FileReading, check_readings
from wholefield.training.settings import Device, DeviceSetting

HDF5_SUFFIXES = (".h5", ".hdf5")


@dataclass(frozen=True, kw_only=True)
class FlowExportSettings(RunSettings):
    """Write the flow of a recording, from a network or a file, at even times into files of any format."""

    command: ClassVar[tuple[str, ...]] = ("export-flow",)

    recording: Annotated[Path, Setting("The recording.", positional=True)]
    reading: FileReading = None
    filters: EventFilters = None
    flow: Annotated[
        Path,
        Setting(
            "The flow: shipped:fast, a checkpoint of a flow training, HDF5 labels, a .flo file or a DSEC 16-bit PNG."
        ),
    ]
    out: Annotated[
        Path,
        Setting("The HDF5 file to write, or the folder for the other formats.", path=PathKind.NEW, short="o"),
    ]
    format: Annotated[
        FlowFormat, Setting("One HDF5 file, or a .flo or DSEC 16-bit PNG file for every field.")
    ] = FlowFormat.HDF5
    delta_t: Annotated[
        int, Ge(1), Setting("Time between two fields in us, which their displacements span.")
    ] = 10_000
    start_us: Annotated[int, Ge(0), Setting("Start in us; HDF5 starts with the recording.")] = 0
    end_us: Annotated[int | None, Ge(1), Setting("End in us; none goes to the end of the recording.")] = None
    span_us: Annotated[
        float | None, Gt(0), Setting("Time in us that the displacements of a .flo or PNG file span.")
    ] = None
    device: DeviceSetting = Device.AUTO

    @property
    def source(self) -> FlowSource:
        """Where the flow comes from."""
        return FlowSource(self.flow, self.span_us, self.device)

    def validate(self) -> None:
        """Check limits, the range and the name of the file.

        Raises:
            SettingError: names the setting and what it must be.
        """
        super().validate()
        check_readings(self.reading)
        check_filters(self.filters)
        self.require_above("end_us", "start_us")
        if self.format is not FlowFormat.HDF5:
            return
        if self.start_us:
            raise SettingError(f"The setting start_us is {self.start_us} but must be 0 for HDF5.")
        if self.out.suffix.lower() not in HDF5_SUFFIXES:
            raise SettingError(f"{self.out} must end in .h5 or .hdf5; choose such a name.")
