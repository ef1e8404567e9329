"""A decoded picture and what its samples mean; opacity and palettes are resolved here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from wholefield.sources.slides.colors.opacity import over_white
from wholefield.sources.slides.colors.palette import Table
from wholefield.sources.slides.orientation import Orientation

AnyArray = npt.NDArray[Any]
UPRIGHT = Orientation()
# Rows are converted in bands of about this size, so that a conversion takes little memory beside the picture.
BAND_BYTES = 16 * 2**20
# A mask has few classes. Pictures that were reduced to a palette use nearly all of its 64 to 256 colors.
MOST_CLASSES = 32


@dataclass(frozen=True)
class Decoded:
    """A picture as it is stored.

    Attributes:
        kind: Name of the format.
        pixels: (height, width, samples).
        opacity: Whether the last sample is one.
        palette: Colors by number, where the only sample is a number; (entries, 4) with opacity.
        orientation: The turn that brings it upright.
        warnings: What is left out.
    """

    kind: str
    pixels: AnyArray
    opacity: bool = False
    palette: npt.NDArray[np.uint8] | None = None
    orientation: Orientation = UPRIGHT
    warnings: tuple[str, ...] = ()


def is_mask(decoded: Decoded) -> bool:
    """Whether the numbers of a palette are few enough to be classes."""
    used = np.zeros(256, np.bool_)
    for top in range(0, len(decoded.pixels), 256):
        used |= np.bincount(decoded.pixels[top : top + 256].ravel(), minlength=256) > 0
    return int(np.count_nonzero(used)) <= MOST_CLASSES


def colored(decoded: Decoded) -> Decoded:
    """The picture with a palette in its colors."""
    table = decoded.palette
    if table is None:
        return decoded
    opaque = table.shape[1] == 3 or bool((table[:, 3] == 255).all())
    table = table[:, :3] if opaque else table
    pixels = in_bands(partial(_looked_up, table), decoded.pixels, table.shape[1])
    return replace(decoded, pixels=pixels, opacity=not opaque, palette=None)


def over_glass(decoded: Decoded) -> Decoded:
    """The picture without its opacity: transparent pixels are laid over white, which is told."""
    if not decoded.opacity:
        return decoded
    pixels, count = decoded.pixels, decoded.pixels.shape[2] - 1
    if pixels.dtype not in (np.uint8, np.uint16):
        told = "its opacity is left out; colors are as stored"
        return replace(decoded, pixels=pixels[..., :count], opacity=False, warnings=(*decoded.warnings, told))
    if pixels[..., count].min() == np.iinfo(pixels.dtype).max:
        return replace(decoded, pixels=np.ascontiguousarray(pixels[..., :count]), opacity=False)
    laid = in_bands(_over_glass, pixels, count)
    told = "its transparent pixels are shown over white"
    return replace(decoded, pixels=laid, opacity=False, warnings=(*decoded.warnings, told))


def upright(decoded: Decoded) -> Decoded:
    """The picture turned as its orientation says."""
    if decoded.orientation == UPRIGHT:
        return decoded
    pixels = np.ascontiguousarray(decoded.orientation.of(decoded.pixels))
    told = "it is stored lying on its side or mirrored and is shown upright, as its orientation says"
    return replace(decoded, pixels=pixels, orientation=UPRIGHT, warnings=(*decoded.warnings, told))


def _looked_up(table: AnyArray, band: AnyArray) -> AnyArray:
    return table[band[..., 0]]


def _over_glass(band: AnyArray) -> AnyArray:
    return over_white(band[..., :-1], band[..., -1], premultiplied=False)


def palette_table(table: npt.NDArray[np.uint8]) -> Table:
    """Colors by number without their opacity."""
    return table[:, :3]


def in_bands(convert: Callable[[AnyArray], AnyArray], pixels: AnyArray, channels: int) -> AnyArray:
    """Convert (height, width, ...) to (height, width, channels) of the type that the conversion gives."""
    rows = max(BAND_BYTES // max(pixels[0].nbytes, 1), 1)
    first = convert(pixels[:rows])
    result = np.empty((*pixels.shape[:2], channels), first.dtype)
    result[:rows] = first
    for top in range(rows, len(pixels), rows):
        result[top : top + rows] = convert(pixels[top : top + rows])
    return result
