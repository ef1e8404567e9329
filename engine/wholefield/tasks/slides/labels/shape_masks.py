"""Drawn labels as masks: shapes of a GeoJSON file turned into class values as they are read."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from wholefield.errors import SettingError
from wholefield.labels import Annotations, rasterize, read_geojson
from wholefield.sources import ImageSource
from wholefield.sources.rect import Rect
from wholefield.sources.slides.image import AnyArray, Description

SUFFIXES = (".geojson", ".geojson.gz")
UNLABELED = 0
"""Value of pixels that no shape covers; they count for nothing."""
IGNORED_CLASS = "Ignore*"
"""The class of QuPath whose areas count for nothing."""


def is_drawn(path: Path) -> bool:
    """Whether a mask is a file of shapes instead of an image."""
    return path.name.lower().endswith(SUFFIXES)


def drawn_classes(masks: Iterable[Path]) -> tuple[str, ...]:
    """The names of all classes that files of shapes use, in the order of their classes and files.

    The place of a name, from 1 on, is its value in every one of the masks.

    Raises:
        SourceError: A file cannot be read.
    """
    names: dict[str, None] = {}
    for path in dict.fromkeys(masks):
        found = read_geojson(path)
        used = {shape.value for shape in found.shapes}
        names |= dict.fromkeys(each.name for each in found.classes if each.value in used)
    names.pop(IGNORED_CLASS, None)
    return tuple(names)


class ShapeMask(ImageSource):
    """The classes of shapes as an image of one channel, with the levels of the slide that they were drawn on."""

    def __init__(self, path: Path, slide: ImageSource, names: Sequence[str]) -> None:
        """Read the shapes.

        Args:
            path: The GeoJSON file.
            slide: The slide.
            names: Classes in the order of their values, from 1 on; shapes of others count for nothing.

        Raises:
            SourceError: The file cannot be read.
            SettingError: No shape of a class lies on the slide.
        """
        found = read_geojson(path)
        values = {each.value: names.index(each.name) + 1 for each in found.classes if each.name in names}
        ignored = {each.value for each in found.classes if each.name == IGNORED_CLASS}
        self._shapes = Annotations()
        for shape in found.shapes:
            if shape.value in ignored:
                self._shapes.erase(shape.geometry)
            elif shape.value in values:
                self._shapes.add(replace(shape, value=values[shape.value], locked=False))
        whole = Rect(0.0, 0.0, float(slide.width), float(slide.height))
        if not self._shapes.within(whole):
            raise SettingError(
                f"{path} has no shape with a class on {slide.name}; draw some, or choose the labels of this slide."
            )
        about = Description(
            "GeoJSON", slide.levels, 1, np.dtype(np.uint8), slide.spacing, {}, (), found.warnings
        )
        super().__init__(path, about)

    def close(self) -> None:
        """Nothing is open."""

    def _read_inside(self, level: int, x: int, y: int, width: int, height: int) -> AnyArray:
        size = self.levels[level]
        across, down = self.width / size.width, self.height / size.height
        rect = Rect(x * across, y * down, width * across, height * down)
        shapes = (shape for _, shape in self._shapes.within(rect))
        return rasterize(shapes, rect, (height, width))[..., None]
