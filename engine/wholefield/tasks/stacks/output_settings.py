"""The formats of stacks, and the settings of what writes them: prediction and export. Imports no torch."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Self

from annotated_types import Ge

from wholefield.errors import SettingError
from wholefield.numbers import whole_numbers
from wholefield.runs.settings import Choice, Former, Group, PathKind, RunSettings, Setting
from wholefield.tasks.reading import FileReading, check_readings
from wholefield.tasks.stacks.settings import Volume
from wholefield.training.settings import (
    Device,
    DeviceSetting,
    Precision,
    PrecisionSetting,
)


class StackFormat(Choice):
    """The formats that stacks are written in, one row each.

    Attributes:
        suffixes: How names of such files may end; the first is the usual one.
        writer: `module:function` that writes one, with the arguments of `wholefield.tasks.stacks.writing.write_stack`.
        keeps_place: Whether other programs learn from such a file where its voxels lie in the patient.
    """

    TIFF = "tiff", "TIFF", (".tif", ".tiff"), "wholefield.export.stacks:write_tiff_stack"
    NIFTI = "nifti", "NIfTI", (".nii.gz", ".nii"), "wholefield.export.stacks:write_nifti", True
    OME_ZARR = "ome-zarr", "OME-Zarr", (".ome.zarr", ".zarr"), "wholefield.export.stack_zarr:write_ome_zarr"

    suffixes: tuple[str, ...]
    writer: str
    keeps_place: bool

    def __new__(
        cls, value: str, label: str, suffixes: tuple[str, ...], writer: str, keeps_place: bool = False
    ) -> Self:
        """A member with its row."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        member.suffixes = suffixes
        member.writer = writer
        member.keeps_place = keeps_place
        return member


def _put_bfloat16(values: dict[str, Any], on: bool) -> None:
    values["precision"] = (Precision.BF16 if on else Precision.FULL).value


@dataclass(frozen=True, kw_only=True)
class StackPredictSettings(RunSettings):
    """Run a trained network over a whole stack and write what it gives as a stack."""

    task: ClassVar[str] = "stack-predict"
    runner: ClassVar[str] = "wholefield.tasks.stacks.predict:predict_stack"
    command: ClassVar[tuple[str, ...]] = ("predict-stack",)

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
    checkpoint: Annotated[
        Path,
        Setting(
            "A checkpoint of a training on stacks, or of msd_pytorch, or any other model.",
            group=Group.NETWORK,
            path=PathKind.EXISTING,
        ),
    ]
    dilations: Annotated[
        str | None,
        Setting(
            "Dilations of the network, for checkpoints that do not say them.",
            group=Group.NETWORK,
            none="1-10",
            advanced=True,
        ),
    ] = None
    output: Annotated[
        Path | None,
        Setting("File for the result.", group=Group.OUTPUT, none="In the run folder", path=PathKind.NEW),
    ] = None
    format: Annotated[StackFormat, Setting("Format of the result.", group=Group.OUTPUT)] = StackFormat.TIFF
    probability_of: Annotated[
        int | None,
        Ge(0),
        Setting(
            "Label whose probability is written instead of the labels themselves.",
            group=Group.OUTPUT,
            none="Labels",
        ),
    ] = None
    precision: PrecisionSetting = Precision.FULL
    device: DeviceSetting = Device.AUTO

    former: ClassVar[Mapping[str, Former]] = MappingProxyType({"bfloat16": Former(bool, _put_bfloat16)})

    def result(self, folder: Path) -> Path:
        """The file that the prediction is written to, given the run folder."""
        return folder / f"prediction{self.format.suffixes[0]}" if self.output is None else self.output

    def summary(self, folder: Path) -> list[str]:
        """The file of the result."""
        return [str(self.result(folder))]

    def validate(self) -> None:
        """Check limits and paths.

        Raises:
            SettingError: names the setting and what it must be.
        """
        super().validate()
        if self.precision not in (Precision.FULL, Precision.BF16):
            raise SettingError(
                f"The setting precision is {self.precision} but must be 32-true or bf16-mixed."
            )
        check_readings(self.reading)
        if self.dilations is not None:
            whole_numbers("dilations", self.dilations)
        if self.output is not None:
            self._check_output(self.output)

    def _check_output(self, output: Path) -> None:
        suffixes = self.format.suffixes
        if not output.name.lower().endswith(suffixes):
            allowed = " or ".join(suffixes)
            raise SettingError(f"The setting output is {output} but must end in {allowed} for {self.format}.")
        if not output.absolute().parent.is_dir():
            raise SettingError(
                f"The setting output is {output}, whose folder does not exist; create it first."
            )


# The longer endings first: a name that ends in .ome.zarr ends in .zarr too.
ENDINGS = {suffix: form for form in StackFormat for suffix in form.suffixes}


@dataclass(frozen=True, kw_only=True)
class StackExportSettings(RunSettings):
    """Write a stack as TIFF, NIfTI or OME-Zarr with its geometry; the ending of the name decides the format."""

    command: ClassVar[tuple[str, ...]] = ("export-stack",)

    stack: Annotated[Path, Setting("The stack: a file, or a folder of slices.", positional=True)]
    dataset: Annotated[str | None, Setting("Volume within the file; none takes the only one.")] = None
    reading: FileReading = None
    out: Annotated[
        Path,
        Setting(
            "What to write; the name ends in .tif, .nii, .nii.gz or .ome.zarr.", path=PathKind.NEW, short="o"
        ),
    ]
    labels: Annotated[
        bool, Setting("The values are classes, which the coarser levels of OME-Zarr must not average.")
    ] = False

    @property
    def format(self) -> StackFormat:
        """The format that the ending of the name stands for.

        Raises:
            SettingError: it stands for none.
        """
        name = self.out.name.lower()
        form = next((form for ending, form in ENDINGS.items() if name.endswith(ending)), None)
        if form is None:
            raise SettingError(
                f"{self.out.name} does not end in {', '.join(ENDINGS)}; choose a name with one of these endings."
            )
        return form

    def validate(self) -> None:
        """Check the paths.

        Raises:
            SettingError: names the setting and what it must be.
        """
        super().validate()
        check_readings(self.reading)
        if not self.stack.exists():
            raise SettingError(
                f"The setting stack names {self.stack}, which does not exist; choose an existing stack."
            )
        if self.format and self.out.absolute() == self.stack.absolute():
            raise SettingError(f"{self.out} is the stack itself; choose another name for the export.")
        if not self.out.absolute().parent.is_dir():
            raise SettingError(
                f"{self.out} cannot be written because its folder does not exist; create it first."
            )
