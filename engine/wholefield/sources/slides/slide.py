"""Whole-slide formats of scanner makers, read by OpenSlide."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Lock

import numpy as np
import openslide

from wholefield.errors import SourceError
from wholefield.sources.choices import Reading
from wholefield.sources.reading import closed, damaged, head_of
from wholefield.sources.slides.associated import AssociatedImages
from wholefield.sources.slides.colors.opacity import over_white
from wholefield.sources.slides.image import (
    AnyArray,
    Description,
    ImageSource,
    levels_from_sizes,
    plausible_spacing,
)
from wholefield.sources.units import to_micrometers

VENDORS = {
    "aperio": "Aperio SVS",
    "dicom": "DICOM whole slide",
    "generic-tiff": "Pyramidal TIFF",
    "hamamatsu": "Hamamatsu",
    "leica": "Leica SCN",
    "mirax": "MIRAX",
    "philips-tiff": "Philips TIFF",
    "sakura": "Sakura",
    "trestle": "Trestle",
    "ventana": "Ventana",
    "zeiss": "Zeiss CZI",
}
CACHE_BYTES = 64 * 2**20
# Layouts of TIFF that only OpenSlide puts together rightly: overlapping, sparse or padded tiles, several regions.
OPENSLIDE_TIFFS = ("hamamatsu", "leica", "philips-tiff", "trestle", "ventana")
# JPEG 2000 with YCbCr inside, which TIFF tags do not tell.
APERIO_YCBCR = 33003


def slide_vendor(path: Path) -> str | None:
    """OpenSlide's name of the format of a file, or None if it is none of its formats."""
    try:
        return openslide.OpenSlide.detect_format(path)
    except openslide.OpenSlideError:
        return None


def needs_openslide(path: Path) -> bool:
    """Whether a TIFF is of a scanner whose layout its tags do not tell."""
    vendor = slide_vendor(path)
    return vendor in OPENSLIDE_TIFFS or (vendor == "aperio" and _compression(path) == APERIO_YCBCR)


def _compression(path: Path) -> int | None:
    import tifffile

    try:
        with tifffile.TiffFile(path) as tiff:
            return int(tiff.pages.first.compression)
    except Exception:  # a damaged file is refused, with its reason, by the reader that opens it
        return None


class SlideSource(ImageSource):
    """A slide as RGB uint8 over white. OpenSlide may be called from several threads."""

    def __init__(self, path: Path, slide: openslide.OpenSlide, description: Description) -> None:
        super().__init__(path, description)
        self._slide = slide
        self._downsamples = slide.level_downsamples
        self._reading = 0
        self._closed = False
        self._released = False
        self._lock = Lock()
        names = {name: partial(self._associated, name) for name in slide.associated_images}
        self.associated = AssociatedImages(names)

    def close(self) -> None:
        """Close the file, as soon as no thread reads from it."""
        with self._lock:
            self._closed = True
            self._close_if_idle()

    def _close_if_idle(self) -> None:
        if self._closed and not self._reading and not self._released:
            self._released = True
            self._slide.close()

    @contextmanager
    def _in_use(self) -> Iterator[None]:
        """The slide stays open until the block ends; what OpenSlide cannot read is damaged."""
        with self._lock:
            if self._closed:
                raise closed(self.name)
            self._reading += 1
        try:
            yield
        except openslide.OpenSlideError as error:
            raise damaged(self.path, error) from error
        finally:
            with self._lock:
                self._reading -= 1
                self._close_if_idle()

    def _read_inside(self, level: int, x: int, y: int, width: int, height: int) -> AnyArray:
        # OpenSlide takes the corner in level-0 px. Where levels are not whole fractions of each other it falls
        # between two pixels of the level, and OpenSlide interpolates: rounding keeps the shift below half a px
        # of level 0.
        downsample = self._downsamples[level]
        corner = round(x * downsample), round(y * downsample)
        with self._in_use():
            return _over_white(self._slide.read_region(corner, level, (width, height)))

    def _associated(self, name: str) -> AnyArray:
        with self._in_use():
            return _over_white(self._slide.associated_images[name])


def _over_white(picture: object) -> AnyArray:
    """The colors of a picture of OpenSlide, whose transparent pixels are glass."""
    pixels: AnyArray = np.asarray(picture)
    if pixels[..., 3].min() == 255:
        return np.ascontiguousarray(pixels[..., :3])
    return over_white(pixels[..., :3], pixels[..., 3], premultiplied=False)


def open_slide(path: Path, reading: Reading | None = None) -> SlideSource:
    """Open a file that OpenSlide reads; it leaves nothing open, so that a reading must be empty.

    Raises:
        SourceError: OpenSlide cannot read it.
    """
    (reading or Reading()).only(path)
    try:
        slide = openslide.OpenSlide(path)
        slide.set_cache(openslide.OpenSlideCache(CACHE_BYTES))
    except openslide.OpenSlideError as error:
        raise SourceError(
            f"{path} cannot be read as a slide ({error}); it may be damaged or cut off."
        ) from error
    properties = dict(slide.properties)
    spacing = plausible_spacing(
        to_micrometers(properties.get(openslide.PROPERTY_NAME_MPP_Y), "um"),
        to_micrometers(properties.get(openslide.PROPERTY_NAME_MPP_X), "um"),
    )
    vendor = properties.get(openslide.PROPERTY_NAME_VENDOR, "")
    description = Description(
        VENDORS.get(vendor, vendor or "Slide"),
        levels_from_sizes(list(slide.level_dimensions)),
        3,
        np.dtype(np.uint8),
        spacing,
        properties,
    )
    return SlideSource(path, slide, description)


def open_mirax(path: Path, reading: Reading | None = None) -> SlideSource:
    """Open a MIRAX slide, whose pixels lie in the folder of the same name beside it.

    Raises:
        SourceError: That folder is missing, or OpenSlide cannot read it.
    """
    folder = path.with_suffix("")
    # It begins with a picture of its own overview.
    is_overview = head_of(path, 4).startswith((b"\xff\xd8", b"\x89PNG", b"BM"))
    if is_overview and not (folder / "Slidedat.ini").is_file():
        raise SourceError(
            f"{path} is only the overview of a MIRAX slide: its pixels lie in the folder {folder.name} beside it, with "
            "a file Slidedat.ini, which is missing; copy the folder too."
        )
    return open_slide(path, reading)
