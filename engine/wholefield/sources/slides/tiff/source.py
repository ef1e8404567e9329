"""TIFF, OME-TIFF and Aperio SVS, read through the tables of their pages: one seek and one decode per tile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from wholefield.errors import SourceError
from wholefield.sources.choices import Question, Reading
from wholefield.sources.reading import unreadable
from wholefield.sources.slides.associated import AssociatedImages
from wholefield.sources.slides.axes import other_axes, plane_indices
from wholefield.sources.slides.image import AnyArray, ClassLook, Description, levels_from_sizes
from wholefield.sources.slides.indexed import palette_question
from wholefield.sources.slides.ome import own_classes
from wholefield.sources.slides.orientation import Orientation
from wholefield.sources.slides.tiff.associated import associated_images
from wholefield.sources.slides.tiff.looks import keeps_indices, looks_of_series
from wholefield.sources.slides.tiff.metadata import print_resolution, tiff_format, tiff_metadata, tiff_spacing
from wholefield.sources.slides.tiff.plane import ByteReader, TiffPlane
from wholefield.sources.slides.tiled import TiledSource

ORIENTATION = 274


class TiffSource(TiledSource):
    """The main image of a TIFF with all its resolutions, whether they are pages of their own or SubIFDs."""

    def __init__(
        self,
        path: Path,
        reader: ByteReader,
        description: Description,
        planes: list[list[TiffPlane]],
        orientation: Orientation,
        associated: AssociatedImages,
    ) -> None:
        """Use `open_tiff`.

        Args:
            path: The file.
            reader: Reads from it.
            description: What is known of the image, as it is seen upright.
            planes: For every level the pages whose samples, one after the other, are the channels.
            orientation: The turn that brings the stored pixels upright.
            associated: Label, macro image and such.
        """
        super().__init__(path, description, tuple(level[0].tile_size for level in planes))
        self._reader = reader
        self._planes = planes
        self._orientation = orientation
        self.associated = associated
        self.classes: tuple[ClassLook, ...] = ()

    def close(self) -> None:
        """Close the file and forget its tiles."""
        super().close()
        self._reader.close()

    def _read_inside(self, level: int, x: int, y: int, width: int, height: int) -> AnyArray:
        if self._orientation == Orientation():
            return super()._read_inside(level, x, y, width, height)
        size = self.levels[level]
        stored = self._orientation.shape(size.height, size.width)
        rows, columns = self._orientation.source_spans(((y, y + height), (x, x + width)), *stored)
        region = super()._read_inside(level, columns[0], rows[0], columns[1] - columns[0], rows[1] - rows[0])
        return np.ascontiguousarray(self._orientation.of(region))

    def _decode_tile(self, level: int, row: int, column: int) -> AnyArray:
        tiles = [plane.decode(row, column) for plane in self._planes[level]]
        return tiles[0] if len(tiles) == 1 else np.concatenate(tiles, axis=2)


def open_tiff(
    path: Path,
    reading: Reading | None = None,
    at: Mapping[str, int] | None = None,
    *,
    as_stored: bool = False,
) -> TiffSource:
    """Open the main image of a TIFF.

    Args:
        path: The file.
        reading: May say "palette=indices": the numbers of a palette are wanted, not its colors.
        at: Position along axes other than rows, columns and channels, such as {"Z": 3}; 0 where not named.
        as_stored: Whether the stored numbers are wanted, as for a mask: indices of a palette, values whose zero is
            shown white, bits as 0 and 1.

    Raises:
        SourceError: The file is not a readable TIFF, or is cut off.
    """
    reading = (reading or Reading()).only(path, "palette")
    try:
        tiff = tifffile.TiffFile(path)
    except Exception as error:  # a damaged header raises errors of many kinds
        raise unreadable(path, "a TIFF", error) from error
    try:
        return _from_tiff(path, tiff, at or {}, reading, as_stored)
    except SourceError:
        tiff.close()
        raise
    except Exception as error:
        tiff.close()
        raise unreadable(path, "a TIFF", error) from error


def tiff_questions(path: Path, reading: Reading) -> tuple[Question, ...]:
    """What can be chosen for a TIFF: whether a palette means colors."""
    try:
        with tifffile.TiffFile(path) as tiff:
            indexed = main_series(tiff).keyframe.photometric == tifffile.PHOTOMETRIC.PALETTE
    except Exception:  # the reader says what is wrong with it
        return ()
    return (palette_question(),) if indexed else ()


def _from_tiff(path: Path, tiff: Any, at: Mapping[str, int], reading: Reading, as_stored: bool) -> TiffSource:
    if not tiff.series:
        raise SourceError(f"{path} is a TIFF without an image; it may be cut off: copy it again.")
    series = main_series(tiff)
    page = series.keyframe
    refuse_unsupported(path, page)
    reader = ByteReader(path, tiff)
    levels = [level_planes(level, reader, at, reading, as_stored=as_stored) for level in series.levels]
    refuse_incomplete(path, reader, levels)
    orientation = Orientation.of_tag(int(page.tags.valueof(ORIENTATION, 1)))
    sizes = [(level.keyframe.imagewidth, level.keyframe.imagelength) for level in series.levels]
    channels = sum(plane.channels for plane in levels[0])
    axes = other_axes(series.axes, series.shape)
    metadata = tiff_metadata(tiff, page) | {f"length of axis {key}": str(axes[key]) for key in axes}
    spacing = tiff_spacing(tiff, page)
    description = Description(
        tiff_format(tiff, len(levels)),
        levels_from_sizes([orientation.shape(*size) for size in sizes]),
        channels,
        levels[0][0].dtype,
        orientation.shape(*spacing) if spacing else None,
        metadata,
        looks_of_series(tiff, series, channels, reading),
        tuple(_warnings(path, tiff, page, levels[0], orientation)),
    )
    associated = associated_images(tiff, series, reader)
    source = TiffSource(path, reader, description, levels, orientation, associated)
    source.classes = own_classes(tiff.ome_metadata) if tiff.is_ome else ()
    return source


def _warnings(
    path: Path, tiff: Any, page: Any, planes: list[TiffPlane], orientation: Orientation
) -> Iterator[str]:
    """What of a TIFF is converted, assumed or left out, in sentences."""
    yield from dict.fromkeys(warning for plane in planes for warning in plane.warnings)
    if orientation != Orientation():
        yield f"{path.name} is stored lying on its side or mirrored; it is shown upright, as its orientation tag says."
    missing = sum(plane.tiles_left_out for plane in planes)
    if missing:
        total = sum(plane.tiles for plane in planes)
        background = (
            "white" if planes[0].shown_white and planes[0].background() else f"{planes[0].background():g}"
        )
        yield f"{path.name} stores nothing for {missing} of its {total} tiles; they are shown as {background}."
    dpi = print_resolution(tiff, page)
    if dpi:
        yield f"{path.name} says {dpi:g} dpi, which is a setting for print and no pixel size; its scale is unknown."


def main_series(tiff: Any) -> Any:
    """The first image of an OME-TIFF, whose order means something; else the largest, as overviews may lead."""
    if tiff.is_ome:
        return tiff.series[0]
    return max(tiff.series, key=lambda series: series.keyframe.imagewidth * series.keyframe.imagelength)


def level_planes(
    level: Any,
    reader: ByteReader,
    at: Mapping[str, int],
    reading: Reading | None = None,
    *,
    axes: str | None = None,
    as_stored: bool = False,
) -> list[TiffPlane]:
    """The pages of one level that belong to the picture at the given positions.

    Stacks may name the axes otherwise than tifffile, and want numbers as stored.
    """
    as_stored = as_stored or keeps_indices(level, reading or Reading())
    leading = len(level.axes) - len(level.keyframe.axes)
    indices = plane_indices((axes or level.axes)[:leading], level.shape[:leading], at)
    if level.is_truncated:
        size = level.keyframe.nbytes
        return [
            TiffPlane(level.keyframe, reader, offset=level.dataoffset + i * size, as_stored=as_stored)
            for i in indices
        ]
    pages = [level.pages[i] for i in indices]
    if any(page is None for page in pages):
        raise SourceError(
            f"{reader.path} refers to pages in other files that are missing; put them next to it."
        )
    if any(not reader.holds(page) for page in pages):
        raise SourceError(
            f"{reader.path} has its pages in several files, which is not supported; save it in one file."
        )
    return [TiffPlane(page, reader, as_stored=as_stored) for page in pages]


def refuse_unsupported(path: Path, page: Any) -> None:
    """Raise SourceError for pixels or tiles that no reader here takes."""
    if page.dtype is None or page.dtype.kind not in "buif":
        kind = page.dtype or "unknown"
        raise SourceError(f"{path} has pixels of type {kind}; save it with integer or floating-point pixels.")
    if page.shaped[1] != 1:
        raise SourceError(
            f"{path} stores its tiles as volumes, which is not supported; save it plane by plane."
        )


def refuse_incomplete(path: Path, reader: ByteReader, levels: list[list[TiffPlane]]) -> None:
    """Raise SourceError where the pages refer to bytes behind the end of the file, or to none."""
    planes = [plane for level in levels for plane in level]
    for plane in planes:
        plane.refuse_trap()
    end = max(plane.byte_end() for plane in planes)
    if end > reader.size:
        raise SourceError(
            f"{path} is cut off: {end - reader.size} bytes are missing at its end; copy it again from its "
            "source."
        )
    if not all(plane.has_every_segment() for plane in planes):
        raise SourceError(f"{path} is damaged: its table of tiles is incomplete; copy it again.")
