"""The settings of an export of a stack. Imports no torch."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

from wholefield.errors import SettingError
from wholefield.runs.settings import PathKind, RunSettings, Setting
from wholefield.tasks.stacks.settings import StackFormat

# The longer endings first: a name that ends in .ome.zarr ends in .zarr too.
ENDINGS = {suffix: form for form in StackFormat for suffix in form.suffixes}


@dataclass(frozen=True, kw_only=True)
class StackExportSettings(RunSettings):
    """Write a stack as TIFF, NIfTI or OME-Zarr with its geometry; the ending of the name decides about the format."""

    command: ClassVar[tuple[str, ...]] = ("export-stack",)

    stack: Annotated[Path, Setting("The stack: a file, or a folder of slices.", positional=True)]
    dataset: Annotated[str | None, Setting("Volume within the file; none takes the only one.")] = None
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
                f"{self.out.name} does not end in {', '.join(ENDINGS)}; give the file such a name."
            )
        return form

    def validate(self) -> None:
        """Check the paths.

        Raises:
            SettingError: names the setting and what it must be.
        """
        super().validate()
        if not self.stack.exists():
            raise SettingError(
                f"The setting stack names {self.stack}, which does not exist; choose an existing stack."
            )
        if self.format and self.out.absolute() == self.stack.absolute():
            raise SettingError(f"{self.out} is the stack itself; choose another name for the export.")
        if not self.out.absolute().parent.is_dir():
            raise SettingError(f"{self.out} cannot be written, as its folder does not exist; make it first.")
