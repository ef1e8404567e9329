"""TIFF, OME-TIFF and Aperio SVS, read through the tables of their pages: one seek and one decode per tile."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from wholefield.errors import SourceError
from wholefield.sources.reading import unreadable
from wholefield.sources.slides.axes import other_axes, plane_indices
from wholefield.sources.slides.image import AnyArray, Description, levels_from_sizes
from wholefield.sources.slides.tiff_metadata import tiff_format, tiff_looks, tiff_metadata, tiff_spacing
from wholefield.sources.slides.tiff_plane import ByteReader, TiffPlane
from wholefield.sources.slides.tiled import TiledSource


class TiffSource(TiledSource):
    """The main image of a TIFF with all its resolutions, whether they are pages of their own or SubIFDs."""

    def __init__(
        self, path: Path, reader: ByteReader, description: Description, planes: list[list[TiffPlane]]
    ) -> None:
        """Use `open_tiff`.

        Args:
            path: The file.
            reader: Reads from it.
            description: What is known of the image.
            planes: For every level the pages whose samples, one after the other, are the channels.
        """
        super().__init__(path, description, tuple(level[0].tile_size for level in planes))
        self._reader = reader
        self._planes = planes

    def close(self) -> None:
        """Close the file and forget its tiles."""
        super().close()
        self._reader.close()

    def _decode_tile(self, level: int, row: int, column: int) -> AnyArray:
        tiles = [plane.decode(row, column) for plane in self._planes[level]]
        return tiles[0] if len(tiles) == 1 else np.concatenate(tiles, axis=2)


def open_tiff(path: Path, at: Mapping[str, int] | None = None) -> TiffSource:
    """Open the main image of a TIFF.

    Args:
        path: The file.
        at: Position along axes other than rows, columns and channels, such as {"Z": 3}; 0 where not named.

    Raises:
        SourceError: The file is not a readable TIFF, or is cut off.
    """
    try:
        tiff = tifffile.TiffFile(path)
    except Exception as error:  # a damaged header raises errors of many kinds
        raise unreadable(path, "a TIFF", error) from error
    try:
        return _from_tiff(path, tiff, at or {})
    except SourceError:
        tiff.close()
        raise
    except Exception as error:
        tiff.close()
        raise unreadable(path, "a TIFF", error) from error


def _from_tiff(path: Path, tiff: Any, at: Mapping[str, int]) -> TiffSource:
    if not tiff.series:
        raise SourceError(f"{path} is a TIFF without an image; it may be cut off: copy it again.")
    series = main_series(tiff)
    page = series.keyframe
    refuse_unsupported(path, page)
    reader = ByteReader(path, tiff)
    levels = [level_planes(level, reader, at) for level in series.levels]
    refuse_incomplete(path, reader, levels)
    sizes = [(level.keyframe.imagewidth, level.keyframe.imagelength) for level in series.levels]
    channels = sum(plane.channels for plane in levels[0])
    axes = other_axes(series.axes, series.shape)
    metadata = tiff_metadata(tiff, page) | {f"length of axis {key}": str(axes[key]) for key in axes}
    description = Description(
        tiff_format(tiff, len(levels)),
        levels_from_sizes(sizes),
        channels,
        levels[0][0].dtype,
        tiff_spacing(tiff, page),
        metadata,
        tiff_looks(tiff, channels),
    )
    return TiffSource(path, reader, description, levels)


def main_series(tiff: Any) -> Any:
    """The first image of an OME-TIFF, whose order means something; else the largest, as overviews may lead."""
    if tiff.is_ome:
        return tiff.series[0]
    return max(tiff.series, key=lambda series: series.keyframe.imagewidth * series.keyframe.imagelength)


def level_planes(level: Any, reader: ByteReader, at: Mapping[str, int]) -> list[TiffPlane]:
    """The pages of one level that belong to the picture at the given positions."""
    leading = len(level.axes) - len(level.keyframe.axes)
    indices = plane_indices(level.axes[:leading], level.shape[:leading], at)
    if level.is_truncated:
        size = level.keyframe.nbytes
        return [TiffPlane(level.keyframe, reader, offset=level.dataoffset + i * size) for i in indices]
    pages = [level.pages[i] for i in indices]
    if any(page is None for page in pages):
        raise SourceError(
            f"{reader.path} refers to pages in other files that are missing; put them next to it."
        )
    if any(not reader.holds(page) for page in pages):
        raise SourceError(
            f"{reader.path} has its pages in several files, which is not supported; save it in one file."
        )
    return [TiffPlane(page, reader) for page in pages]


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
    end = max(plane.byte_end() for plane in planes)
    if end > reader.size:
        raise SourceError(
            f"{path} is cut off: {end - reader.size} bytes are missing at its end; copy it again from its "
            "source."
        )
    if not all(plane.has_every_segment() for plane in planes):
        raise SourceError(f"{path} is damaged: its table of tiles is incomplete; copy it again.")
