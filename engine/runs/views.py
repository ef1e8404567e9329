"""What a network is given of a slide: a rectangle of one level as a tensor, and where on the slide it lies."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.errors import SettingError
from engine.runs.tables import Region
from engine.sources import ImageSource
from engine.sources.image import AnyArray


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
        wanted, found = len(self.mean), region.shape[2]
        if found == wanted + 1 and wanted == 3:
            region = region[..., :wanted]
        elif found not in (1, wanted):
            raise SettingError(
                f"{name} has {found} channels, but the model takes {wanted}; choose colour images."
            )
        values = torch.from_numpy(np.ascontiguousarray(scaled(region).transpose(2, 0, 1)))
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


def read_view(source: ImageSource, level: int, area: Area, pixels: Pixels) -> tuple[Tensor, View]:
    """Read an area of a level as an image (1, C, h, w) float32, and say where it lies.

    Raises:
        SourceError: the file cannot be read.
        SettingError: its channels do not fit.
    """
    region = source.read_region(level, area.x, area.y, area.width, area.height)
    downsample = source.levels[level].downsample
    view = View(source.path, area.x * downsample, area.y * downsample, downsample)
    return pixels.tensor(region, source.name).unsqueeze(0), view
