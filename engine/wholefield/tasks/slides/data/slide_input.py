"""What a network is given of a slide: a labeled region of a level or a random square inside it, turned and tinted."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wholefield.errors import SettingError
from wholefield.labels.tissue import Tissue, find_tissue
from wholefield.runs.reports import Level, Message, ReportFunction
from wholefield.sources import ImageSource
from wholefield.sources.rect import Rect
from wholefield.sources.slides.image import AnyArray
from wholefield.sources.slides.slide_image import Pixels, SlideImage
from wholefield.training.augmentation import ColorJitter, draw_orientation
from wholefield.training.settings import Augmentation

BAND_PIXELS = 2**24
"""Pixels that are read at once where a whole slide is looked through."""


def tissue_of(source: ImageSource, report: ReportFunction) -> Tissue:
    """Where a slide shows tissue; the share is reported, as the rest is to be skipped."""
    tissue = find_tissue(source)
    report(Message(Level.INFO, f"{tissue.share:.1%} of {source.name} is tissue; the rest is skipped."))
    return tissue


def labeled_area(source: ImageSource, region: Rect[int] | None, level: int) -> Rect[int]:
    """A region of level 0, or the whole slide, at another level.

    Raises:
        SettingError: the slide has no such level, or the region leaves the slide.
    """
    if level >= len(source.levels):
        raise SettingError(
            f"{source.name} has levels up to {len(source.levels) - 1}; the setting level cannot be {level}."
        )
    size = source.levels[level]
    if region is None:
        return Rect(0, 0, size.width, size.height)
    if region.right > source.width or region.bottom > source.height:
        raise SettingError(
            f"A region extends beyond the {source.width} x {source.height} pixels of {source.name}; correct it."
        )
    x, y = int(region.x / size.downsample), int(region.y / size.downsample)
    width = max(min(round(region.width / size.downsample), size.width - x), 1)
    height = max(min(round(region.height / size.downsample), size.height - y), 1)
    return Rect(x, y, width, height)


def random_square(area: Rect[int], side: int, random: np.random.Generator) -> Rect[int]:
    """A square of the given side at a random position inside an area; smaller where the area is."""
    width, height = min(side, area.width), min(side, area.height)
    x = area.x + int(random.integers(area.width - width + 1))
    y = area.y + int(random.integers(area.height - height + 1))
    return Rect(x, y, width, height)


def bands(area: Rect[int]) -> Iterator[Rect[int]]:
    """An area in bands of rows that fit in memory, top to bottom."""
    rows = max(BAND_PIXELS // max(area.width, 1), 1)
    for top in range(area.y, area.bottom, rows):
        yield Rect(area.x, top, area.width, min(rows, area.bottom - top))


def not_finite(pixels: AnyArray) -> NDArray[np.bool_]:
    """Which pixels (h, w, channels) have a channel that is not a number, or infinite: (h, w)."""
    return np.asarray(~np.isfinite(pixels).all(axis=2))


def count_not_finite(source: ImageSource, level: int, area: Rect[int]) -> int:
    """Pixels of an area that are not numbers; none without looking where the slide holds whole numbers."""
    if source.dtype.kind != "f":
        return 0
    return sum(int(np.count_nonzero(not_finite(source.read_region(level, *band)))) for band in bands(area))


@dataclass(frozen=True)
class SlideSampling:
    """What a training sees of a slide in one visit.

    Attributes:
        level: Pyramid level to read.
        pixels: How pixels are scaled.
        square: Side of a random square in pixels of the level, or None for the whole labeled part.
        augmentation: How images are flipped and rotated.
        color_jitter: Strength of changes of color.
    """

    level: int
    pixels: Pixels
    square: int | None
    augmentation: Augmentation
    color_jitter: float

    def draw(self, source: ImageSource, region: Rect[int] | None, random: np.random.Generator) -> SlideImage:
        """The image of one visit.

        Raises:
            SettingError: The slide does not fit the settings.
        """
        area = labeled_area(source, region, self.level)
        if self.square is not None:
            area = random_square(area, self.square, random)
        orientation = draw_orientation(self.augmentation, random)
        jitter = ColorJitter.draw(self.color_jitter, random)
        return SlideImage(
            source,
            self.level,
            area=area,
            mean=self.pixels.mean,
            std=self.pixels.std,
            orientation=orientation,
            tint=None if jitter is None else jitter.of,
        )
