"""The settings of the task that uses a published network on a slide. Imports no torch."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Self

from annotated_types import Ge

from wholefield.errors import SettingError
from wholefield.runs.settings import Choice, Group, PathKind, RunSettings, Setting
from wholefield.sources.rect import Rect
from wholefield.tasks.applying import (
    MAP_MEMORY,
    MapFolder,
    MapMemory,
    PublishedModel,
    ResultFile,
    Wanted,
    WantedResult,
)
from wholefield.tasks.slides.settings import ExactKernels, SkipBackground, TileSize, Workers
from wholefield.training.settings import Device, DeviceSetting


class PictureFormat(Choice):
    """The formats that results are written in.

    Attributes:
        suffix: How names of such files end.
    """

    OME_TIFF = "ome-tiff", "OME-TIFF", ".ome.tif"
    OME_ZARR = "ome-zarr", "OME-Zarr", ".ome.zarr"

    suffix: str

    def __new__(cls, value: str, label: str, suffix: str) -> Self:
        """A member with its row."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        member.suffix = suffix
        return member


@dataclass(frozen=True, kw_only=True)
class ApplySettings(RunSettings):
    """Use a published model on a slide or picture, and write what it gives as a pyramid.

    Images (restoration, super-resolution) are written in the type of the slide, probabilities and other values as
    32-bit floating-point numbers with a channel each, classes as their labels.
    """

    task: ClassVar[str] = "apply"
    command: ClassVar[tuple[str, ...]] = ("apply",)

    slide: Annotated[
        Path, Setting("The slide or picture.", group=Group.DATA, path=PathKind.EXISTING, positional=True)
    ]
    level: Annotated[
        int, Ge(0), Setting("Pyramid level to read; 0 is the full resolution.", group=Group.DATA)
    ] = 0
    checkpoint: PublishedModel
    wanted: WantedResult = Wanted.AUTO
    format: Annotated[PictureFormat, Setting("Format of the result.", group=Group.OUTPUT)] = (
        PictureFormat.OME_TIFF
    )
    output: ResultFile = None
    tile_size: TileSize = 512
    workers: Workers = None
    exact_kernels: ExactKernels = False
    statistics: Annotated[
        str | None,
        Setting(
            "Regions of the level, as x,y,width,height; x,y,width,height, whose statistics a network that normalizes "
            "by those of the whole image is given instead, such as one of the size of its training patches.",
            label="Statistics of",
            group=Group.COMPUTATION,
            none="The whole image",
            advanced=True,
        ),
    ] = None
    map_memory: MapMemory = MAP_MEMORY
    map_folder: MapFolder = None
    device: DeviceSetting = Device.AUTO
    skip_background: SkipBackground = False

    def result(self, folder: Path) -> Path:
        """The file that the result is written to, given the run folder."""
        return folder / f"result{self.format.suffix}" if self.output is None else self.output

    def summary(self, folder: Path) -> list[str]:
        """The file of the result, or what the model says of the slide as a whole."""
        from wholefield.tasks.slides.results.prediction import PREDICTION, summary_of

        saved = folder / PREDICTION
        return summary_of(saved) if saved.exists() else [str(self.result(folder))]

    def regions(self) -> list[Rect[int]]:
        """The regions whose statistics are used; none where they are those of the image.

        Raises:
            SettingError: One of them is not a region.
        """
        texts = [] if self.statistics is None else self.statistics.split(";")
        return [region_of("statistics", text) for text in texts]

    def validate(self) -> None:
        """Check limits, paths and regions.

        Raises:
            SettingError: Names the setting and what it must be.
        """
        super().validate()
        self.regions()
        if self.output is not None and not self.output.name.lower().endswith(self.format.suffix):
            raise SettingError(
                f"The setting output is {self.output} but must end in {self.format.suffix} for {self.format.label}."
            )
        if self.output is not None and not self.output.absolute().parent.is_dir():
            raise SettingError(
                f"The setting output is {self.output}, whose folder does not exist; create it first."
            )


def region_of(name: str, text: str) -> Rect[int]:
    """A region that a setting names, in pixels of a level.

    Raises:
        SettingError: It is not a region, or it begins outside.
    """
    try:
        x, y, width, height = (int(part) for part in text.split(","))
    except ValueError:
        raise SettingError(
            f"The setting {name} is '{text}' but must be four whole numbers, x,y,width,height."
        ) from None
    if min(x, y) < 0 or min(width, height) < 1:
        raise SettingError(
            f"The setting {name} is '{text}' but must begin inside the slide and have sides of at least 1."
        )
    return Rect(x, y, width, height)
