"""Writing the class of every pixel of a slide: as a pyramidal OME-TIFF, and as outlines that QuPath reads. No torch."""

from collections.abc import Sequence
from pathlib import Path

from wholefield.export.geojson import write_outlines
from wholefield.export.pyramid import Layout, PyramidSettings, TileStream, iterate_tiles, write_pyramid
from wholefield.progress import ProgressCallback
from wholefield.sources.slides.image import ClassLook
from wholefield.tasks.slides.results.class_map import SegmentedSlide

LARGEST_TRACED = 64 * 10**6
"""Outlines are traced on the finest level of at most so many pixels: tracing holds it in memory."""


def write_class_image(
    path: Path,
    found: SegmentedSlide,
    progress: ProgressCallback | None = None,
    colors: Sequence[tuple[int, int, int]] | None = None,
    layout: Layout = Layout.OME,
) -> None:
    """Write the labels of the classes, as the masks had them, as a pyramidal TIFF of one channel, tile by tile.

    An OME-TIFF names the classes and their colors (those of `found` by default) in a map annotation.

    Raises:
        OSError: the disk is full or may not be written to.
    """
    classes, labels = found.map.levels[0][..., None], found.labels
    given = colors or found.colors
    looks = tuple(
        ClassLook(value, name, given[index] if given else None)
        for index, (value, name) in enumerate(zip(labels.values, found.classes, strict=False))
    )
    settings = PyramidSettings(layout=layout, labels=True, classes=looks)
    tiles = (labels.in_file(tile) for tile in iterate_tiles(classes, settings.tile_size))
    stream = TileStream((*classes.shape[:2], 1), labels.in_file(classes[:1, :1]).dtype, tiles)
    write_pyramid(path, stream, found.spacing, settings, progress)


def write_class_outlines(
    path: Path,
    found: SegmentedSlide,
    progress: ProgressCallback | None = None,
    colors: Sequence[tuple[int, int, int]] | None = None,
) -> int:
    """Write the outlines of all objects, in pixels of level 0, as GeoJSON; returns how many there are.

    Raises:
        OSError: the disk is full or may not be written to.
    """
    level = next(i for i, one in enumerate(found.map.levels) if one.size <= LARGEST_TRACED)
    height, width = found.map.levels[0].shape
    scale = 2**level * found.size[0] / width, 2**level * found.size[1] / height
    chosen = colors or found.colors or None
    return write_outlines(path, found.map.levels[level], found.classes, scale, chosen, progress)
