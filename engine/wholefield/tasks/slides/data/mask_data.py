"""Slides with masks, a few per step, as a network is given them; and what is measured on them before training."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from wholefield.errors import SettingError
from wholefield.progress import ProgressCallback
from wholefield.sources import ImageSource, open_image
from wholefield.sources.rect import Rect
from wholefield.sources.slides.image import AnyArray
from wholefield.sources.slides.pixels import unit_floats
from wholefield.sources.slides.slide_image import Pixels, SlideImage
from wholefield.streaming.geometry.spans import Spans
from wholefield.tasks.slides.data.mask_files import open_mask
from wholefield.tasks.slides.data.masks import IGNORED, read_classes, read_labels
from wholefield.tasks.slides.data.slide_input import (
    SlideSampling,
    bands,
    labeled_area,
    not_finite,
)
from wholefield.tasks.slides.labels import MaskedSlide
from wholefield.training.label_values import LabelCounts, LabelOptions, LabelSet
from wholefield.training.settings import Augmentation
from wholefield.training.visits import Visits

LARGEST_SAMPLE = 2048


class MaskedArea:
    """An area of a slide with the classes of its pixels as a further channel, read box by box.

    So image and mask pass a network together, and neither has to be in memory as a whole.

    Attributes:
        image: the area.
        shape: (1, channels + 1, h, w).
        device: where what is read goes.
        dtype: its type; class indices are whole numbers in it.
    """

    def __init__(self, image: SlideImage, mask: ImageSource, labels: LabelSet) -> None:
        """Nothing is read yet; the opened mask must stay open while anything is, `labels` says what it means."""
        self.image = image
        self._mask = mask
        self._labels = labels
        batch, channels, height, width = image.shape
        self.shape = torch.Size((batch, channels + 1, height, width))
        self.device = image.device
        self.dtype = image.dtype

    def on(self, like: Tensor) -> "MaskedArea":
        """The same on the device and in the type of a tensor."""
        return MaskedArea(self.image.on(like), self._mask, self._labels)

    def read(self, spans: Spans) -> Tensor:
        """The pixels of a box and, last, their class indices, (1, channels + 1, *box).

        Pixels that are not numbers count for nothing, like those whose label is ignored.

        Raises:
            SourceError: a file cannot be read.
            SettingError: slide and mask do not fit each other or the settings.
        """
        image = self.image
        pixels = image.read(spans)
        part = image.part(spans)
        found = read_classes(self._mask, image.source, image.level, part, self._labels)
        if image.source.dtype.kind == "f":
            found[not_finite(image.source.read_region(image.level, *part))] = IGNORED
        classes = image.orientation.of(found)
        channel = torch.from_numpy(classes.copy()).to(pixels)
        return torch.cat([pixels, channel[None, None]], dim=1)


class MaskItem:
    """One slide, or one square of it, with its classes.

    Neither tuple nor dataclass, which Lightning would take apart.

    Attributes:
        image: (1, C + 1, h, w), read box by box; the last channel holds the class index of every pixel, `IGNORED`
            where it counts for nothing.
    """

    def __init__(self, image: MaskedArea) -> None:
        self.image = image


@dataclass(frozen=True)
class Survey:
    """What the slides and masks of a run hold.

    Attributes:
        mean: per channel, on the scale 0..1.
        std: per channel, on the same scale; 1 where a channel is constant.
        counts: pixels of every label.
        not_finite: pixels that are not numbers.
        spacing: um per pixel of the level along (y, x); None where the first slide does not say.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]
    counts: LabelCounts
    not_finite: int
    spacing: tuple[float, float] | None


def survey(
    rows: Sequence[MaskedSlide], level: int, options: LabelOptions, progress: ProgressCallback | None = None
) -> Survey:
    """Count the labels of the rows and measure their channels, of a large slide in the middle 2048 x 2048 pixels.

    Args:
        rows: slides with masks.
        level: pyramid level to read.
        options: what the settings say of label values.
        progress: called after every row with how many are done, and with how many there are.

    Raises:
        SourceError: a file cannot be read.
        SettingError: a slide or a mask does not fit, a mask holds no labels, or a slide holds no number.
    """
    sums: list[AnyArray] = []
    squares: list[AnyArray] = []
    pixels = strange = 0
    counts = LabelCounts("The set of masks", options)
    for number, row in enumerate(rows, 1):
        image = _measured(row, level, counts)
        if sums and len(sums[0]) != image.values.shape[1]:
            raise SettingError(
                f"{row.path.name} differs in channels from the slides before it; use slides of one kind."
            )
        sums.append(image.values.sum(0))
        squares.append((image.values**2).sum(0))
        pixels += len(image.values)
        strange += image.not_finite
        if progress is not None:
            progress(number, len(rows))
    if not pixels:
        raise SettingError("No pixel in the middle of the slides is a number; choose other slides.")
    mean = np.sum(sums, 0) / pixels
    std = np.sqrt(np.maximum(np.sum(squares, 0) / pixels - mean**2, 0))
    std[std == 0] = 1
    return Survey(tuple(mean.tolist()), tuple(std.tolist()), counts, strange, _spacing(rows[0], level))


class MaskLoader(Visits[MaskItem]):
    """Visits slides with masks, whole or as a random square a visit."""

    def __init__(
        self,
        rows: Sequence[MaskedSlide],
        level: int,
        pixels: Pixels,
        labels: LabelSet,
        *,
        square: int | None = None,
        repeats: int = 1,
        seed: int | None = None,
        augmentation: Augmentation = Augmentation.NONE,
        color_jitter: float = 0.0,
        batch_size: int = 1,
    ) -> None:
        """Set up the visits; nothing is read yet. See `wholefield.tasks.slides.data.slides_data.SlideLoader`."""
        super().__init__(len(rows), repeats, seed, batch_size)
        self._slides = tuple(rows)
        self._labels = labels
        self._sampling = SlideSampling(level, pixels, square, augmentation, color_jitter)

    def item(self, row: int, place: int, files: ExitStack) -> MaskItem:
        """The item at a place of the current epoch.

        Raises:
            SourceError: a file cannot be opened.
            SettingError: the slide does not fit the settings.
        """
        slide, random = self._slides[row], self.random(place)
        source = files.enter_context(open_image(slide.path))
        mask = files.enter_context(open_mask(slide.mask, source, slide.classes))
        image = self._sampling.draw(source, slide.region, random)
        return MaskItem(MaskedArea(image, mask, self._labels))


@dataclass(frozen=True)
class _Measured:
    """Finite pixels of the middle, (n, channels) float64, and how many of the whole area are not numbers."""

    values: AnyArray
    not_finite: int


def _measured(row: MaskedSlide, level: int, counts: LabelCounts) -> _Measured:
    """Count the labels of a row, and read the middle of its slide."""
    with open_image(row.path) as image, open_mask(row.mask, image, row.classes) as mask:
        whole = labeled_area(image, row.region, level)
        strange = 0
        for band in bands(whole):
            counts.add(read_labels(mask, image, level, band), f"in {row.mask.name}")
            if image.dtype.kind == "f":
                strange += int(np.count_nonzero(not_finite(image.read_region(level, *band))))
        pixels = image.read_region(level, *_middle(whole))
    flat = unit_floats(pixels).reshape(-1, pixels.shape[2]).astype(np.float64)
    return _Measured(flat[np.isfinite(flat).all(1)], strange)


def _middle(area: Rect[int]) -> Rect[int]:
    width, height = min(area.width, LARGEST_SAMPLE), min(area.height, LARGEST_SAMPLE)
    return Rect(area.x + (area.width - width) // 2, area.y + (area.height - height) // 2, width, height)


def _spacing(row: MaskedSlide, level: int) -> tuple[float, float] | None:
    with open_image(row.path) as source:
        downsample = source.levels[level].downsample
        return source.spacing and (source.spacing[0] * downsample, source.spacing[1] * downsample)
