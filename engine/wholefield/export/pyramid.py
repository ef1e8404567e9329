"""Writing images of any size as pyramidal TIFF, tile by tile, without holding more than a band in memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tifffile

from wholefield.errors import SettingError
from wholefield.files import replacing
from wholefield.progress import ProgressCallback
from wholefield.sources.slides.image import ClassLook
from wholefield.sources.slides.ome import OWN_NAMESPACE, class_notes
from wholefield.sources.slides.pixels import shrink

AnyArray = npt.NDArray[Any]

# A classic TIFF holds 4 GiB; tiles that do not compress still have to fit below that.
LARGEST_CLASSIC_BYTES = 3 * 2**30


class Compression(StrEnum):
    """How tiles are compressed: JPEG loses a little, the others nothing."""

    JPEG = "jpeg"
    DEFLATE = "deflate"
    ZSTD = "zstd"


class Layout(StrEnum):
    """Where the coarser levels go.

    CLASSIC puts every level into a page of its own, as OpenSlide expects; OME puts them into SubIFDs under a
    page with OME-XML, as QuPath and Bio-Formats expect.
    """

    CLASSIC = "classic"
    OME = "ome"


@dataclass(frozen=True)
class TileStream:
    """An image that comes as tiles.

    Attributes:
        shape: (height, width, channels) of the whole.
        dtype: Type of the pixels.
        tiles: Arrays (height, width, channels) in rows from the top, each from the left; every tile has the
            side of the settings, except the last of a row or column, which is cut at the border.
    """

    shape: tuple[int, int, int]
    dtype: npt.DTypeLike
    tiles: Iterable[AnyArray]


@dataclass(frozen=True)
class PyramidSettings:
    """How a pyramid is written.

    Attributes:
        tile_size: Side of a tile in px, a multiple of 16.
        compression: How tiles are compressed.
        quality: JPEG quality, 1 to 100.
        layout: Where the coarser levels go.
        coarsest: Levels are halved until the longer side is at most this, in px.
        labels: Whether the values are labels, of which there is no mean: coarser levels take every second one.
        classes: What the values of labels mean, for a map annotation of the OME-XML.
    """

    tile_size: int = 256
    compression: Compression = Compression.DEFLATE
    quality: int = 90
    layout: Layout = Layout.CLASSIC
    coarsest: int = 512
    labels: bool = False
    classes: tuple[ClassLook, ...] = ()

    def validate(self, shape: tuple[int, int, int], dtype: npt.DTypeLike) -> None:
        """Check that an image can be written so.

        Raises:
            SettingError: Names the setting and what it must be.
        """
        kind = np.dtype(dtype)
        if self.tile_size < 16 or self.tile_size % 16:
            raise SettingError(f"The tile size of a TIFF is {self.tile_size} but must be a multiple of 16.")
        if not 1 <= self.quality <= 100:
            raise SettingError(f"The JPEG quality is {self.quality} but must be from 1 to 100.")
        if min(shape) < 1:
            raise SettingError(f"An image of {shape[1]} x {shape[0]} px with {shape[2]} channels is empty.")
        if self.compression is Compression.JPEG and (kind != np.uint8 or shape[2] not in (1, 3)):
            raise SettingError(
                f"JPEG cannot hold {shape[2]} channels of {kind}; choose the compression deflate."
            )


def level_shapes(shape: tuple[int, int, int], coarsest: int) -> list[tuple[int, int, int]]:
    """Shapes of the levels: halved, rounded up, until the longer side is at most `coarsest` px."""
    shapes = [shape]
    while max(shapes[-1][:2]) > max(coarsest, 1):
        height, width, channels = shapes[-1]
        shapes.append((-(-height // 2), -(-width // 2), channels))
    return shapes


def write_pyramid(
    path: Path,
    image: AnyArray | TileStream,
    spacing: tuple[float, float] | None = None,
    settings: PyramidSettings | None = None,
    progress: ProgressCallback | None = None,
) -> None:
    """Write an image as a tiled, pyramidal TIFF; the file appears under its name once it is complete.

    Args:
        path: The file to write.
        image: (height, width, channels) or (height, width), or tiles one by one of what does not fit in memory.
        spacing: Micrometers per pixel along (y, x), if known.
        settings: How to write it.
        progress: Called with the pixels written and the pixels of all levels; an error that it raises stops the
            writing.

    Raises:
        SettingError: The settings do not fit the image.
        ValueError: A stream holds too few tiles, too many, or one of the wrong shape.
        OSError: The disk is full or may not be written to.
    """
    settings = settings or PyramidSettings()
    stream = image if isinstance(image, TileStream) else _as_stream(image, settings.tile_size)
    settings.validate(stream.shape, stream.dtype)
    with replacing(path) as temporary, tempfile.TemporaryDirectory(dir=path.parent) as scratch:
        _Pyramid(stream, spacing, settings, Path(scratch), progress or (lambda done, total: None)).write(
            temporary
        )


def iterate_tiles(image: AnyArray, tile_size: int) -> Iterator[AnyArray]:
    """Tiles of an array (height, width, channels): rows from the top, each from the left, cut at the border."""
    for top in range(0, image.shape[0], tile_size):
        for left in range(0, image.shape[1], tile_size):
            yield image[top : top + tile_size, left : left + tile_size]


def _as_stream(image: AnyArray, tile_size: int) -> TileStream:
    pixels = image[..., None] if image.ndim == 2 else image
    height, width, channels = pixels.shape
    return TileStream((height, width, channels), pixels.dtype, iterate_tiles(pixels, tile_size))


@dataclass
class _Pyramid:
    """One pyramid being written: each level is halved into a scratch file while its tiles pass."""

    stream: TileStream
    spacing: tuple[float, float] | None
    settings: PyramidSettings
    scratch: Path
    progress: ProgressCallback
    shapes: list[tuple[int, int, int]] = field(init=False)
    dtype: np.dtype[Any] = field(init=False)
    pixels_done: int = 0

    def __post_init__(self) -> None:
        self.shapes = level_shapes(self.stream.shape, self.settings.coarsest)
        self.dtype = np.dtype(self.stream.dtype)

    def write(self, path: Path) -> None:
        size = sum(np.prod(shape, dtype=np.int64) for shape in self.shapes) * self.dtype.itemsize
        ome = self.settings.layout is Layout.OME
        with tifffile.TiffWriter(path, bigtiff=bool(size > LARGEST_CLASSIC_BYTES), ome=ome) as tiff:
            tiles: Iterable[AnyArray] = self.stream.tiles
            for level in range(len(self.shapes)):
                halves = self._room_for(level + 1)
                rest = iter(tiles)
                tiff.write(self._passing(level, rest, halves), **self._tags(level))
                if next(rest, None) is not None:
                    raise ValueError(f"there are more tiles than an image of {self.shapes[level]} has")
                tiles = [] if halves is None else iterate_tiles(halves, self.settings.tile_size)

    def _room_for(self, level: int) -> AnyArray | None:
        """Where the tiles of a level gather, on disk, before the level is written; None below the coarsest."""
        if level >= len(self.shapes):
            return None
        return np.memmap(self.scratch / f"level{level}", self.dtype, "w+", shape=self.shapes[level])

    def _passing(self, level: int, tiles: Iterable[AnyArray], halves: AnyArray | None) -> Iterator[AnyArray]:
        """Tiles on their way to the file, padded to full size; their halves go to `halves`."""
        height, width, channels = self.shapes[level]
        side = self.settings.tile_size
        corners = [(top, left) for top in range(0, height, side) for left in range(0, width, side)]
        total = sum(shape[0] * shape[1] for shape in self.shapes)
        for (top, left), tile in zip(corners, tiles, strict=True):
            expected = min(side, height - top), min(side, width - left), channels
            if tile.shape != expected or tile.dtype != self.dtype:
                raise ValueError(
                    f"the tile at ({top}, {left}) is {tile.dtype} {tile.shape}, not {self.dtype} {expected}"
                )
            if halves is not None:
                half = tile[::2, ::2] if self.settings.labels else shrink(tile, 2)
                halves[top // 2 : top // 2 + half.shape[0], left // 2 : left // 2 + half.shape[1]] = half
            missing = side - expected[0], side - expected[1]
            self.pixels_done += expected[0] * expected[1]
            self.progress(self.pixels_done, total)
            yield np.pad(tile, ((0, missing[0]), (0, missing[1]), (0, 0)), mode="edge")

    def _tags(self, level: int) -> dict[str, Any]:
        settings = self.settings
        channels = self.shapes[level][2]
        color = channels == 3 and self.dtype == np.uint8
        lossy = settings.compression is Compression.JPEG
        return {
            "shape": self.shapes[level] if channels > 1 else self.shapes[level][:2],
            "dtype": self.dtype,
            "tile": (settings.tile_size, settings.tile_size),
            "photometric": "rgb" if color else "minisblack",
            "planarconfig": "contig" if channels > 1 else None,
            "compression": settings.compression.value,
            "compressionargs": {"level": settings.quality} if lossy else None,
            "predictor": not lossy,
            "maxworkers": 1,
            **self._resolution(level),
            **self._place(level),
        }

    def _resolution(self, level: int) -> dict[str, Any]:
        if self.spacing is None:
            return {}
        factors = [full / now for full, now in zip(self.shapes[0][:2], self.shapes[level][:2], strict=True)]
        y, x = (um * factor for um, factor in zip(self.spacing, factors, strict=True))
        return {"resolution": (1e4 / x, 1e4 / y), "resolutionunit": "CENTIMETER"}

    def _place(self, level: int) -> dict[str, Any]:
        if self.settings.layout is Layout.CLASSIC:
            return {"subfiletype": int(level > 0), "metadata": None}
        if level:
            return {"subfiletype": 1, "metadata": None}
        metadata: dict[str, Any] = {"axes": "YXS" if self.shapes[0][2] > 1 else "YX"}
        if self.spacing is not None:
            y, x = self.spacing
            metadata |= {"PhysicalSizeX": x, "PhysicalSizeXUnit": "µm"}
            metadata |= {"PhysicalSizeY": y, "PhysicalSizeYUnit": "µm"}
        if self.settings.classes:
            metadata["MapAnnotation"] = {
                "Namespace": OWN_NAMESPACE,
                "Value": class_notes(self.settings.classes),
            }
        return {"subifds": len(self.shapes) - 1, "metadata": metadata}
