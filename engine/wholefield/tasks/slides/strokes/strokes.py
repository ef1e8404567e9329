"""The strokes on one slide: read from their file, split for validation, and read again when the file changes."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from wholefield.errors import SettingError, SourceError
from wholefield.labels import Annotations, Imported, Shape, rasterize, read_geojson, rectangle
from wholefield.labels.classes import Color
from wholefield.labels.shapes import areas_of
from wholefield.sources.rect import Rect
from wholefield.tasks.slides.data.masks import IGNORED
from wholefield.tasks.slides.labels.shape_masks import IGNORED_CLASS
from wholefield.tasks.slides.strokes.split import Stroke, StrokeSplit

Classes = npt.NDArray[np.int64]

Piece = tuple[BaseGeometry, Stroke | None]
"""An area, and the stroke that it is; None where what it covers counts for nothing."""

# The value of what is labeled but must not count now; classes have the values from 1 on.
HIDDEN = 255
MOST_CLASSES = HIDDEN - 1
POINTS = 64
"""Random points that are tried at once to find one within a stroke."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class StrokeClass:
    """A class that has strokes."""

    name: str
    color: Color


class Strokes:
    """The labeled areas of one slide.

    Attributes:
        path: The GeoJSON file.
        classes: The classes that had strokes when they were read first, in the order of the file.
        training: Those to train on.
        held_out: Those that are kept for validation.
        areas: What covers the slide, for those to train on (False) and those that are held out (True).
        notes: Sentences on what was wrong with them when they were read last.
        split: Which of them are held out.
    """

    def __init__(self, path: Path, size: tuple[int, int], share: float, split: Path | None = None) -> None:
        """Read them for the first time.

        Args:
            path: The GeoJSON file.
            size: (width, height) of the slide, beyond which nothing counts.
            share: Which share of every class is held out.
            split: The file in which an earlier part of the run has kept what is held out.

        Raises:
            SourceError: A file cannot be read.
            SettingError: Less than two classes have strokes to train on.
        """
        self.path = path
        self.split = StrokeSplit(share)
        if split is not None and split.exists():
            self.split.load(split)
        self.training: tuple[Stroke, ...] = ()
        self.held_out: tuple[Stroke, ...] = ()
        self.notes: tuple[str, ...] = ()
        self._whole = rectangle(0, 0, *size)
        self._version = _version(path)
        found = read_geojson(path)
        used = {shape.value for shape in found.shapes if not self._inside(shape).is_empty}
        named = [each for each in found.classes if each.value in used and each.name != IGNORED_CLASS]
        self.classes = tuple(StrokeClass(each.name, each.color) for each in named)
        if not 2 <= len(self.classes) <= MOST_CLASSES:
            raise SettingError(
                f"{path} has strokes of {len(self.classes)} classes on the slide; "
                f"label areas of 2 to {MOST_CLASSES} classes, such as cells and background."
            )
        self._take(found)

    def refresh(self) -> bool:
        """Read the file again if it has changed; returns whether it has. `notes` says what to tell of it.

        A file that cannot be read, perhaps because it is just being written, changes nothing.
        """
        try:
            version = _version(self.path)
            if version == self._version:
                return False
            found = read_geojson(self.path)
        except SourceError as error:
            log.info("The strokes stay as they were read last: %s", error)
            return False
        self._version = version
        self._take(found)
        return True

    def region(self, rect: Rect[float], size: tuple[int, int], *, held_out: bool = False) -> Classes:
        """The class of every pixel of a region to train on, or of one that is held out; `IGNORED` elsewhere.

        Args:
            rect: The region in px of level 0.
            size: (height, width) of the result.
            held_out: Which of the strokes count.
        """
        shapes = (shape for _, shape in self.areas[held_out].within(rect))
        return self._indices[rasterize(shapes, rect, size)]

    def draw(self, random: np.random.Generator) -> tuple[float, float]:
        """A labeled place (x, y) to train on: of any class alike, and within a class of any pixel alike."""
        label = random.choice(np.unique([stroke.label for stroke in self.training]))
        strokes = [stroke for stroke in self.training if stroke.label == label]
        areas = np.array([stroke.area.area for stroke in strokes])
        return random_point(strokes[random.choice(len(strokes), p=areas / areas.sum())].area, random)

    def _take(self, found: Imported) -> None:
        pieces, unknown = self._pieces(found)
        strokes = [stroke for _, stroke in pieces if stroke is not None]
        self.split.update(strokes)
        held = self.split.held_out
        training = tuple(each for each in strokes if not held[each.key])
        if not training:
            self.notes = ("No strokes to train on are left; the training goes on with those of before.",)
            return
        self.training = training
        self.held_out = tuple(each for each in strokes if held[each.key])
        self.areas = {side: _annotations(pieces, held, side) for side in (False, True)}
        self.notes = found.warnings
        if unknown:
            self.notes += (
                f"Strokes of {', '.join(sorted(unknown))} count for nothing: the class had none when the training "
                "began. Start a new one to learn it.",
            )
        missing = set(range(len(self.classes))) - {stroke.label for stroke in self.training}
        if missing:
            names = ", ".join(self.classes[each].name for each in sorted(missing))
            self.notes += (f"No strokes of {names} are left to train on.",)

    def _pieces(self, found: Imported) -> tuple[list[Piece], set[str]]:
        """What covers the slide, from bottom to top, and the names of classes that are not learned."""
        labels = {each.name: index for index, each in enumerate(self.classes)}
        pieces: list[Piece] = []
        unknown: set[str] = set()
        for shape in found.shapes:
            name, parts = (
                found.classes[shape.value].name if shape.value else "",
                shapely.get_parts(self._inside(shape)).tolist(),
            )
            if name == IGNORED_CLASS:
                pieces += [(part, None) for part in parts]
            elif name in labels:
                for index, part in enumerate(parts):
                    key = shape.id if len(parts) == 1 else f"{shape.id}/{index}"
                    pieces.append((part, Stroke(key, labels[name], part)))
            elif name and parts:
                unknown.add(name)
        return pieces, unknown

    def _inside(self, shape: Shape) -> BaseGeometry:
        return areas_of(shapely.intersection(shape.geometry, self._whole))

    @property
    def _indices(self) -> Classes:
        """Class index of every value."""
        table = np.full(256, IGNORED, np.int64)
        table[1 : len(self.classes) + 1] = np.arange(len(self.classes))
        return table


def random_point(area: BaseGeometry, random: np.random.Generator) -> tuple[float, float]:
    """A place within an area, any alike; of one that covers next to nothing of its bounds, a place in its middle."""
    left, top, right, bottom = area.bounds
    x, y = random.uniform(left, right, POINTS), random.uniform(top, bottom, POINTS)
    inside = np.flatnonzero(shapely.contains_xy(area, x, y))
    if not len(inside):
        middle = area.representative_point()
        return middle.x, middle.y
    return float(x[inside[0]]), float(y[inside[0]])


def _annotations(pieces: list[Piece], held: dict[str, bool], side: bool) -> Annotations:
    """The pieces from bottom to top; those of the other side, and what is ignored, cover the others all the same."""
    return Annotations(
        Shape(area, stroke.label + 1 if stroke is not None and held[stroke.key] is side else HIDDEN)
        for area, stroke in pieces
    )


def _version(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError as error:
        raise SourceError(f"{path} cannot be read ({error.strerror}).") from error
    return status.st_mtime_ns, status.st_size
