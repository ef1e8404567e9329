"""Chooses the reader of a slide or picture, by its content first and its name second."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from wholefield.errors import SourceError
from wholefield.sources.reading import head_of, readable
from wholefield.sources.signatures import (
    PICTURE_SIGNATURES,
    SLIDE_SUFFIXES,
    TIFF_SIGNATURES,
    first_dicom,
    is_zarr,
)
from wholefield.sources.slides.image import ImageSource

# The readers are imported by the functions that need them: together they would delay the first window.

# Layouts that only OpenSlide puts together rightly: overlapping, sparse or padded tiles, several regions.
OPENSLIDE_TIFFS = ("hamamatsu", "leica", "philips-tiff", "trestle", "ventana")
# JPEG 2000 with YCbCr inside, which TIFF tags do not tell.
APERIO_YCBCR = 33003
HEAD_BYTES = 16


def open_image(path: str | Path, at: Mapping[str, int] | None = None) -> ImageSource:
    """Open an image file, or the folder of an OME-Zarr image; of a stack it opens one plane.

    Args:
        path: A slide, TIFF, OME-TIFF, OME-Zarr, PNG or JPEG.
        at: Position along axes other than rows, columns and channels, such as {"Z": 3}; 0 where not named.

    Returns:
        The open image with all its levels; use it as a context manager, or close it.

    Raises:
        SourceError: It cannot be opened; the text says why and what to do.

    Example:
        >>> import numpy as np, tifffile
        >>> from wholefield.sources import open_image
        >>> tifffile.imwrite("slide.tif", np.full((60, 80, 3), 200, np.uint8), tile=(16, 16))
        >>> with open_image("slide.tif") as slide:
        ...     slide.width, slide.height, slide.read_region(level=0, x=70, y=0, width=20, height=5).shape
        (80, 60, (5, 20, 3))
    """
    path = Path(path)
    with readable(path):
        if is_zarr(path):
            from wholefield.sources.slides.ome_zarr import open_ome_zarr

            return open_ome_zarr(path, at)
        if path.is_dir():
            return _open_folder(path)
        return _open_file(path, head_of(path, HEAD_BYTES), at)


def _open_file(path: Path, head: bytes, at: Mapping[str, int] | None) -> ImageSource:
    from wholefield.sources.slides.slide import open_slide, slide_vendor

    vendor = slide_vendor(path)
    if head.startswith(TIFF_SIGNATURES) and not (vendor and _needs_openslide(path, vendor)):
        from wholefield.sources.slides.tiff import open_tiff

        return open_tiff(path, at)
    if vendor:
        return open_slide(path)
    if head.startswith(PICTURE_SIGNATURES):
        from wholefield.sources.slides.picture import open_picture

        return open_picture(path)
    raise SourceError(
        f"{path} is not an image that can be opened, or it is damaged; "
        f"known files end in {', '.join(SLIDE_SUFFIXES)}."
    )


def _needs_openslide(path: Path, vendor: str) -> bool:
    return vendor in OPENSLIDE_TIFFS or (vendor == "aperio" and _compression(path) == APERIO_YCBCR)


def _compression(path: Path) -> int | None:
    import tifffile

    try:
        with tifffile.TiffFile(path) as tiff:
            return int(tiff.pages.first.compression)
    except Exception:  # a damaged file is refused, with its reason, by the reader that opens it
        return None


def _open_folder(path: Path) -> ImageSource:
    """A folder holds one picture only as a DICOM whole-slide series."""
    from wholefield.sources.slides.slide import open_slide, slide_vendor

    first = first_dicom(path)
    if first is not None and slide_vendor(first) == "dicom":
        return open_slide(first)
    raise SourceError(f"{path} is a folder without a slide; open one of the files in it.")
