"""A lazily read, pyramidal, two-dimensional image: what a slide, picture or TIFF looks like to the rest."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from wholefield.sources.slides.associated import NO_PICTURES, AssociatedImages
from wholefield.sources.slides.pixels import picked, shrink, shrink_factor

AnyArray = npt.NDArray[Any]

# Above this a resolution is a screen or print default (72 dpi is 353 um per pixel), not a measurement.
LARGEST_SPACING_UM = 100.0
THUMBNAIL_BAND_BYTES = 32 * 2**20
OVERVIEW_SIDE = 512


@dataclass(frozen=True)
class Level:
    """One resolution of a pyramid.

    Attributes:
        width: Columns, in px of this level.
        height: Rows, in px of this level.
        downsample: Pixels of level 0 that one pixel spans.

    Example:
        >>> from wholefield.sources import Level
        >>> Level(width=500, height=300, downsample=4.0).downsample
        4.0
    """

    width: int
    height: int
    downsample: float


@dataclass(frozen=True)
class ChannelLook:
    """How a file asks that one channel be shown.

    Attributes:
        name: What the channel is called.
        color: Red, green and blue, 0 to 255; None where the file does not say.
        window: Values shown black and in full color; None where the file does not say.
        palette: Colors from the lowest value of the window to its highest, in equal steps, instead of a way from
            black to `color`; None where there is none. A window from 0 to the number of colors less one shows
            every value in the color of that number.

    Example:
        >>> from wholefield.sources import ChannelLook
        >>> ChannelLook("DAPI", (0, 0, 255)).name
        'DAPI'
    """

    name: str
    color: tuple[int, int, int] | None = None
    window: tuple[float, float] | None = None
    palette: tuple[tuple[int, int, int], ...] | None = None


@dataclass(frozen=True)
class ClassLook:
    """What a number in the pixels of a label image means.

    Attributes:
        value: The number.
        name: What the class is called.
        color: Red, green and blue, 0 to 255; None where the file does not say.
    """

    value: int
    name: str
    color: tuple[int, int, int] | None = None


@dataclass(frozen=True)
class Description:
    """What is known of an image before any of its pixels is read.

    Attributes:
        format_name: Name of the file format, such as "Aperio SVS".
        levels: Resolutions, finest first.
        channels: Number of channels of a region.
        dtype: Type of the pixel values.
        spacing: Micrometers per level-0 pixel along (y, x), or None where the file does not say.
        metadata: What else the file tells, as text.
        looks: One entry per channel where the file stores names or display settings, otherwise empty.
        warnings: Sentences on what is left out, assumed or converted, each for the user to read.
    """

    format_name: str
    levels: tuple[Level, ...]
    channels: int
    dtype: np.dtype[Any]
    spacing: tuple[float, float] | None
    metadata: Mapping[str, str]
    looks: tuple[ChannelLook, ...] = ()
    warnings: tuple[str, ...] = ()


def levels_from_sizes(sizes: list[tuple[int, int]]) -> tuple[Level, ...]:
    """Levels of the given (width, height), finest first; the downsample is the mean of both axes' ratios."""
    width, height = sizes[0]
    return tuple(Level(w, h, (width / w + height / h) / 2) for w, h in sizes)


def plausible_spacing(y: float | None, x: float | None) -> tuple[float, float] | None:
    """The (y, x) spacing in um, or None if it is missing, not positive or too large to be a measurement."""
    if y is None or x is None:
        return None
    if not (0 < y <= LARGEST_SPACING_UM and 0 < x <= LARGEST_SPACING_UM):
        return None
    return float(y), float(x)


class ImageSource(ABC):
    """A pyramid of images read region by region. Every method may be called from several threads at once.

    Attributes:
        path: The file or folder that is read.
        name: Its name without folders.
        format_name, levels, channels, dtype, spacing, metadata, looks, warnings: See `Description`.
        associated: Small pictures that belong to the slide, such as its label and macro image: a mapping from
            lower-case names ("label", "macro", "thumbnail", ...) to arrays (height, width, 1 or 3) of uint8. The
            names are known at once; a picture is read each time it is taken, and a SourceError is raised where it
            is damaged or the slide is closed. Empty where a file has none.

    Example:
        >>> import numpy as np, tifffile
        >>> from wholefield.sources import open_image
        >>> tifffile.imwrite("slide.tif", np.full((60, 80, 3), 200, np.uint8), tile=(16, 16))
        >>> with open_image("slide.tif") as slide:
        ...     slide.thumbnail(max_side=20).shape
        (15, 20, 3)
    """

    def __init__(self, path: Path, description: Description) -> None:
        """Take over what a reader found out.

        Args:
            path: The file or folder that is read.
            description: What is known of the image.
        """
        self.path = path
        self.name = path.name
        self.format_name = description.format_name
        self.levels = description.levels
        self.channels = description.channels
        self.dtype = description.dtype
        self.spacing = description.spacing
        self.metadata = description.metadata
        self.looks = description.looks
        self.warnings = description.warnings
        self.associated: AssociatedImages = NO_PICTURES
        self._overview: AnyArray | None = None
        self._overview_lock = Lock()

    @property
    def width(self) -> int:
        """Width of level 0 in px."""
        return self.levels[0].width

    @property
    def height(self) -> int:
        """Height of level 0 in px."""
        return self.levels[0].height

    @property
    def is_rgb(self) -> bool:
        """Whether a region is a color picture as it stands: three channels of uint8."""
        return self.channels == 3 and self.dtype == np.uint8 and not self.looks

    @property
    def is_indexed(self) -> bool:
        """Whether the values are numbers of classes or colors, which have no average: one channel with a palette."""
        return len(self.looks) == 1 and self.looks[0].palette is not None and self.dtype.kind in "ui"

    @property
    def fill(self) -> int:
        """Value of pixels outside the image: white for color pictures, otherwise zero."""
        return 255 if self.is_rgb else 0

    def read_region(self, level: int, x: int, y: int, width: int, height: int) -> AnyArray:
        """Pixels of a rectangle.

        Args:
            level: Index into `levels`.
            x: Left edge in px of that level; may lie outside the image.
            y: Top edge in px of that level.
            width: Width in px of that level.
            height: Height in px of that level.

        Returns:
            A new array (height, width, channels) of `dtype`; `fill` where the rectangle leaves the image.

        Raises:
            IndexError: There is no such level.
            ValueError: The width or height is not positive.
            SourceError: The file cannot be read.
        """
        if not 0 <= level < len(self.levels):
            raise IndexError(f"{self.name} has levels 0 to {len(self.levels) - 1}, not {level}")
        if width < 1 or height < 1:
            raise ValueError(f"A region needs a positive width and height, not {width} x {height}")
        size = self.levels[level]
        left, top = max(x, 0), max(y, 0)
        right, bottom = min(x + width, size.width), min(y + height, size.height)
        if (left, top, right, bottom) == (x, y, x + width, y + height):
            return self._read_inside(level, x, y, width, height)
        region: AnyArray = np.full((height, width, self.channels), self.fill, self.dtype)
        if left < right and top < bottom:
            inside = self._read_inside(level, left, top, right - left, bottom - top)
            region[top - y : bottom - y, left - x : right - x] = inside
        return region

    def thumbnail(self, max_side: int) -> AnyArray:
        """The whole image, averaged down so that its longer side is `max_side` px (never enlarged).

        Reads the coarsest level that is large enough, in bands, so that an image of any size fits in memory.

        Returns:
            An array (height, width, channels) of `dtype`.
        """
        index = self.level_for(max(self.width, self.height) / max(max_side, 1))
        level = self.levels[index]
        longest = max(level.width, level.height)
        scale = min(max_side / longest, 1.0)
        factor = shrink_factor(longest, max_side)
        bands = [
            self.reduced(self.read_region(index, 0, top, level.width, rows), factor)
            for top, rows in self._bands(level, factor)
        ]
        size = max(round(level.height * scale), 1), max(round(level.width * scale), 1)
        whole = np.concatenate(bands)
        return picked(whole, size=size) if self.is_indexed else shrink(whole, size=size)

    def overview(self) -> AnyArray:
        """The whole image with a longer side of at most 512 px: read once, then kept; treat it as read-only."""
        with self._overview_lock:
            if self._overview is None:
                self._overview = self.thumbnail(OVERVIEW_SIDE)
            return self._overview

    def reduced(self, region: AnyArray, factor: int) -> AnyArray:
        """A region of this image averaged down by a whole number; of numbers of a palette one in each block is taken.

        Args:
            region: (height, width, channels).
            factor: Pixels to take together along each axis.
        """
        return picked(region, factor) if self.is_indexed else shrink(region, factor)

    def level_for(self, downsample: float) -> int:
        """Index of the coarsest level that still has at least the detail of `downsample`."""
        fits = [i for i, level in enumerate(self.levels) if level.downsample <= max(downsample, 1.0) * 1.001]
        return fits[-1] if fits else 0

    def close(self) -> None:  # noqa: B027  (a source may have nothing to release)
        """Close the file. Reading afterwards raises a SourceError. Closing twice is harmless."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _bands(self, level: Level, factor: int) -> list[tuple[int, int]]:
        row_bytes = level.width * self.channels * self.dtype.itemsize
        rows = max(THUMBNAIL_BAND_BYTES // (row_bytes * factor), 1) * factor
        return [(top, min(rows, level.height - top)) for top in range(0, level.height, rows)]

    @abstractmethod
    def _read_inside(self, level: int, x: int, y: int, width: int, height: int) -> AnyArray:
        """Like `read_region` for a rectangle that lies inside the level."""
