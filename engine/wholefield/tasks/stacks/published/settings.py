"""The settings of the task that uses a published network on a stack. Imports no torch."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

from annotated_types import Ge

from wholefield.errors import SettingError
from wholefield.runs.settings import Group, PathKind, RunSettings, Setting
from wholefield.tasks.applying import (
    MAP_MEMORY,
    MapFolder,
    MapMemory,
    PublishedModel,
    ResultFile,
    Wanted,
    WantedResult,
)
from wholefield.tasks.reading import FileReading, check_readings
from wholefield.tasks.stacks.output_settings import StackFormat
from wholefield.tasks.stacks.settings import Volume
from wholefield.training.settings import Device, DeviceSetting


@dataclass(frozen=True, kw_only=True)
class StackApplySettings(RunSettings):
    """Use a published model on a whole stack, slice by slice or as a volume, and write what it gives as a stack.

    What nnU-Net does before and after its network is done as it does it: the box of values other than 0, intensities,
    and the voxel size of its training, back to the voxels of the stack.
    """

    task: ClassVar[str] = "stack-apply"
    command: ClassVar[tuple[str, ...]] = ("apply-stack",)

    stack: Annotated[
        Path,
        Setting(
            "The stack: a file, or a folder of slices.",
            group=Group.DATA,
            path=PathKind.EXISTING,
            positional=True,
        ),
    ]
    dataset: Volume = None
    reading: FileReading = None
    checkpoint: PublishedModel
    wanted: WantedResult = Wanted.AUTO
    format: Annotated[StackFormat, Setting("Format of the result.", group=Group.OUTPUT)] = StackFormat.TIFF
    output: ResultFile = None
    tile_size: Annotated[
        int, Ge(1), Setting("Side of a tile in voxels.", unit="voxels", group=Group.COMPUTATION)
    ] = 128
    map_memory: MapMemory = MAP_MEMORY
    map_folder: MapFolder = None
    device: DeviceSetting = Device.AUTO

    def result(self, folder: Path) -> Path:
        """The file that the result is written to, given the run folder."""
        return folder / f"result{self.format.suffixes[0]}" if self.output is None else self.output

    def summary(self, folder: Path) -> list[str]:
        """The file of the result."""
        return [str(self.result(folder))]

    def validate(self) -> None:
        """Check limits and paths.

        Raises:
            SettingError: Names the setting and what it must be.
        """
        super().validate()
        check_readings(self.reading)
        if self.output is not None and not self.output.name.lower().endswith(self.format.suffixes):
            allowed = " or ".join(self.format.suffixes)
            raise SettingError(
                f"The setting output is {self.output} but must end in {allowed} for {self.format.label}."
            )
        if self.output is not None and not self.output.absolute().parent.is_dir():
            raise SettingError(
                f"The setting output is {self.output}, whose folder does not exist; create it first."
            )
