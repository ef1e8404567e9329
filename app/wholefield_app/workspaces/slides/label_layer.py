"""Label images, such as DICOM segmentations, as a layer over the open slide; read in worker threads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from wholefield.errors import SourceError
from wholefield.tasks.slides.results.class_map import ClassMap, SegmentedSlide

if TYPE_CHECKING:
    from wholefield.sources import ImageSource

# The finest level with no more pixels is shown: finer ones would take minutes to read.
MOST_PIXELS = 2**26
BAND = 1024
MOST_CLASSES = 250
NOTHING = "nothing"


def read_labels(path: Path, slide: ImageSource) -> SegmentedSlide:
    """Read a label image that covers a slide.

    Args:
        path: A DICOM segmentation, or an image of one channel of whole numbers; 0 is no label.
        slide: The slide.

    Raises:
        SourceError: It is no image of labels, has another shape than the slide, or cannot be read.
    """
    from wholefield.sources import open_image

    with open_image(path) as source:
        if source.channels != 1 or source.dtype.kind not in "ui":
            raise SourceError(
                f"{path.name} has pixels of {source.channels} × {source.dtype}; labels are one whole number for each "
                "pixel. Choose a label image."
            )
        _check_shape(source, slide)
        level = _finest(source)
        values, names = _classes(source, level)
        found = _map_of(source, level, values)
        scale = slide.width / source.levels[level].width
        spacing = (slide.spacing[0] * scale, slide.spacing[1] * scale) if slide.spacing is not None else None
        return SegmentedSlide(slide.path, names, found, (slide.width, slide.height), spacing)


def _check_shape(source: ImageSource, slide: ImageSource) -> None:
    """Labels cover the slide where both have one shape, but for the rounding of a coarser one."""
    scale = slide.width / source.width
    if abs(source.height * scale - slide.height) > max(scale, 1.0):
        raise SourceError(
            f"{source.name} has {source.width:,} × {source.height:,} px, which is not the shape of {slide.name} "
            f"({slide.width:,} × {slide.height:,} px); choose the labels of this slide."
        )


def _finest(source: ImageSource) -> int:
    fitting = (i for i, level in enumerate(source.levels) if level.width * level.height <= MOST_PIXELS)
    return next(fitting, len(source.levels) - 1)


def _classes(source: ImageSource, level: int) -> tuple[npt.NDArray[np.int64], tuple[str, ...]]:
    """The numbers in the pixels, 0 first, and what each is called."""
    described = {each.value: each.name for each in getattr(source, "classes", ())}
    found: set[int] = {0, *described}
    for _, band in _bands(source, level):
        found.update(int(value) for value in np.unique(band))
        if len(found) > MOST_CLASSES:
            raise SourceError(
                f"{source.name} has more than {MOST_CLASSES} different values; it is a picture rather than labels."
            )
    values = sorted(found)
    names = (NOTHING if value == 0 else described.get(value, str(value)) for value in values)
    return np.array(values, np.int64), tuple(names)


def _map_of(source: ImageSource, level: int, values: npt.NDArray[np.int64]) -> ClassMap:
    size = source.levels[level]
    found = ClassMap((1, len(values), size.height, size.width))
    for top, band in _bands(source, level):
        indices = np.searchsorted(values, band)
        found.counts += np.bincount(indices.ravel(), minlength=len(values))
        found.levels[0][top : top + len(band)] = indices
    found.finish()
    return found


def _bands(source: ImageSource, level: int) -> Iterator[tuple[int, npt.NDArray[Any]]]:
    """The rows of a level, a band after the other, with the first row of each."""
    size = source.levels[level]
    for top in range(0, size.height, BAND):
        rows = min(BAND, size.height - top)
        yield top, source.read_region(level, 0, top, size.width, rows)[..., 0]
