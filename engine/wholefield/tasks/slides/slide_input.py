"""What a network is given of a slide: a rectangle of one level, read box by box, and where on the slide it lies."""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wholefield.errors import SettingError
from wholefield.sources import ImageSource
from wholefield.sources.slides.image import AnyArray
from wholefield.streaming.geometry.spans import Spans
from wholefield.tasks.slides.tables import Region
from wholefield.training.augmentation import Tint, Turn


@dataclass(frozen=True)
class Pixels:
    """How pixels become the numbers that a network sees: (value / largest value - mean) / std per channel.

    Attributes:
        mean: per channel, on the scale 0..1.
        std: per channel, on the same scale.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]

    def tensor(self, region: AnyArray, name: str) -> Tensor:
        """A region (h, w, c) of unsigned integers, or of floats in 0..1, as (channels, h, w) float32.

        A grey image is repeated over the channels and an alpha channel is left out.

        Raises:
            SettingError: the image `name` has another number of channels.
        """
        return self.normalised(self.scaled(region, name))

    def scaled(self, region: AnyArray, name: str) -> Tensor:
        """The same before mean and deviation are taken off: on the scale 0..1."""
        wanted, found = len(self.mean), region.shape[2]
        if found == wanted + 1 and wanted == 3:
            region = region[..., :wanted]
        elif found not in (1, wanted):
            raise SettingError(
                f"{name} has {found} channels, but the model takes {wanted}; choose colour images."
            )
        values = torch.from_numpy(np.ascontiguousarray(scaled(region).transpose(2, 0, 1)))
        return values.expand(wanted, -1, -1)

    def normalised(self, values: Tensor) -> Tensor:
        """Values (channels, h, w) on the scale 0..1, less the mean, over the deviation."""
        mean, std = (torch.tensor(value)[:, None, None] for value in (self.mean, self.std))
        return (values - mean) / std


def scaled(region: AnyArray) -> NDArray[np.float32]:
    """Pixels on the scale 0..1 of their type as float32; floats stay as they are."""
    if region.dtype.kind not in "ui":
        return region.astype(np.float32)
    return region.astype(np.float32) / np.float32(np.iinfo(region.dtype).max)


class View(NamedTuple):
    """The rectangle of a slide that a network is given.

    Attributes:
        slide: the file.
        x: left edge in pixels of level 0.
        y: top edge in pixels of level 0.
        downsample: pixels of level 0 per pixel of the tensor.
    """

    slide: Path
    x: float
    y: float
    downsample: float

    def box(self, box: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
        """A box of the tensor, (start, stop) per axis (y, x), in pixels of level 0."""
        return tuple(
            (round(origin + start * self.downsample), round(origin + stop * self.downsample))
            for origin, (start, stop) in zip((self.y, self.x), box, strict=True)
        )


@dataclass(frozen=True)
class Area:
    """A rectangle in pixels of one level."""

    x: int
    y: int
    width: int
    height: int


def labelled_area(source: ImageSource, region: Region | None, level: int) -> Area:
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
        return Area(0, 0, size.width, size.height)
    if region.x + region.width > source.width or region.y + region.height > source.height:
        raise SettingError(
            f"A region of {source.name} leaves its {source.width} x {source.height} pixels; correct it."
        )
    x, y = int(region.x / size.downsample), int(region.y / size.downsample)
    width = max(min(round(region.width / size.downsample), size.width - x), 1)
    height = max(min(round(region.height / size.downsample), size.height - y), 1)
    return Area(x, y, width, height)


def random_square(area: Area, side: int, random: np.random.Generator) -> Area:
    """A square of the given side at a random place inside an area; smaller where the area is."""
    width, height = min(side, area.width), min(side, area.height)
    x = area.x + int(random.integers(area.width - width + 1))
    y = area.y + int(random.integers(area.height - height + 1))
    return Area(x, y, width, height)


def view_of(source: ImageSource, level: int, area: Area) -> View:
    """Where an area of a level lies on its slide."""
    downsample = source.levels[level].downsample
    return View(source.path, area.x * downsample, area.y * downsample, downsample)


class SlideArea:
    """An area of a level of an opened slide as a network's input: decoded and scaled box by box.

    It is what `wholefield.streaming` calls a lazily read image. Boxes count in the image as the network sees it, after
    it has been turned.

    Attributes:
        source: the slide; must stay open while anything is read.
        level: its level.
        area: the rectangle of that level.
        turn: how the area is turned and mirrored.
        shape: (1, channels, h, w).
        device: where the pixels go.
        dtype: their type.
    """

    def __init__(
        self,
        source: ImageSource,
        level: int,
        area: Area,
        pixels: Pixels,
        turn: Turn | None = None,
        tint: Tint | None = None,
    ) -> None:
        """Nothing is read yet; `pixels` says how values are scaled, `tint` how colours are changed before that."""
        self.source = source
        self.level = level
        self.area = area
        self.turn = turn or Turn()
        self._pixels = pixels
        self._tint = tint
        self.shape = torch.Size((1, len(pixels.mean), *self.turn.shape(area.height, area.width)))
        self.device = torch.device("cpu")
        self.dtype = torch.float32

    @property
    def slide(self) -> Path:
        """The file."""
        return self.source.path

    @property
    def view(self) -> View:
        """Where the area lies."""
        return view_of(self.source, self.level, self.area)

    def on(self, like: Tensor) -> "SlideArea":
        """The same on the device and in the type of a tensor."""
        other = copy(self)
        other.device, other.dtype = like.device, like.dtype
        return other

    def read(self, spans: Spans) -> Tensor:
        """Decode and scale a box, (1, channels, *box).

        Raises:
            SourceError: the file cannot be read.
            SettingError: its channels do not fit.
        """
        part = self.part(spans)
        region = self.source.read_region(self.level, part.x, part.y, part.width, part.height)
        values = self._pixels.scaled(self.turn.of(region), self.source.name)
        if self._tint is not None:
            values = self._tint.of(values)
        return self._pixels.normalised(values).unsqueeze(0).to(self.device, self.dtype)

    def part(self, spans: Spans) -> Area:
        """The rectangle of the level that a box of the turned image shows."""
        (top, bottom), (left, right) = self.turn.source_box(spans, self.area.height, self.area.width)
        return Area(self.area.x + left, self.area.y + top, right - left, bottom - top)

    def box(self, spans: Spans) -> tuple[tuple[int, int], ...]:
        """A box in pixels of level 0."""
        return self.view.box(self.turn.source_box(spans, self.area.height, self.area.width))
