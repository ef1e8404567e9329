"""The settings of `wholefield objects`. Imports no torch."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

from annotated_types import Ge

from wholefield.errors import SettingError
from wholefield.objects.rules import ENDINGS, ObjectRules, Split
from wholefield.runs.settings import Group, PathKind, RunSettings, Setting
from wholefield.tasks.reading import FileReading, check_readings, reading_setting


@dataclass(frozen=True, kw_only=True)
class ObjectsSettings(RunSettings):
    """Find, measure and write the objects of a probability map, class map or mask of any size.

    Pixels of a class, or from a threshold on, that touch are an object; it is the same for any tile size, and nothing
    is cut at the border of a tile.
    """

    command: ClassVar[tuple[str, ...]] = ("objects",)

    map: Annotated[
        Path,
        Setting("The map: any slide or picture; a stack with slice.", group=Group.DATA, path=PathKind.EXISTING,
                positional=True),
    ]  # fmt: skip
    reading: FileReading = None
    out: Annotated[
        Path,
        Setting(
            "What to write; the name ends in .csv, .parquet, .geojson or .ome.zarr.",
            path=PathKind.NEW,
            short="o",
        ),
    ]
    threshold: Annotated[
        float | None,
        Setting("Values from here on belong to objects.", group=Group.DATA, none="All but 0"),
    ] = None
    class_value: Annotated[
        int | None,
        Setting(
            "Value of the class in a class map, instead of a threshold.", group=Group.DATA, none="All but 0"
        ),
    ] = None
    channel: Annotated[int, Ge(0), Setting("Channel of the map, counted from 0.", group=Group.DATA)] = 0
    slice: Annotated[
        int | None,
        Ge(0),
        Setting("Slice of a stack, counted from 0.", group=Group.DATA, none="Not a stack"),
    ] = None
    intensities: Annotated[
        Path | None,
        Setting(
            "Image of the same size whose mean in every object is measured, channel by channel.",
            group=Group.DATA,
            path=PathKind.EXISTING,
            none="None",
        ),
    ] = None
    intensities_reading: Annotated[str | None, reading_setting("the image is")] = None
    diagonal: Annotated[
        bool, Setting("Pixels that touch at a corner belong together (8 neighbors).", group=Group.DATA)
    ] = True
    split: Annotated[
        Split, Setting("How objects that touch are split, by a watershed.", group=Group.DATA)
    ] = Split.NONE
    distance: Annotated[
        int,
        Ge(1),
        Setting("Smallest distance between the middles of split objects.", unit="px", group=Group.DATA),
    ] = 5
    smallest: Annotated[
        int, Ge(1), Setting("Area of the smallest object.", unit="px", group=Group.OUTPUT)
    ] = 1
    largest: Annotated[
        int | None, Ge(1), Setting("Area of the largest object.", unit="px", group=Group.OUTPUT, none="Any")
    ] = None
    name: Annotated[str, Setting("Class of the objects in GeoJSON.", group=Group.OUTPUT)] = "Object"
    tile_size: Annotated[
        int,
        Ge(16),
        Setting(
            "Side of the tiles; it changes memory and time, not the result.",
            unit="px",
            group=Group.COMPUTATION,
        ),
    ] = 2048

    @property
    def rules(self) -> ObjectRules:
        """What counts as an object."""
        return ObjectRules(self.diagonal, self.split, self.distance, self.smallest, self.largest)

    def validate(self) -> None:
        """Check limits and paths.

        Raises:
            SettingError: Names the setting and what it must be.
        """
        super().validate()
        check_readings(self.reading, self.intensities_reading)
        if self.threshold is not None and self.class_value is not None:
            raise SettingError("The settings threshold and class_value exclude each other; keep one of them.")
        if self.largest is not None and self.largest < self.smallest:
            raise SettingError(
                f"The setting largest is {self.largest}, less than smallest, which is {self.smallest}."
            )
        if not self.out.name.lower().endswith(ENDINGS):
            raise SettingError(
                f"{self.out.name} does not end in {', '.join(ENDINGS)}; choose one of these endings."
            )
        if self.out.absolute() == self.map.absolute():
            raise SettingError(f"{self.out} is the map itself; choose another name.")
