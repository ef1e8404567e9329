"""The settings of the task that measures seams. Imports no torch."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

from annotated_types import Ge, Gt, Lt

from wholefield.errors import SettingError
from wholefield.runs.settings import Group, PathKind, RunSettings, Setting
from wholefield.sources.rect import Rect
from wholefield.tasks.applying import PublishedModel
from wholefield.tasks.slides.published.settings import region_of
from wholefield.tasks.slides.settings import TileSize
from wholefield.training.settings import Device, DeviceSetting

LARGEST_SIDE = 4096
"""The region is computed as a whole, too."""


@dataclass(frozen=True, kw_only=True)
class SeamsSettings(RunSettings):
    """Measure the seams of a model: plain tiles, blended windows and streaming beside the whole image.

    Over a region the result of each is compared with that of the network on the whole region: largest difference, share
    of the pixels that are off, histogram, and a map, written as PNG, JSON and one page of HTML. Images are compared in
    gray levels, classes in probabilities.
    """

    task: ClassVar[str] = "seams"
    command: ClassVar[tuple[str, ...]] = ("seams",)

    slide: Annotated[
        Path, Setting("The slide or picture.", group=Group.DATA, path=PathKind.EXISTING, positional=True)
    ]
    level: Annotated[
        int, Ge(0), Setting("Pyramid level to read; 0 is the full resolution.", group=Group.DATA)
    ] = 0
    region: Annotated[
        str | None,
        Setting(
            "Region in pixels of that level, as x,y,width,height.",
            group=Group.DATA,
            none="1024 px in the middle",
        ),
    ] = None
    checkpoint: PublishedModel
    tile_size: TileSize = 256
    pad: Annotated[
        int,
        Ge(0),
        Setting("Context around each plain tile that is cut off again.", unit="px", group=Group.COMPUTATION),
    ] = 10
    overlap: Annotated[
        float,
        Ge(0),
        Lt(1),
        Setting(
            "Share of a blended window that the next one covers, too.", group=Group.COMPUTATION, percent=True
        ),
    ] = 0.25
    tolerance: Annotated[
        float | None,
        Gt(0),
        Setting(
            "Differences up to that count as none.",
            group=Group.OUTPUT,
            none="1 gray level, or a probability of 0.01",
        ),
    ] = None
    device: DeviceSetting = Device.AUTO

    def area(self) -> Rect[int] | None:
        """The region in pixels of the level, or None for the middle.

        Raises:
            SettingError: It is not a region.
        """
        if self.region is None:
            return None
        area = region_of("region", self.region)
        if max(area.width, area.height) > LARGEST_SIDE:
            raise SettingError(
                f"The setting region is '{self.region}' but must have sides from 1 to {LARGEST_SIDE}, for it is "
                "computed as a whole, too."
            )
        return area

    def validate(self) -> None:
        """Check limits, paths and the region.

        Raises:
            SettingError: Names the setting and what it must be.
        """
        super().validate()
        self.area()

    def summary(self, folder: Path) -> list[str]:
        """The page that was written."""
        return [str(folder / "seams.html")]
