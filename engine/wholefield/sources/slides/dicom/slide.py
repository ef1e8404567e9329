"""DICOM whole slides of any encoding and depth, read tile by tile."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from wholefield.errors import SourceError
from wholefield.sources.choices import Reading
from wholefield.sources.dicom.frame_file import FrameFile
from wholefield.sources.dicom.layout import LARGE_FRAME
from wholefield.sources.reading import unreadable
from wholefield.sources.signatures import first_dicom
from wholefield.sources.slides.associated import AssociatedImages
from wholefield.sources.slides.dicom.decode import FrameDecoder
from wholefield.sources.slides.dicom.series import NAMES, VOLUME, Instance, by_size, instances_of
from wholefield.sources.slides.dicom.tiles import (
    Grid,
    Table,
    frame_table,
    optical_paths,
    placed_frames,
)
from wholefield.sources.slides.image import (
    AnyArray,
    ChannelLook,
    Description,
    levels_from_sizes,
    plausible_spacing,
)
from wholefield.sources.slides.tiled import TiledSource

MICROMETERS_IN_MM = 1e3
WHITE = 255


class SlideLevel:
    """One level of a slide: its files, and where its tiles lie in them.

    Attributes:
        grid: The tiles.
        files: The open files.
        decoders: One per file.
        paths: Identifiers of the optical paths, which are the channels unless pixels are colors.
        depths: Heights of the focal planes.
        stored: Row and column of the tiles of which anything is stored.
        warnings: What is left out.
    """

    def __init__(self, files: list[FrameFile], depth: int) -> None:
        """Find the tiles.

        Args:
            files: Those of the level.
            depth: Number of the focal plane that is wanted.

        Raises:
            SourceError: The files do not fit each other, or there is no such plane.
        """
        self.files = files
        self.grid = Grid.of(files[0])
        self.decoders = [FrameDecoder(file) for file in files]
        self._refuse_mixture()
        placed = list(placed_frames(files, [], self.grid))
        self.depths = sorted({tile.depth for tile in placed})
        # Coarser levels may have fewer planes.
        wanted = self.depths[min(max(depth, 0), len(self.depths) - 1)] if self.depths else 0.0
        here = [tile for tile in placed if tile.depth == wanted]
        present = dict.fromkeys(tile.layer for tile in here)
        known = [path for file in files for path in optical_paths(file.header) if path in present]
        self.paths = list(dict.fromkeys([*known, *present]))
        color = self.decoders[0].channels == 3
        shown = self.paths[:1] if color else self.paths
        self.tables: list[Table] = []
        self.warnings: list[str] = []
        twice = 0
        for path in shown:
            table, again = frame_table(tile for tile in here if tile.layer == path)
            self.tables.append(table)
            twice += again
        self.stored = frozenset[tuple[int, int]]().union(*self.tables)
        name = files[0].path.name
        if color and len(self.paths) > 1:
            self.warnings.append(
                f"{name} has {len(self.paths)} color pictures of other light; the first is shown."
            )
        if twice:
            self.warnings.append(f"{name} has {twice} tiles that come twice; the first of each is shown.")
        missing = sum(self.grid.rows * self.grid.columns - len(table) for table in self.tables)
        if missing:
            background = "white" if color and self.dtype == np.uint8 else "0"
            total = self.grid.rows * self.grid.columns * len(self.tables)
            self.warnings.append(
                f"{name} stores nothing for {missing} of its {total} tiles; they are {background}."
            )

    @property
    def channels(self) -> int:
        """Channels of the level."""
        return 3 if self.decoders[0].channels == 3 else len(self.paths)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the pixels."""
        return self.decoders[0].dtype

    def tile(self, row: int, column: int, fill: int) -> AnyArray:
        """Pixels (height, width, channels) of a tile.

        Raises:
            SourceError: It is damaged, or the file is closed.
        """
        parts = []
        for table in self.tables:
            place = table.get((row, column))
            if place is None:
                decoder = self.decoders[0]
                parts.append(np.full((*decoder.shape, decoder.channels), fill, decoder.dtype))
            else:
                parts.append(self.decoders[place[0]].decode(place[1]))
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=2)

    def close(self) -> None:
        """Close the files."""
        for file in self.files:
            file.close()

    def _refuse_mixture(self) -> None:
        kinds = {(d.shape, d.channels, d.dtype) for d in self.decoders}
        if len(kinds) > 1:
            raise SourceError(
                f"{self.files[0].path} and the files of its level have pixels of several kinds, which is not supported."
            )


class DicomSlide(TiledSource):
    """A whole slide in one or more DICOM files."""

    def __init__(
        self, path: Path, description: Description, levels: list[SlideLevel], associated: AssociatedImages
    ) -> None:
        super().__init__(path, description, tuple(level.grid.tile for level in levels))
        self._slide_levels = levels
        self.associated = associated

    def close(self) -> None:
        """Close the files and forget their tiles."""
        super().close()
        for level in self._slide_levels:
            level.close()

    def _stored_tiles(self, level: int) -> Collection[tuple[int, int]]:
        return self._slide_levels[level].stored

    def _decode_tile(self, level: int, row: int, column: int) -> AnyArray:
        return self._slide_levels[level].tile(row, column, self.fill)


def open_dicom_slide(
    path: Path, reading: Reading | None = None, at: Mapping[str, int] | None = None
) -> DicomSlide:
    """Open a DICOM whole slide: one of its files, or their folder. The levels lie in files beside it.

    Args:
        path: A file of the slide, or the folder.
        reading: Nothing can be chosen.
        at: The focal plane, such as {"Z": 2}; the lowest where it is not named.

    Raises:
        SourceError: It is damaged, or of a kind that is not read.
    """
    (reading or Reading()).only(path)
    first = (first_dicom(path) or path) if path.is_dir() else path
    with ExitStack() as opened:
        try:
            slide = _from_series(path, first, opened, (at or {}).get("Z", 0))
        except SourceError:
            raise
        except Exception as error:  # damaged headers raise errors of many kinds
            raise unreadable(path, "a DICOM slide", error) from error
        opened.pop_all()
    return slide


def _from_series(path: Path, first: Path, opened: ExitStack, plane: int) -> DicomSlide:
    instances, told = instances_of(first)
    volume = [instance for instance in instances if instance.flavor == VOLUME]
    if not volume:
        # A label or macro image that lies alone is a picture like any other.
        volume = [instance for instance in instances if instance.path == first]
    levels = [_level(group, opened, plane) for group in by_size(volume)]
    main = levels[0]
    if not 0 <= plane < len(main.depths):
        raise SourceError(f"{path} has {len(main.depths)} focal planes, not a plane {plane}.")
    usable = [level for level in levels if (level.channels, level.dtype) == (main.channels, main.dtype)]
    warnings = [*told, *main.warnings]
    for level in levels:
        if level not in usable:
            level.close()
    if len(usable) < len(levels):
        left_out = len(levels) - len(usable)
        warnings.append(f"{path.name}: {left_out} levels have pixels of another kind and are left out.")
    if main.decoders[0].contradicts:
        warnings.append(
            f"{path.name}: its tags say that its colors are {main.files[0].layout.photometric}, its JPEG streams that "
            "they are not; they are shown as the tags say."
        )
    if len(main.depths) > 1:
        warnings.append(f"{path.name} has {len(main.depths)} focal planes, of which plane {plane} is shown.")
    associated = {NAMES[i.flavor]: partial(_picture, i) for i in reversed(instances) if i.flavor in NAMES}
    description = Description(
        "DICOM whole slide",
        levels_from_sizes([(level.grid.width, level.grid.height) for level in usable]),
        main.channels,
        main.dtype,
        spacing_of(main.files[0].header),
        _metadata(main),
        _looks(main),
        tuple(warnings),
    )
    return DicomSlide(first if path.is_file() else path, description, usable, AssociatedImages(associated))


def _level(group: list[Instance], opened: ExitStack, depth: int) -> SlideLevel:
    files = [FrameFile(instance.path) for instance in group]
    for file in files:
        opened.callback(file.close)
    files.sort(key=lambda file: int(file.header.get("ConcatenationFrameOffsetNumber", 0) or 0))
    return SlideLevel(files, depth)


def _picture(instance: Instance) -> AnyArray:
    """A label or macro image, which is small and read at once."""
    file = FrameFile(instance.path)
    try:
        level = SlideLevel([file], 0)
        grid, decoder = level.grid, level.decoders[0]
        if decoder.dtype != np.uint8:
            raise SourceError(f"{instance.path} has pixels of {decoder.dtype}, which cannot be shown.")
        if grid.height * grid.width * decoder.channels > LARGE_FRAME:
            raise SourceError(
                f"{instance.path} claims {grid.width} x {grid.height} px, more than such pictures have; copy it again."
            )
        tall, wide = grid.tile
        picture = np.full((grid.height, grid.width, decoder.channels), WHITE, np.uint8)
        # Only the tiles that are there: a damaged header can claim millions of others.
        for row, column in level.tables[0]:
            place = picture[row * tall :, column * wide :][:tall, :wide]
            place[...] = level.tile(row, column, WHITE)[
                : place.shape[0], : place.shape[1], : decoder.channels
            ]
        return picture
    finally:
        file.close()


def spacing_of(header: Any) -> tuple[float, float] | None:
    """Micrometers per pixel along (y, x)."""
    for group in header.get("SharedFunctionalGroupsSequence") or []:
        for measures in group.get("PixelMeasuresSequence") or []:
            spacing = measures.get("PixelSpacing")
            if spacing is not None and len(spacing) == 2:
                return plausible_spacing(*(float(value) * MICROMETERS_IN_MM for value in spacing))
    sizes = (header.get("ImagedVolumeHeight"), header.get("ImagedVolumeWidth"))
    counts = (header.get("TotalPixelMatrixRows"), header.get("TotalPixelMatrixColumns"))
    y, x = (
        float(size) * MICROMETERS_IN_MM / int(count) if size and count else None
        for size, count in zip(sizes, counts, strict=True)
    )
    return plausible_spacing(y, x)


def _looks(level: SlideLevel) -> tuple[ChannelLook, ...]:
    """Names of the optical paths, where they are channels."""
    if level.channels == 3 and level.decoders[0].channels == 3:
        return ()
    if len(level.paths) < 2:
        return ()
    named: dict[str, str] = {}
    for file in level.files:
        for item in file.header.get("OpticalPathSequence", []):
            identifier = str(item.get("OpticalPathIdentifier", ""))
            named[identifier] = str(item.get("OpticalPathDescription", "") or identifier)
    return tuple(ChannelLook(named.get(path) or f"Channel {i}") for i, path in enumerate(level.paths, 1))


METADATA: dict[str, str] = {
    "Manufacturer": "manufacturer", "ManufacturerModelName": "model", "AcquisitionDateTime": "date",
    "PhotometricInterpretation": "photometric", "SeriesDescription": "series", "ContainerIdentifier": "container",
}  # fmt: skip


def _metadata(level: SlideLevel) -> dict[str, str]:
    header = level.files[0].header
    found = {name: str(header.get(tag, "") or "") for tag, name in METADATA.items()}
    found["encoding"] = level.files[0].syntax.name
    for item in header.get("OpticalPathSequence", []):
        found.setdefault("objective power", str(item.get("ObjectiveLensPower", "") or ""))
    return {name: value for name, value in found.items() if value}
