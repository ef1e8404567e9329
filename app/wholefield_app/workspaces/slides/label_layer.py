"""Label images and maps of values as layers over the open slide; read in worker threads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from wholefield.errors import SourceError
from wholefield.sources.rect import Rect
from wholefield.tasks.slides.results.class_map import ClassMap, SegmentedSlide
from wholefield_app.viewer.layer import Layer
from wholefield_app.viewer.slides.classes import ClassLayer, ClassPicture, class_color
from wholefield_app.viewer.slides.map import MapLayer

if TYPE_CHECKING:
    from wholefield.sources import ImageSource

# The finest level with no more pixels is shown: finer ones would take minutes to read.
MOST_PIXELS = 2**26
BAND = 1024
MOST_CLASSES = 250
NOTHING = "nothing"
# A map of values is shown at the finest level with no more pixels.
MOST_VALUES = 2**23
MOST_MAPS = 16


def read_layers(path: Path, slide: ImageSource) -> list[Layer]:
    """Read what a file holds over a slide: labels, or one map for each channel of decimal numbers.

    Raises:
        SourceError: It is neither, has another shape than the slide, or cannot be read.
    """
    from wholefield.sources import open_image

    with open_image(path) as source:
        if source.dtype.kind == "f":
            return _maps(source, slide)
    found = read_labels(path, slide)
    layer = ClassLayer(path.name, removable=True)
    box = Rect[float](0, 0, *found.size)
    layer.show(ClassPicture(found.map.levels, box, found.classes, colors=found.colors, owner=found))
    return [layer]


def tissue_layers(slide: ImageSource) -> list[Layer]:
    """Where a slide has tissue."""
    from wholefield.labels import find_tissue

    mask = find_tissue(slide).mask.astype(np.uint8)
    layer = ClassLayer("Tissue", removable=True)
    layer.filled = False
    layer.show(ClassPicture([mask], Rect(0, 0, slide.width, slide.height), (NOTHING, "Tissue")))
    return [layer]


def _maps(source: ImageSource, slide: ImageSource) -> list[Layer]:
    _check_shape(source, slide)
    if source.channels > MOST_MAPS:
        raise SourceError(
            f"{source.name} has {source.channels} channels; as layers at most {MOST_MAPS} can be shown. "
            "Open it as a slide instead."
        )
    level = _finest(source, MOST_VALUES)
    size = source.levels[level]
    values = source.read_region(level, 0, 0, size.width, size.height).astype(np.float32)
    names = [look.name for look in source.looks] or [str(index + 1) for index in range(source.channels)]
    layers: list[Layer] = []
    for index, name in enumerate(names):
        title = f"{source.name}, {name}" if source.channels > 1 else source.name
        layer = MapLayer(title, removable=True)
        shares, limits = _scaled(values[..., index])
        layer.show(
            shares,
            Rect(0, 0, slide.width, slide.height),
            f"{name if source.channels > 1 else source.name}{limits}",
        )
        # Maps of one place hide each other.
        layer.visible = not index
        layers.append(layer)
    return layers


def _scaled(values: npt.NDArray[np.floating]) -> tuple[npt.NDArray[np.floating], str]:
    """Values between 0 and 1, and what their limits were where they are no probabilities."""
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    known = np.where(np.isfinite(values), values, np.float32(np.nan))
    if low >= 0 and high <= 1:
        return known, ""
    return (known - low) / ((high - low) or 1.0), f", {low:.3g} to {high:.3g}"


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
        level = _finest(source, MOST_PIXELS)
        values, names = _classes(source, level)
        colors = _colors(source, values)
        found = _map_of(source, level, values)
        scale = slide.width / source.levels[level].width
        spacing = (slide.spacing[0] * scale, slide.spacing[1] * scale) if slide.spacing is not None else None
        size = slide.width, slide.height
        return SegmentedSlide(slide.path, names, found, size, spacing, colors=colors)


def _check_shape(source: ImageSource, slide: ImageSource) -> None:
    """Labels cover the slide where both have one shape, but for the rounding of a coarser one."""
    scale = slide.width / source.width
    if abs(source.height * scale - slide.height) > max(scale, 1.0):
        raise SourceError(
            f"{source.name} has {source.width:,} × {source.height:,} px, which is not the shape of {slide.name} "
            f"({slide.width:,} × {slide.height:,} px); choose the labels of this slide."
        )


def _finest(source: ImageSource, most: int) -> int:
    fitting = (i for i, level in enumerate(source.levels) if level.width * level.height <= most)
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


def _colors(source: ImageSource, values: npt.NDArray[np.int64]) -> tuple[tuple[int, int, int], ...]:
    """The colors of classes that the file gives; of those that it leaves out the program's own."""
    given = {each.value: each.color for each in getattr(source, "classes", ()) if each.color is not None}
    if not given:
        return ()
    return tuple(
        given.get(value) or (class_color(index) if index else (0, 0, 0))
        for index, value in enumerate(values.tolist())
    )


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
