"""Which frame of which file is which tile of a level, for whole slides and segmentations alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from wholefield.errors import SourceError
from wholefield.sources.dicom.frame_file import FrameFile

TILED_FULL = "TILED_FULL"
# The largest slides have a million tiles. More of them, nearly all of which are left out, are a damaged number.
MOST_TILES = 2**22
MOST_EMPTY = 1000


@dataclass(frozen=True)
class Placed:
    """A frame in its place.

    Attributes:
        file: Number of its file among those of the level.
        frame: Number in that file, from 0.
        layer: What it shows at its place: an optical path of a slide, a segment of a segmentation.
        depth: Focal plane, as its height above the slide in um.
        row: Of the grid of tiles.
        column: Of the grid of tiles.
    """

    file: int
    frame: int
    layer: str
    depth: float
    row: int
    column: int


@dataclass(frozen=True)
class Grid:
    """The tiles of a level.

    Attributes:
        width: Columns of pixels.
        height: Rows of pixels.
        tile: (height, width) of a tile.
    """

    width: int
    height: int
    tile: tuple[int, int]

    @classmethod
    def of(cls, file: FrameFile) -> Grid:
        """The grid that a header describes.

        Raises:
            SourceError: Its size makes no sense.
        """
        header = file.header
        tile = int(header.Rows), int(header.Columns)
        width = int(header.get("TotalPixelMatrixColumns", tile[1]))
        height = int(header.get("TotalPixelMatrixRows", tile[0]))
        if min(*tile, width, height) < 1:
            raise SourceError(
                f"{file.path} claims a size of {width} x {height} px; it is damaged: copy it again."
            )
        grid = cls(width, height, tile)
        tiles = grid.rows * grid.columns
        if tiles > MOST_TILES and tiles > MOST_EMPTY * file.frames:
            raise SourceError(
                f"{file.path} claims {tiles:,} tiles, and has {file.frames} frames; it is damaged: copy it again."
            )
        return grid

    @property
    def rows(self) -> int:
        """Rows of tiles."""
        return -(-self.height // self.tile[0])

    @property
    def columns(self) -> int:
        """Columns of tiles."""
        return -(-self.width // self.tile[1])


def placed_frames(files: list[FrameFile], layers: list[str], grid: Grid) -> Iterator[Placed]:
    """Every frame of the files of a level in its place.

    Args:
        files: Those of one level; the parts of a concatenation among them know where they begin.
        layers: Names of the optical paths or segments in the order of the header, for frames that do not say.
        grid: The tiles.

    Raises:
        SourceError: Frames lie where no grid has tiles.
    """
    for number, file in enumerate(files):
        first = int(file.header.get("ConcatenationFrameOffsetNumber", 0) or 0)
        described = file.header.get("PerFrameFunctionalGroupsSequence")
        is_full = str(file.header.get("DimensionOrganizationType", "")) == TILED_FULL
        if is_full or not described or not _has_positions(described):
            yield from _in_order(file, number, first, _layers_of(file, layers), grid)
            continue
        if len(described) != file.frames:
            raise SourceError(
                f"{file.path} is damaged: it describes {len(described)} of its {file.frames} frames."
            )
        for frame, groups in enumerate(described):
            yield _described(file, number, frame, groups, grid)


def _in_order(file: FrameFile, number: int, first: int, layers: list[str], grid: Grid) -> Iterator[Placed]:
    """Tiles along rows, then down, then through focal planes, then layer by layer (PS3.3 C.7.6.17.3)."""
    tiles = grid.rows * grid.columns
    planes = int(file.header.get("TotalPixelMatrixFocalPlanes", 1) or 1)
    if not first and "ConcatenationUID" not in file.header and file.frames % tiles:
        raise SourceError(
            f"{file.path} is damaged: {file.frames} frames do not fill {grid.columns} x {grid.rows} tiles."
        )
    for frame in range(file.frames):
        rest, tile = divmod(first + frame, tiles)
        layer, plane = divmod(rest, planes)
        row, column = divmod(tile, grid.columns)
        name = layers[layer] if layer < len(layers) else str(layer + 1)
        yield Placed(number, frame, name, float(plane), row, column)


def _layers_of(file: FrameFile, layers: list[str]) -> list[str]:
    paths = optical_paths(file.header)
    return paths if paths else layers


def optical_paths(header: Any) -> list[str]:
    """Identifiers of the optical paths of a slide, in the order of the header."""
    return [str(item.get("OpticalPathIdentifier", "")) for item in header.get("OpticalPathSequence", [])]


def _has_positions(described: Any) -> bool:
    return "PlanePositionSlideSequence" in described[0]


def _described(file: FrameFile, number: int, frame: int, groups: Any, grid: Grid) -> Placed:
    try:
        place = groups.PlanePositionSlideSequence[0]
        x = int(place.ColumnPositionInTotalImagePixelMatrix) - 1
        y = int(place.RowPositionInTotalImagePixelMatrix) - 1
        depth = float(place.get("ZOffsetInSlideCoordinateSystem", 0) or 0)
    except (AttributeError, IndexError, TypeError, ValueError) as error:
        raise SourceError(
            f"{file.path} is damaged: its frame {frame + 1} has no place; copy it again."
        ) from error
    (row, down), (column, right) = divmod(y, grid.tile[0]), divmod(x, grid.tile[1])
    if down or right or not (0 <= row < grid.rows and 0 <= column < grid.columns):
        raise SourceError(
            f"{file.path} has tiles that do not lie on a grid (frame {frame + 1} at {x}, {y}), which is not supported; "
            "export it as TILED_FULL."
        )
    return Placed(number, frame, _layer_of(file, groups), depth, row, column)


def _layer_of(file: FrameFile, groups: Any) -> str:
    shared = (file.header.get("SharedFunctionalGroupsSequence") or [{}])[0]
    for holder in (groups, shared):
        if "SegmentIdentificationSequence" in holder:
            return str(int(holder.SegmentIdentificationSequence[0].ReferencedSegmentNumber))
        if "OpticalPathIdentificationSequence" in holder:
            return str(holder.OpticalPathIdentificationSequence[0].OpticalPathIdentifier)
    paths = optical_paths(file.header)
    return paths[0] if paths else ""


Table = dict[tuple[int, int], tuple[int, int]]
"""The file and the frame of every tile that there is, by its row and column."""


def frame_table(placed: Iterable[Placed]) -> tuple[Table, int]:
    """Where the tiles are, and how many came twice, of which the first counts."""
    table: Table = {}
    twice = 0
    for tile in placed:
        if (tile.row, tile.column) in table:
            twice += 1
        else:
            table[tile.row, tile.column] = tile.file, tile.frame
    return table, twice
