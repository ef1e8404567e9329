"""The settings of an export of flow. Imports no torch."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

from wholefield.errors import SettingError
from wholefield.runs.settings import About, RunSettings
from wholefield.tasks.events.config import FlowFormat
from wholefield.tasks.events.provider import FlowSource
from wholefield.tasks.slides.config import Device

HDF5_SUFFIXES = (".h5", ".hdf5")


@dataclass(frozen=True, kw_only=True)
class FlowExportConfig(RunSettings):
    """Write the flow of a recording, from a network or a file, at even times into files of any format."""

    command: ClassVar[tuple[str, ...]] = ("export-flow",)

    recording: Annotated[Path, About("The recording.", positional=True)]
    flow: Annotated[
        Path,
        About("The flow: a checkpoint of a flow training, HDF5 labels, a .flo file or a 16-bit PNG of DSEC."),
    ]
    out: Annotated[Path, About("The HDF5 file to write, or the folder for the other formats.", short="o")]
    format: Annotated[
        FlowFormat, About("One HDF5 file, or a .flo or DSEC 16-bit PNG file for every field.")
    ] = FlowFormat.HDF5
    delta_t: Annotated[
        int, About("Time between two fields in us; they hold the displacements within it.", at_least=1)
    ] = 10_000
    start_us: Annotated[int, About("Where to begin, in us; HDF5 begins with the recording.", at_least=0)] = 0
    end_us: Annotated[int | None, About("Where to end, in us; none goes to the end.", at_least=1)] = None
    span_us: Annotated[
        float | None, About("Time in us in which the displacements of a .flo or PNG file happen.", above=0)
    ] = None
    device: Annotated[Device, About("Where to compute.")] = Device.AUTO

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
        self.require_above("end_us", "start_us")
        if self.format is not FlowFormat.HDF5:
            return
        if self.start_us:
            raise SettingError(f"The setting start_us is {self.start_us} but must be 0 for HDF5.")
        if self.out.suffix.lower() not in HDF5_SUFFIXES:
            raise SettingError(f"{self.out} must end in .h5 or .hdf5; choose such a name.")
