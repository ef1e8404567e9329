"""DICOM segmentations of whole slides as pictures of class numbers, with the names and colors of their classes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from wholefield.errors import SourceError
from wholefield.sources.choices import Reading
from wholefield.sources.dicom.frame_file import FrameFile
from wholefield.sources.reading import unreadable
from wholefield.sources.slides.colors.cielab import Encoding, stored_lab_to_rgb
from wholefield.sources.slides.dicom.decode import FrameDecoder
from wholefield.sources.slides.dicom.series import Instance, by_size, instances_of, parts_with
from wholefield.sources.slides.dicom.slide import spacing_of
from wholefield.sources.slides.dicom.tiles import Grid, placed_frames
from wholefield.sources.slides.image import AnyArray, ChannelLook, Description, levels_from_sizes
from wholefield.sources.slides.tiled import TiledSource

LABELMAP, FRACTIONAL = "LABELMAP", "FRACTIONAL"
BACKGROUND = (0, 0, 0)
# Where a file names no color; the first twelve of a qualitative map (Set3 of ColorBrewer is too pale on white).
COLORS = (
    (230, 75, 53), (77, 187, 213), (0, 160, 135), (60, 84, 136), (243, 155, 127), (132, 145, 180), (145, 209, 194),
    (220, 0, 0), (126, 97, 72), (176, 156, 133),
)  # fmt: skip


@dataclass(frozen=True)
class SegmentClass:
    """A class of a segmentation.

    Attributes:
        value: Its number in the pixels; 0 is no class.
        name: What the file calls it.
        color: Red, green and blue, 0 to 255.
    """

    value: int
    name: str
    color: tuple[int, int, int]


class Segmentation(TiledSource):
    """Class numbers of a slide: one channel, 0 where nothing is labeled.

    Attributes:
        classes: The classes, by their numbers.
    """

    def __init__(
        self,
        path: Path,
        description: Description,
        levels: list[SegmentedLevel],
        classes: tuple[SegmentClass, ...],
    ) -> None:
        """Use `open_segmentation`."""
        super().__init__(path, description, tuple(level.grid.tile for level in levels))
        self.classes = classes
        self._segmented = levels

    def close(self) -> None:
        """Close the files and forget their tiles."""
        super().close()
        for level in self._segmented:
            level.close()

    def _stored_tiles(self, level: int) -> Collection[tuple[int, int]]:
        return self._segmented[level].stored

    def _decode_tile(self, level: int, row: int, column: int) -> AnyArray:
        return self._segmented[level].tile(row, column, self.dtype)


class SegmentedLevel:
    """One level of a segmentation."""

    def __init__(self, files: list[FrameFile], numbers: list[int]) -> None:
        """Find the frames of every tile.

        Args:
            files: Those of the level.
            numbers: Of the segments, in the order of the header.

        Raises:
            SourceError: Their kind is not read.
        """
        self.grid = Grid.of(files[0])
        self._files = files
        self._decoders = [FrameDecoder(file) for file in files]
        header = files[0].header
        kind = str(header.get("SegmentationType", "BINARY"))
        self._is_map = kind == LABELMAP
        most = int(header.get("MaximumFractionalValue", 255) or 255)
        # Half of the largest fraction or more is inside.
        self._inside = (most + 1) // 2 if kind == FRACTIONAL else 1
        self._frames: dict[tuple[int, int], list[tuple[int, int, int]]] = defaultdict(list)
        layers = ["0"] if self._is_map else [str(number) for number in numbers]
        for tile in placed_frames(files, layers, self.grid):
            number = int(tile.layer) if tile.layer.isdigit() else 0
            if not self._is_map and number not in numbers:
                raise SourceError(
                    f"{files[0].path} has a frame of segment {tile.layer}, which it does not describe."
                )
            self._frames[tile.row, tile.column].append((number, tile.file, tile.frame))

    @property
    def stored(self) -> Collection[tuple[int, int]]:
        """Row and column of the tiles of which anything is stored."""
        return self._frames

    def tile(self, row: int, column: int, dtype: np.dtype[Any]) -> AnyArray:
        """Class numbers (height, width, 1) of a tile; where segments overlap, the one with the highest number."""
        values: AnyArray = np.zeros((*self.grid.tile, 1), dtype)
        for number, file, frame in sorted(self._frames.get((row, column), [])):
            stored = self._decoders[file].stored(frame)[..., :1]
            if self._is_map:
                values = stored.astype(dtype)
            else:
                values[stored >= self._inside] = number
        return values

    def close(self) -> None:
        """Close the files."""
        for file in self._files:
            file.close()


def open_segmentation(path: Path, reading: Reading | None = None) -> Segmentation:
    """Open a DICOM segmentation of a whole slide as a picture of class numbers.

    Args:
        path: One of its files; coarser levels of the same series lie beside it.
        reading: Nothing can be chosen.

    Returns:
        An image of one channel, uint8 or uint16, whose `classes` name the numbers. It covers the slide's total pixel
        matrix; regions are read as those of any image.

    Raises:
        SourceError: It is damaged, or no segmentation of a slide.
    """
    (reading or Reading()).only(path)
    with ExitStack() as opened:
        try:
            segmentation = _from_series(path, opened)
        except SourceError:
            raise
        except Exception as error:  # damaged headers raise errors of many kinds
            raise unreadable(path, "a DICOM segmentation", error) from error
        opened.pop_all()
    return segmentation


def _from_series(path: Path, opened: ExitStack) -> Segmentation:
    instances, told = instances_of(path)
    own = next(instance for instance in instances if instance.path == path)
    main = _open(parts_with(own, instances), opened)
    header = main[0].header
    classes = tuple(_class(item, i) for i, item in enumerate(header.SegmentSequence))
    groups = [main]
    for group in by_size([i for i in instances if i.width < own.width]):
        files = _open(parts_with(group[0], group), opened)
        # Another file of the series is a coarser level only if it has the same classes.
        if tuple(_class(item, i) for i, item in enumerate(files[0].header.SegmentSequence)) == classes:
            groups.append(files)
        else:
            for file in files:
                file.close()
    levels = [SegmentedLevel(files, [c.value for c in classes]) for files in groups]
    highest = max((c.value for c in classes), default=0)
    description = Description(
        "DICOM segmentation",
        levels_from_sizes([(level.grid.width, level.grid.height) for level in levels]),
        1,
        np.dtype(np.uint8 if highest < 256 else np.uint16),
        spacing_of(header),
        {"classes": ", ".join(c.name for c in classes)},
        (_look(classes, highest),),
        (*told, *_warnings(path, header)),
    )
    return Segmentation(path, description, levels, classes)


def _open(instances: list[Instance], opened: ExitStack) -> list[FrameFile]:
    """Open the parts of a level in their order; the stack closes them."""
    files = [FrameFile(instance.path) for instance in instances]
    for file in files:
        opened.callback(file.close)
    return sorted(files, key=_offset)


def _offset(file: FrameFile) -> int:
    return int(file.header.get("ConcatenationFrameOffsetNumber", 0) or 0)


def _class(item: Any, index: int) -> SegmentClass:
    value = int(item.SegmentNumber)
    if not 0 <= value < 65536:
        raise ValueError(f"a segment has the number {value}")
    name = str(item.get("SegmentLabel", "") or f"Segment {value}")
    lab = item.get("RecommendedDisplayCIELabValue")
    if lab is None or len(lab) != 3:
        return SegmentClass(value, name, COLORS[index % len(COLORS)])
    # PS3.3 C.10.7.1.1: 0 to 65535 for L* of 0 to 100, and for a*, b* of -128 to 127.
    stored = np.array([int(lab[0]) >> 8, int(lab[1]) >> 8, int(lab[2]) >> 8], np.uint8)
    red, green, blue = (int(part) for part in stored_lab_to_rgb(stored, Encoding.ICC))
    return SegmentClass(value, name, (red, green, blue))


def _look(classes: tuple[SegmentClass, ...], highest: int) -> ChannelLook:
    colors = dict.fromkeys(range(max(highest, 1) + 1), BACKGROUND) | {c.value: c.color for c in classes}
    return ChannelLook("Classes", None, (0, max(highest, 1)), tuple(colors.values()))


def _warnings(path: Path, header: Any) -> list[str]:
    told = []
    if str(header.get("SegmentsOverlap", "")) == "YES":
        told.append(
            f"{path.name} has segments that overlap; where they do, the one with the highest number is shown."
        )
    if str(header.get("SegmentationType", "")) == FRACTIONAL:
        told.append(f"{path.name} has fractions; a pixel belongs to a class from one half on.")
    return told
