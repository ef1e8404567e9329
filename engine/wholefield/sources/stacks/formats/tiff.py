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
from wholefield.sources.choices import Reading
from wholefield.sources.reading import unreadable
from wholefield.sources.slides.ome import own_affine, parse_ome
from wholefield.sources.slides.tiff.looks import tiff_looks
from wholefield.sources.slides.tiff.metadata import RESOLUTION_UNITS, tiff_format, tiff_metadata
from wholefield.sources.slides.tiff.plane import ByteReader, TiffPlane
from wholefield.sources.slides.tiff.source import (
    level_planes,
    main_series,
    refuse_incomplete,
    refuse_unsupported,
)
from wholefield.sources.stacks.answers import COMMON, MICROMETERS_IN_MM, NOTHING, answered
from wholefield.sources.stacks.formats.tiff_axes import TIME_LETTER, depth_letter, series_axes
from wholefield.sources.stacks.geometry import StackGeometry
from wholefield.sources.stacks.stack import AnyArray, Box, StackDescription, StackSource, checked_dtype
from wholefield.sources.units import to_micrometers

PHOTOMETRIC = tifffile.PHOTOMETRIC
GRAY = (PHOTOMETRIC.MINISWHITE, PHOTOMETRIC.MINISBLACK, PHOTOMETRIC.PALETTE, PHOTOMETRIC.MASK)
ORIENTATION = 274
PAGES_NAMED = 5


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

    def __init__(self, series: Any, axes: str, reader: ByteReader, letter: str, as_stored: bool) -> None:
        self._series = series
        self._axes = axes
        self._reader = reader
        self._letter = letter
        self._as_stored = as_stored
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
                at = {TIME_LETTER: time, self._letter: z}
                planes = level_planes(
                    self._series, self._reader, at, axes=self._axes, as_stored=self._as_stored
                )
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
                series = main_series(tiff)
                lengths = dict(zip(series.axes, series.shape, strict=True))
                return len(series.levels) == 1 and depth_letter(lengths) is not None
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


def open_tiff_stack(path: Path, reading: Reading = NOTHING) -> TiffStack:
    """Open a TIFF as a stack; a single picture becomes a stack of one plane.

    Gray pages keep the numbers that are stored, also where a palette or the tag of MINISWHITE gives them another look.

    Args:
        path: The file.
        reading: May answer `axes` and, where pages have a palette, `palette` (indices or colors).

    Raises:
        UnclearFileError: It does not say which of its axes is time, depth or channels.
        SourceError: The file is not a readable TIFF, is cut off, or is a pyramid.
    """
    reading.only(path, "axes", "palette", *COMMON)
    try:
        tiff = tifffile.TiffFile(path)
    except Exception as error:  # a damaged header raises errors of many kinds
        raise unreadable(path, "a TIFF", error) from error
    try:
        return answered(_from_tiff(path, tiff, reading), reading)
    except SourceError:
        tiff.close()
        raise
    except Exception as error:
        tiff.close()
        raise unreadable(path, "a TIFF", error) from error


def _from_tiff(path: Path, tiff: Any, reading: Reading) -> TiffStack:
    if not tiff.series:
        raise SourceError(f"{path} is a TIFF without an image; it may be cut off: copy it again.")
    series = main_series(tiff)
    if len(series.levels) > 1:
        raise SourceError(f"{path} is a pyramid, not a stack; open it as a slide.")
    page = series.keyframe
    refuse_unsupported(path, page)
    _refuse_broken_chain(path, tiff)
    axes = series_axes(path, series, reading)
    lengths = dict(zip(axes, series.shape, strict=True))
    reader = ByteReader(path, tiff)
    letter = depth_letter(lengths) or "Z"
    as_stored = page.samplesperpixel == 1 and page.photometric in GRAY and reading.get("palette") != "colors"
    pages = _Pages(series, axes, reader, letter, as_stored)
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
        # Steps between times are no distances.
        tiff_geometry(tiff, page) if letter != TIME_LETTER else StackGeometry(),
        (*_warnings(letter, lengths), *_pages_left_out(tiff, series), *_look_told(page, as_stored)),
        tiff_metadata(tiff, page),
        channel_names=tuple(look.name for look in tiff_looks(tiff, channels)) if channels > 1 else (),
        times=times,
        inverted=as_stored and page.photometric == PHOTOMETRIC.MINISWHITE,
    )
    return TiffStack(path, description, reader, pages)


def _pages_left_out(tiff: Any, series: Any) -> tuple[str, ...]:
    """A sentence where pages of another size or type than the planes lie among them."""
    others = [page for each in tiff.series if each is not series for page in each.pages if page is not None]
    numbers = sorted({int(page.index) + 1 for page in others})
    if not numbers:
        return ()
    named = ", ".join(map(str, numbers[:PAGES_NAMED]))
    more = f" and {len(numbers) - PAGES_NAMED} more" if len(numbers) > PAGES_NAMED else ""
    return (
        f"Pages of another image, size or type are not among the planes: number {named}{more}, counted from 1.",
    )


def _look_told(page: Any, as_stored: bool) -> tuple[str, ...]:
    """What the numbers of a page look like elsewhere, in a sentence."""
    told = []
    if as_stored and page.photometric == PHOTOMETRIC.MINISWHITE:
        told.append("The file shows low values bright (MINISWHITE); its numbers are as stored.")
    if as_stored and page.photometric == PHOTOMETRIC.PALETTE:
        told.append(
            "The file gives its numbers colors by a palette; they are read as numbers (palette=colors shows them)."
        )
    turned = int(page.tags.valueof(ORIENTATION, 1))
    if turned not in (0, 1):
        told.append(
            f"The file asks to be turned when it is shown (orientation {turned}); its planes are as stored."
        )
    return tuple(told)


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


def _warnings(letter: str, lengths: dict[str, int]) -> tuple[str, ...]:
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
