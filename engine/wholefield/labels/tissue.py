"""Where a slide shows tissue: found at low resolution by its color, or by its brightness where it glows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from wholefield.sources.slides.image import ImageSource

# Tissue is looked for at about so many um per pixel, and at most at the second number of pixels along a side.
SPACING_UM, LONGEST_SIDE = 8.0, 4096
SHORTEST_SIDE = 256
# Where a slide does not tell its scale, it is looked at with this many pixels along the longer side.
SIDE_WITHOUT_SCALE = 2048
# Otsu's threshold parts anything in two. Whatever has a lower measure, of 255, is taken as empty glass.
LEAST_MEASURE = 12
MEDIAN = 5
SMALLEST_PX, MARGIN_PX = 64, 2


@dataclass(frozen=True, eq=False)
class Tissue:
    """Where a slide shows tissue.

    Attributes:
        mask: (height, width) bool of the whole slide at low resolution.
        background: Median color of the rest, one number per channel in the units of the slide; of the whole image
            where all of it is tissue.
        threshold: What a pixel's measure, 0 to 255, was compared with.
    """

    mask: npt.NDArray[np.bool_]
    background: npt.NDArray[np.float64]
    threshold: int

    @property
    def share(self) -> float:
        """Share of the slide that is tissue."""
        return float(self.mask.mean())


def find_tissue(source: ImageSource, *, smallest: int = SMALLEST_PX, margin: int = MARGIN_PX) -> Tissue:
    """Find the tissue of a slide.

    The slide is read at about 8 um per pixel. The measure of a pixel is its saturation (of HSV: the difference of the
    largest and the smallest color over the largest) where it is a color picture, as stained tissue has color and glass,
    black filling and shadows have none; of other slides the largest channel between its 0.5th and 99.5th percentile, as
    fluorescence glows. The measure is smoothed by a median of 5 px and parted by Otsu's threshold; small objects go,
    small holes are filled, and what is left grows by a margin. Colored pen marks count as tissue.

    Args:
        source: An open slide.
        smallest: Objects and holes of fewer px of the mask do not count.
        margin: By how many px of the mask tissue grows.

    Returns:
        The mask, with the color of what lies around.

    Raises:
        SourceError: The slide cannot be read.

    Example:
        >>> import numpy as np, tifffile
        >>> from wholefield.labels import find_tissue
        >>> from wholefield.sources import open_image
        >>> pixels = np.full((300, 400, 3), 240, np.uint8)
        >>> pixels[100:200, 100:300] = (200, 120, 160)
        >>> tifffile.imwrite("slide.tif", pixels)
        >>> with open_image("slide.tif") as slide:
        ...     round(find_tissue(slide, margin=0).share, 3)
        0.167
    """
    pixels = source.thumbnail(_side(source))
    smooth = cv2.medianBlur(saturation(pixels) if source.is_rgb else _brightness(pixels), MEDIAN)
    threshold = max(otsu(np.bincount(smooth.ravel(), minlength=256)), LEAST_MEASURE)
    mask = without_small(smooth > threshold, smallest)
    mask = ~without_small(~mask, smallest)
    if margin:
        size = 2 * margin + 1
        disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
        mask = cv2.dilate(mask.astype(np.uint8), disk).astype(np.bool_)
    around = pixels[~mask] if not mask.all() else pixels.reshape(-1, pixels.shape[2])
    return Tissue(mask, np.median(around.astype(np.float64), axis=0), threshold)


def saturation(colors: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Saturation of HSV of colors (height, width, 3), rounded to 0 to 255; 0 for black."""
    wide = colors.astype(np.float32)
    largest, smallest = wide.max(axis=2), wide.min(axis=2)
    return np.rint(255 * (largest - smallest) / np.maximum(largest, 1)).astype(np.uint8)


def otsu(counts: npt.NDArray[np.integer[Any]]) -> int:
    """The threshold t that parts values <= t and > t with the largest variance between the two (Otsu, 1979).

    Args:
        counts: How often each value from 0 on occurs.
    """
    weights = counts.astype(np.float64)
    values = np.arange(len(weights))
    below, sums = np.cumsum(weights), np.cumsum(weights * values)
    above = below[-1] - below
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    return int(np.nan_to_num(apart, nan=-1.0, posinf=-1.0).argmax())


def without_small(mask: npt.NDArray[np.bool_], smallest: int) -> npt.NDArray[np.bool_]:
    """A mask without its objects of fewer px; pixels that touch at a corner belong to one object."""
    _, labels, facts, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    kept = facts[:, cv2.CC_STAT_AREA] >= smallest
    kept[0] = False
    return kept[labels]


def _side(source: ImageSource) -> int:
    longest = max(source.width, source.height)
    if source.spacing is None:
        return min(longest, SIDE_WITHOUT_SCALE)
    wanted = round(longest * max(source.spacing) / SPACING_UM)
    return min(longest, max(min(wanted, LONGEST_SIDE), SHORTEST_SIDE))


def _brightness(pixels: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """The largest channel of each pixel, each channel between two of its percentiles, as 0 to 255."""
    wide = np.nan_to_num(pixels.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = np.percentile(wide, (0.5, 99.5), axis=(0, 1))
    shares = (wide - low) / np.where(high > low, high - low, np.inf)
    return np.rint(255 * np.clip(shares, 0, 1).max(axis=2)).astype(np.uint8)
