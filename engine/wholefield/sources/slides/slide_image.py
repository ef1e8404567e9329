"""A slide as a network's input: an area of one level, decoded and scaled box by box."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from wholefield.errors import SettingError
from wholefield.sources.rect import Rect
from wholefield.sources.slides.image import AnyArray, ImageSource
from wholefield.sources.slides.orientation import Orientation, Spans
from wholefield.sources.slides.pixels import unit_floats


@dataclass(frozen=True)
class Pixels:
    """How pixels become the numbers that a network sees: (value / largest value - mean) / std per channel.

    Attributes:
        mean: Per channel, on the scale 0..1.
        std: Per channel, on the same scale.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]

    def tensor(self, region: AnyArray, name: str) -> Tensor:
        """A region (h, w, c) of unsigned integers, or of floats in 0..1, as (channels, h, w) float32.

        A gray image is repeated over the channels and an alpha channel is left out.

        Raises:
            SettingError: The image `name` has another number of channels.
        """
        return self.normalized(self.scaled(region, name))

    def scaled(self, region: AnyArray, name: str) -> Tensor:
        """The same before mean and deviation are taken off: on the scale 0..1."""
        wanted, found = len(self.mean), region.shape[2]
        if found == wanted + 1 and wanted == 3:
            region = region[..., :wanted]
        elif found not in (1, wanted):
            raise SettingError(
                f"{name} has {found} channels, but the model takes {wanted}; choose color images."
            )
        values = torch.from_numpy(np.ascontiguousarray(unit_floats(region).transpose(2, 0, 1)))
        return values.expand(wanted, -1, -1)

    def normalized(self, values: Tensor) -> Tensor:
        """Values (channels, h, w) on the scale 0..1, less the mean, over the deviation."""
        mean, std = (torch.tensor(value)[:, None, None] for value in (self.mean, self.std))
        return (values - mean) / std


class SlideImage:
    """An area of a level of an opened slide as a network's input: decoded and scaled box by box.

    It is what `wholefield.streaming` calls a lazily read image, so that a slide of any size can go through a network.
    Integers are divided by the largest value of their type; floats are taken as they are. Boxes count in the image as
    the network sees it, after it has been turned.

    Attributes:
        source: The slide; must stay open while anything is read.
        level: Its level.
        area: The rectangle of that level.
        orientation: How the area is turned and mirrored.
        shape: (1, channels, h, w).
        device: Where the pixels go.
        dtype: Their type.

    Example:
        >>> import numpy as np, tifffile
        >>> from wholefield.sources import SlideImage, open_image
        >>> tifffile.imwrite("gray.tif", np.full((40, 50), 65535, np.uint16))
        >>> with open_image("gray.tif") as slide:
        ...     image = SlideImage(slide, mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25))
        ...     box = image.read(((0, 10), (20, 40)))
        >>> image.shape, box.shape, float(box.max())
        (torch.Size([1, 3, 40, 50]), torch.Size([1, 3, 10, 20]), 2.0)
    """

    def __init__(
        self,
        source: ImageSource,
        level: int = 0,
        *,
        area: Rect[int] | None = None,
        mean: Sequence[float] | None = None,
        std: Sequence[float] | None = None,
        channels: int | None = None,
        orientation: Orientation | None = None,
        tint: Callable[[Tensor], Tensor] | None = None,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ) -> None:
        """Nothing is read yet.

        Args:
            source: The slide.
            level: Which of its levels.
            area: The part of that level in its pixels; None for all of it.
            mean: Mean per channel of pixels scaled to 0..1; 0 if None.
            std: Standard deviation per channel likewise; 1 if None.
            channels: What the network takes, where neither `mean` nor `std` says so; those of the slide if None.
                Gray slides are repeated over the channels, and a fourth one is left out where three are wanted.
            orientation: How the area is turned and mirrored.
            tint: Changes colors, (channels, h, w) on the scale 0..1, before mean and deviation are taken off.
            dtype: Element type of the pixels.
            device: Where the pixels go.
        """
        known = mean if mean is not None else std
        count = len(known) if known is not None else channels or source.channels
        size = source.levels[level]
        self.source = source
        self.level = level
        self.area = Rect(0, 0, size.width, size.height) if area is None else area
        self.orientation = orientation or Orientation()
        self._pixels = Pixels(
            tuple(mean) if mean is not None else (0.0,) * count,
            tuple(std) if std is not None else (1.0,) * count,
        )
        self._tint = tint
        height, width = self.orientation.shape(self.area.height, self.area.width)
        self.shape = torch.Size((1, count, height, width))
        self.device = torch.device(device)
        self.dtype = dtype

    @property
    def slide(self) -> Path:
        """The file."""
        return self.source.path

    @property
    def downsample(self) -> float:
        """Pixels of level 0 per pixel of the tensor."""
        return self.source.levels[self.level].downsample

    @property
    def origin(self) -> tuple[float, float]:
        """Corner (x, y) of the area in pixels of level 0."""
        return self.area.x * self.downsample, self.area.y * self.downsample

    def on(self, like: Tensor) -> SlideImage:
        """The same on the device and in the type of a tensor."""
        other = copy(self)
        other.device, other.dtype = like.device, like.dtype
        return other

    def cropped(self, area: Rect[int]) -> SlideImage:
        """Another area of the same level, in its pixels, scaled and turned alike."""
        other = copy(self)
        other.area = area
        other.shape = torch.Size((*self.shape[:2], *self.orientation.shape(area.height, area.width)))
        return other

    def turned(self, orientation: Orientation) -> SlideImage:
        """The same area, turned."""
        other = copy(self)
        other.orientation = orientation
        other.shape = torch.Size((*self.shape[:2], *orientation.shape(self.area.height, self.area.width)))
        return other

    def read(self, spans: Spans) -> Tensor:
        """Decode and scale a box; pixels that are not finite become the mean, which is 0.

        Args:
            spans: (start, stop) per axis (y, x) in the image as the network sees it.

        Returns:
            (1, channels, *box) of `dtype` on `device`.

        Raises:
            SourceError: The file cannot be read.
            SettingError: Its channels do not fit.
        """
        part = self.part(spans)
        region = self._in_colors(self.source.read_region(self.level, *part))
        values = self._pixels.scaled(self.orientation.of(region), self.source.name)
        if self._tint is not None:
            values = self._tint(values)
        values = self._pixels.normalized(values)
        if self.source.dtype.kind == "f":
            # What is not a number is given to the network as the mean.
            values = torch.where(values.isfinite(), values, 0.0)
        return values.unsqueeze(0).to(self.device, self.dtype)

    def as_input(self, color: npt.NDArray[Any]) -> tuple[float, ...]:
        """What the network gets for a color of the slide, (channels,) in its units: one number per input channel."""
        pixel = self._in_colors(color.astype(self.source.dtype)[None, None])
        values = self._pixels.normalized(self._pixels.scaled(pixel, self.source.name))
        return tuple(values.flatten().tolist())

    def _in_colors(self, region: AnyArray) -> AnyArray:
        """A picture of numbers with a palette as its colors, where the network takes colors."""
        look = self.source.looks[0] if len(self.source.looks) == 1 else None
        if look is None or look.palette is None or self.shape[1] != 3 or region.dtype.kind not in "ui":
            return region
        table = np.array(look.palette, np.uint8)
        return table[np.minimum(region[..., 0], len(table) - 1)]

    def part(self, spans: Spans) -> Rect[int]:
        """The rectangle of the level that a box of the turned image shows."""
        (top, bottom), (left, right) = self.orientation.source_spans(spans, self.area.height, self.area.width)
        return Rect(self.area.x + left, self.area.y + top, right - left, bottom - top)

    def box(self, spans: Spans) -> Spans:
        """A box of the turned image, (start, stop) per axis (y, x), in pixels of level 0."""
        x, y, width, height = self.part(spans)
        return tuple(
            (round(start * self.downsample), round((start + length) * self.downsample))
            for start, length in ((y, height), (x, width))
        )
