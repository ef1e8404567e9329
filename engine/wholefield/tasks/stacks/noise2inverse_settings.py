"""The settings of Noise2Inverse. Imports no torch."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, ClassVar

from annotated_types import Ge

from wholefield.errors import SettingError
from wholefield.numbers import whole_numbers
from wholefield.runs.settings import Former, Group, PathKind, Setting, renamed
from wholefield.tasks.reading import check_readings, reading_setting
from wholefield.tasks.stacks.settings import StackTrainingSettings
from wholefield.tomography.enums import Strategy, Window
from wholefield.training.settings import (
    Epochs,
    LearningRate,
)

DENOISED, RECONSTRUCTION = "denoised.tif", "reconstruction.tif"
"""What Noise2Inverse leaves in its run folder: the denoised slices, and the same as reconstructed before."""


@dataclass(frozen=True, kw_only=True)
class Noise2InverseSettings(StackTrainingSettings):
    """Denoise a tomographic scan by itself, without any clean image.

    It starts from projections, or from reconstructions of parts of them.
    """

    task: ClassVar[str] = "noise2inverse"
    command: ClassVar[tuple[str, ...]] = ("train", "noise2inverse")

    projections: Annotated[
        Path | None,
        Setting(
            "HDF5 file with data, flats, darks and angles.",
            group=Group.DATA,
            path=PathKind.EXISTING,
            none="None",
            suffixes=(".h5", ".hdf5", ".hdf", ".nxs"),
        ),
    ] = None
    reconstructions: Annotated[
        str | None,
        Setting(
            "Stacks reconstructed from different projections, separated by semicolons, instead of projections.",
            group=Group.DATA,
            none="None",
            path_list=True,
            advanced=True,
        ),
    ] = None
    reconstructions_reading: Annotated[
        str | None, reading_setting("every reconstruction is", hidden=False)
    ] = None
    parts: Annotated[
        int,
        Ge(2),
        Setting(
            "Parts that the projections are split into.", label="Splits", group=Group.DATA, advanced=True
        ),
    ] = 4
    strategy: Annotated[
        Strategy, Setting("X:1 predicts one part from all others, 1:X all others from one.", advanced=True)
    ] = Strategy.X_TO_1
    rows: Annotated[
        str | None,
        Setting(
            "Detector rows to reconstruct, such as 100-199.",
            label="Detector rows",
            group=Group.DATA,
            none="All",
            advanced=True,
        ),
    ] = None
    center: Annotated[
        float | None,
        Setting(
            "Column of the rotation axis; found from opposite projections by default.",
            label="Rotation axis",
            unit="px",
            group=Group.DATA,
            none="Automatic",
            advanced=True,
        ),
    ] = None
    size: Annotated[
        int | None,
        Ge(16),
        Setting(
            "Rows and columns of the slices.",
            label="Slice size",
            unit="px",
            group=Group.DATA,
            none="Like the detector",
            advanced=True,
        ),
    ] = None
    window: Annotated[
        Window,
        Setting(
            "Window that tapers the ramp filter of the reconstruction.",
            label="Filter",
            group=Group.DATA,
            advanced=True,
        ),
    ] = Window.RAMP
    usual_crops: ClassVar[Mapping[int, int]] = MappingProxyType({2: 1, 3: 8})

    epochs: Epochs = 50
    learning_rate: LearningRate = 3e-3

    former: ClassVar[Mapping[str, Former]] = MappingProxyType(
        {**StackTrainingSettings.former, "centre": renamed("center", float)}
    )

    @property
    def part_paths(self) -> tuple[Path, ...]:
        """The stacks of `reconstructions`."""
        return tuple(Path(text.strip()) for text in (self.reconstructions or "").split(";") if text.strip())

    def validate(self) -> None:
        """Check limits, paths and what goes together.

        Raises:
            SettingError: names the setting and what it must be.
        """
        super().validate()
        check_readings(self.reconstructions_reading)
        if (self.projections is None) == (self.reconstructions is None):
            raise SettingError("Give either the setting projections or the setting reconstructions.")
        if self.projections is None and len(self.part_paths) < 2:
            raise SettingError(
                "The setting reconstructions must name at least two stacks, separated by semicolons."
            )
        for path in self.part_paths:
            _demand_path("reconstructions", path)
        if self.rows is not None:
            _demand_range(self.rows)


def _demand_path(name: str, path: Path) -> None:
    if not path.exists():
        raise SettingError(
            f"The setting {name} names {path}, which does not exist; choose an existing stack."
        )


def _demand_range(rows: str) -> None:
    numbers = whole_numbers("rows", rows)
    if numbers != tuple(range(numbers[0], numbers[-1] + 1)):
        raise SettingError(f"The setting rows is {rows!r} but must be one range, such as 100-199.")
