"""What a published network gives for a slide: an image, probabilities or other values per position, kept on disk."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.typing import NDArray

from wholefield.errors import SettingError
from wholefield.export.picture_zarr import write_zarr_picture
from wholefield.export.pyramid import Layout, PyramidSettings, write_pyramid
from wholefield.files import reserved
from wholefield.networks.opening import Activation
from wholefield.progress import ProgressCallback
from wholefield.sources.slides.image import AnyArray
from wholefield.sources.slides.pixels import shrink
from wholefield.streaming.execution.sinks import WritableArray
from wholefield.tasks.applying import activated
from wholefield.tasks.slides.published.settings import PictureFormat
from wholefield.tasks.slides.results.maps import SlideImageResult, SlideMaps

GLANCE = 1024
"""Longest side of what is shown over a slide."""


@dataclass(frozen=True, eq=False)
class AppliedSlide:
    """What a network gave.

    Attributes:
        slide: The slide.
        names: What the channels are called.
        pixels: (height, width, channels), a memory map that goes with this object.
        size: (width, height) of the slide in pixels of level 0, which the pixels cover.
        spacing: um per pixel of the result along (y, x), where known.
        image: Whether it is an image, and not a map of values.
    """

    slide: Path
    names: tuple[str, ...]
    pixels: AnyArray
    size: tuple[int, int]
    spacing: tuple[float, float] | None
    image: bool

    def write(self, path: Path, form: PictureFormat, progress: ProgressCallback | None = None) -> None:
        """Write it as a pyramid.

        Raises:
            OSError: The disk is full or may not be written to.
        """
        if form is PictureFormat.OME_ZARR:
            write_zarr_picture(path, self.pixels, self.spacing, self.names, progress)
        else:
            write_pyramid(path, self.pixels, self.spacing, PyramidSettings(layout=Layout.OME), progress)

    def shown(self, path: Path) -> SlideMaps | SlideImageResult:
        """What the window shows of it, given the file that it was written to."""
        if self.image:
            return SlideImageResult(self.slide, path)
        factor = max(-(-max(self.pixels.shape[:2]) // GLANCE), 1)
        rows = [
            shrink(np.asarray(self.pixels[top : top + factor], np.float32), factor)
            for top in range(0, self.pixels.shape[0], factor)
        ]
        small = np.moveaxis(np.concatenate(rows), -1, 0)
        limits = tuple((float(each.min()), float(each.max())) for each in small)
        scaled = [
            (each - low) / max(high - low, 1e-12) for each, (low, high) in zip(small, limits, strict=True)
        ]
        maps = np.stack(scaled).astype(np.float32)
        width, height = self.size
        return SlideMaps(self.slide, self.names, maps, limits, (0.0, 0.0, float(width), float(height)), path)


class Recorder:
    """Takes the output of a network block by block and keeps it on disk, in the type it will be written in.

    Attributes:
        shape: (1, channels, h, w) of the output.
        pixels: (h, w, channels).
    """

    def __init__(self, shape: Sequence[int], dtype: npt.DTypeLike, activation: Activation) -> None:
        """Make room.

        Args:
            shape: Of the output.
            dtype: Type of the result; whole numbers mean that the output is on the scale 0..1.
            activation: What makes probabilities of it.

        Raises:
            OSError: The disk is full.
        """
        self.shape = tuple(shape)
        self._activation = activation
        folder = Path(tempfile.mkdtemp(prefix="wholefield-result-"))
        self.pixels = reserved(folder / "pixels", (*self.shape[2:], self.shape[1]), np.dtype(dtype))
        # Whoever holds the pixels keeps the file.
        weakref.finalize(self.pixels, shutil.rmtree, folder, ignore_errors=True)

    def __setitem__(self, key: tuple[slice, ...], value: NDArray[Any]) -> None:
        """Take the output (1, channels, ...) of a box.

        Raises:
            SettingError: It is not finite.
        """
        if not np.isfinite(value).all():
            raise SettingError("The model gives values that are not finite; choose another.")
        block = np.moveaxis(value[0], 0, -1)
        self.pixels[key[2:]] = self._converted(activated(block, self._activation))

    def _converted(self, block: AnyArray) -> AnyArray:
        kind = self.pixels.dtype
        if kind.kind == "f":
            return block.astype(kind)
        return np.rint(np.clip(block, 0.0, 1.0) * np.iinfo(kind).max).astype(kind)


class Cropped:
    """Passes blocks on without what an image was filled up with.

    Attributes:
        shape: (1, channels, h, w) of the output.
    """

    def __init__(self, shape: Sequence[int], array: WritableArray) -> None:
        """Pass blocks of an output of this shape on to a smaller array."""
        self.shape = tuple(shape)
        self._array = array

    def __setitem__(self, key: tuple[slice, ...], value: NDArray[Any]) -> None:
        """Take the output (1, channels, ...) of a box."""
        sides = self._array.shape[2:]
        kept = tuple(
            slice(each.start, min(each.stop, side)) for each, side in zip(key[2:], sides, strict=True)
        )
        if all(each.start < each.stop for each in kept):
            inside = tuple(slice(0, each.stop - each.start) for each in kept)
            self._array[(*key[:2], *kept)] = value[(slice(None), slice(None), *inside)]
