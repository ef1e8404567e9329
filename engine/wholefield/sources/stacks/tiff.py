"""Multi-page TIFF, OME-TIFF and ImageJ stacks, read tile by tile through the tables of their pages."""

from __future__ import annotations

import math
import struct
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tifffile

from wholefield.errors import SourceError
from wholefield.sources.cache import SHARED_CACHE
from wholefield.sources.reading import unreadable
from wholefield.sources.slides.ome import own_affine, parse_ome
from wholefield.sources.slides.tiff import (
    level_planes,
    main_series,
    refuse_incomplete,
    refuse_unsupported,
)
from wholefield.sources.slides.tiff_looks import tiff_looks
from wholefield.sources.slides.tiff_metadata import RESOLUTION_UNITS, tiff_format, tiff_metadata
from wholefield.sources.slides.tiff_plane import ByteReader, TiffPlane
from wholefield.sources.stacks.geometry import StackGeometry
from wholefield.sources.stacks.stack import AnyArray, Box, StackDescription, StackSource, checked_dtype
from wholefield.sources.units import to_micrometers

# The first of these letters along which there is more than one page is the depth of the stack.
DEPTH_LETTERS = "ZTIQRMPVHEAFLG"
TIME_LETTER = "T"
MICROMETERS_IN_MM = 1e3


class TiffStack(StackSource):
    """The main series of a TIFF; the table of a page is read when the page is first needed."""

    def __init__(self, path: Path, description: StackDescription, reader: ByteReader, planes: _Pages) -> None:
        super().__init__(path, description)
        self._reader = reader
        self._planes = planes
        self._cache = SHARED_CACHE
        self._owner = self._cache.new_owner()

    def _release(self) -> None:
        self._cache.drop(self._owner)
        self._reader.close()

    def _read_box(self, box: Box) -> AnyArray:
        lengths = tuple(side.stop - side.start for side in box)
        values = np.empty((*lengths, self.channels), self.dtype)
        for target, z in zip(values, range(box[0].start, box[0].stop), strict=True):
            self._fill(target, z, box[1], box[2])
        return values

    def _fill(self, target: AnyArray, z: int, y: slice, x: slice) -> None:
        first = 0
        for plane in self._planes.at(self.time, z):
            height, width = plane.tile_size
            for row in range(y.start // height, (y.stop - 1) // height + 1):
                for column in range(x.start // width, (x.stop - 1) // width + 1):
                    tile = self._tile(z, first, plane, row, column)
                    top, left = row * height - y.start, column * width - x.start
                    place = target[max(top, 0) : top + height, max(left, 0) : left + width]
                    cut = tile[max(-top, 0) :, max(-left, 0) :]
                    place[..., first : first + plane.channels] = cut[: place.shape[0], : place.shape[1]]
            first += plane.channels

    def _tile(self, z: int, channel: int, plane: TiffPlane, row: int, column: int) -> AnyArray:
        page = (self.time * self.shape[0] + z) * self.channels + channel
        key = (self._owner, page, row, column)
        return self._cache.get(key, partial(plane.decode, row, column))


class _Pages:
    """The pages of every plane, prepared when they are first asked for.

    Two threads that ask for one plane at once prepare it twice, to the same end.
    """

    def __init__(self, series: Any, reader: ByteReader, letter: str) -> None:
        self._series = series
        self._reader = reader
        self._letter = letter
        self._known: dict[tuple[int, int], list[TiffPlane]] = {}

    def at(self, time: int, z: int) -> list[TiffPlane]:
        """The pages of plane z at a time; their samples, one after the other, are its channels."""
        planes = self._known.get((time, z))
        if planes is None:
            planes = self._prepared(time, z)
            self._known[time, z] = planes
        return planes

    def _prepared(self, time: int, z: int) -> list[TiffPlane]:
        with self._reader.lock:
            self._reader.refuse_closed()
            try:
                planes = level_planes(self._series, self._reader, {TIME_LETTER: time, self._letter: z})
            except SourceError:
                raise
            except Exception as error:  # a damaged table raises errors of many kinds
                raise unreadable(self._reader.path, "a TIFF", error) from error
        refuse_incomplete(self._reader.path, self._reader, [planes])
        return planes


def is_tiff_stack(path: Path) -> bool:
    """Whether a TIFF is a stack of planes and not a picture or a pyramid; a damaged one is none."""
    try:
        with tifffile.TiffFile(path) as tiff:
            if tiff.is_ome or tiff.is_imagej or tiff.is_shaped:
                return depth_letter(main_series(tiff)) is not None
            return _begins_like_a_stack(tiff)
    except Exception:  # the reader that opens it tells the reason
        return False


def _begins_like_a_stack(tiff: Any) -> bool:
    """Whether the first two pages look alike, without walking over the others."""
    scanner = tiff.is_svs or tiff.is_ndpi or tiff.is_scn or tiff.is_bif or tiff.is_philips or tiff.is_qpi
    if scanner or len(tiff.pages[:2]) < 2:
        return False
    first, second = (page.aspage() for page in tiff.pages[:2])
    return bool(first.shape == second.shape and first.dtype == second.dtype and not first.subifds)


def depth_letter(series: Any) -> str | None:
    """The axis of a series that is the depth of a stack; None for a picture or a pyramid."""
    if len(series.levels) > 1:
        return None
    lengths = dict(zip(series.axes, series.shape, strict=True))
    return next((letter for letter in DEPTH_LETTERS if lengths.get(letter, 1) > 1), None)


def open_tiff_stack(path: Path) -> TiffStack:
    """Open a TIFF as a stack; a single picture becomes a stack of one plane.

    Raises:
        SourceError: The file is not a readable TIFF, is cut off, or is a pyramid.
    """
    try:
        tiff = tifffile.TiffFile(path)
    except Exception as error:  # a damaged header raises errors of many kinds
        raise unreadable(path, "a TIFF", error) from error
    try:
        return _from_tiff(path, tiff)
    except SourceError:
        tiff.close()
        raise
    except Exception as error:
        tiff.close()
        raise unreadable(path, "a TIFF", error) from error


def _from_tiff(path: Path, tiff: Any) -> TiffStack:
    if not tiff.series:
        raise SourceError(f"{path} is a TIFF without an image; it may be cut off: copy it again.")
    series = main_series(tiff)
    if len(series.levels) > 1:
        raise SourceError(f"{path} is a pyramid, not a stack; open it as a slide.")
    page = series.keyframe
    refuse_unsupported(path, page)
    _refuse_broken_chain(path, tiff)
    reader = ByteReader(path, tiff)
    letter = depth_letter(series) or "Z"
    pages = _Pages(series, reader, letter)
    lengths = dict(zip(series.axes, series.shape, strict=True))
    depth = lengths.get(letter, 1)
    times = lengths.get(TIME_LETTER, 1) if letter != TIME_LETTER else 1
    planes = pages.at(0, 0)
    if depth * times > 1:
        # A file that is cut off lacks its last plane.
        pages.at(times - 1, depth - 1)
    channels = sum(plane.channels for plane in planes)
    description = StackDescription(
        tiff_format(tiff, 1).replace("TIFF", "TIFF stack"),
        (depth, page.imagelength, page.imagewidth),
        channels,
        checked_dtype(path, planes[0].dtype),
        tiff_geometry(tiff, page),
        _warnings(series, letter, lengths),
        tiff_metadata(tiff, page),
        channel_names=tuple(look.name for look in tiff_looks(tiff, channels)) if channels > 1 else (),
        times=times,
    )
    return TiffStack(path, description, reader, pages)


def _refuse_broken_chain(path: Path, tiff: Any) -> None:
    """Raise SourceError where the last page that was found refers to a further one, which tifffile passes over."""
    form, file = tiff.tiff, tiff.filehandle
    file.seek(tiff.pages[-1].offset)
    tags = int(struct.unpack(form.tagnoformat, file.read(form.tagnosize))[0])
    file.seek(tags * form.tagsize, 1)
    if int(struct.unpack(form.offsetformat, file.read(form.offsetsize))[0]):
        raise SourceError(
            f"{path} is cut off: pages after the first {len(tiff.pages)} are missing; copy it again from its "
            "source."
        )


def _warnings(series: Any, letter: str, lengths: dict[str, int]) -> tuple[str, ...]:
    left = [
        f"{length} positions along axis {other}"
        for other, length in lengths.items()
        if length > 1 and other not in "YXCS" + TIME_LETTER + letter
    ]
    if not left:
        return ()
    return (f"The file has {' and '.join(left)}; only the first of them is shown.",)


def tiff_geometry(tiff: Any, page: Any) -> StackGeometry:
    """Spacing of the planes, rows and columns in um where the file tells all three with a unit.

    Stacks of ours that know where they lie in the patient have it in mm, as scanners give it.
    ImageJ files whose unit is the pixel keep their proportions, without a unit.
    """
    pixels = parse_ome(tiff.ome_metadata) if tiff.is_ome else None
    if pixels is not None:
        sizes = [
            to_micrometers(pixels.get(f"PhysicalSize{axis}"), pixels.get(f"PhysicalSize{axis}Unit", "µm"))
            for axis in "ZYX"
        ]
        if all(pixels.get(f"PhysicalSize{axis}Unit") == "pixel" for axis in "ZYX"):
            return _geometry([_number(pixels.get(f"PhysicalSize{axis}")) for axis in "ZYX"], "")
        return _in_patient(_geometry(sizes, "um"), own_affine(tiff.ome_metadata))
    imagej = tiff.imagej_metadata or {} if tiff.is_imagej else {}
    x, y = (1 / value if value > 0 else None for value in page.resolution)
    z = imagej.get("spacing")
    unit = str(imagej.get("unit", "")).replace("\\u00B5", "µ") or RESOLUTION_UNITS.get(page.resolutionunit)
    sizes = [to_micrometers(size, unit) for size in (z, y, x)]
    if None in sizes and z is not None and unit in (None, "pixel", "pixels"):
        return _geometry([_number(z), y, x], "")
    return _geometry(sizes, "um")


def _in_patient(geometry: StackGeometry, affine: npt.NDArray[np.float64] | None) -> StackGeometry:
    if affine is None or geometry.spacing is None:
        return replace(geometry, affine=affine)
    z, y, x = (size / MICROMETERS_IN_MM for size in geometry.spacing)
    return StackGeometry((z, y, x), "mm", affine)


def _number(text: str | float | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


def _geometry(sizes: list[float | None], unit: str) -> StackGeometry:
    z, y, x = sizes
    if z is None or y is None or x is None or not all(0 < size < math.inf for size in (z, y, x)):
        return StackGeometry()
    return StackGeometry((z, y, x), unit)
