"""Crops around strokes, as a training visits them."""

from __future__ import annotations

from contextlib import ExitStack

import numpy as np
import torch
from torch import Tensor

from wholefield.sources.rect import Rect
from wholefield.sources.slides.slide_image import SlideImage
from wholefield.tasks.slides.data.masks import IGNORED
from wholefield.tasks.slides.data.slide_input import not_finite
from wholefield.tasks.slides.strokes.settings import StrokesSettings
from wholefield.tasks.slides.strokes.strokes import Classes, Strokes
from wholefield.training.augmentation import draw_orientation
from wholefield.training.visits import Visits

Crop = tuple[Tensor, Tensor]
"""Pixels (C, h, w) and class indices (h, w)."""


class CropLoader(Visits[Crop]):
    """Draws square crops around labeled places, flipped, rotated, and with other gains and offsets.

    Every class is drawn alike. The place lies anywhere in the middle half of its crop, so that crops reach the border
    of the slide. `refresh` is asked before every batch, so that new strokes join.
    """

    def __init__(self, image: SlideImage, strokes: Strokes, settings: StrokesSettings) -> None:
        super().__init__(settings.crops_per_epoch, 1, settings.seed, settings.batch_size)
        self.image = image
        self._strokes = strokes
        self._settings = settings
        self._side = min(settings.crop_size, *image.shape[2:])

    def item(self, row: int, place: int, files: ExitStack) -> Crop:
        """A crop; which one depends on its place in the epoch and on the strokes there are."""
        del row, files
        settings, random = self._settings, self.random(place)
        image = self.image.cropped(self._around(*self._strokes.draw(random), random))
        turned = image.turned(draw_orientation(settings.augmentation, random))
        pixels = turned.read(((0, self._side), (0, self._side)))[0]
        shape = (len(pixels), 1, 1)
        gains = np.exp(random.uniform(-settings.intensity_jitter, settings.intensity_jitter, shape))
        offsets = random.uniform(-settings.intensity_jitter, settings.intensity_jitter, shape)
        pixels = pixels * torch.from_numpy(gains).to(pixels) + torch.from_numpy(offsets).to(pixels)
        classes = turned.orientation.of(classes_of(self._strokes, image))
        return pixels, torch.from_numpy(classes.copy())

    def batch(self, items: list[Crop]) -> Crop:
        """Crops side by side: (B, C, h, w) and (B, h, w)."""
        return torch.stack([pixels for pixels, _ in items]), torch.stack([classes for _, classes in items])

    def _around(self, x: float, y: float, random: np.random.Generator) -> Rect[int]:
        size = self.image.source.levels[self.image.level]
        starts = []
        for at, length, whole in (
            (x, size.width, self.image.source.width),
            (y, size.height, self.image.source.height),
        ):
            start = int(at * length / whole) - int(random.uniform(0.25, 0.75) * self._side)
            starts.append(min(max(start, 0), length - self._side))
        return Rect(starts[0], starts[1], self._side, self._side)


def classes_of(strokes: Strokes, image: SlideImage, *, held_out: bool = False) -> Classes:
    """The class of every pixel of an area of a slide, as it lies in the file; `IGNORED` where none counts.

    Pixels that are not numbers count for nothing.
    """
    source, area = image.source, image.area
    found = strokes.region(level0(image, area), (area.height, area.width), held_out=held_out)
    if source.dtype.kind == "f":
        found[not_finite(source.read_region(image.level, *area))] = IGNORED
    return found


def level0(image: SlideImage, area: Rect[int]) -> Rect[float]:
    """A rectangle of the level of an image, in px of level 0."""
    source, size = image.source, image.source.levels[image.level]
    across, down = source.width / size.width, source.height / size.height
    return Rect(area.x * across, area.y * down, area.width * across, area.height * down)
