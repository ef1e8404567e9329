"""Which reader is right for a file, judged by its content first and its name second."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

from engine.errors import SourceError
from engine.sources.image import ImageSource

# The readers are imported by the functions that need them: together they would delay the first window.

SLIDE_SUFFIXES = (
    ".svs", ".tif", ".tiff", ".ndpi", ".vms", ".vmu", ".scn", ".mrxs", ".svslide", ".bif", ".czi", ".dcm",
    ".zarr", ".zip", ".png", ".jpg", ".jpeg",
)  # fmt: skip
ZARR_MARKERS = (".zattrs", ".zgroup", "zarr.json")
PICTURE_SIGNATURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")
TIFF_SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
# Layouts that only OpenSlide puts together rightly: overlapping, sparse or padded tiles, several regions.
OPENSLIDE_TIFFS = ("hamamatsu", "leica", "philips-tiff", "trestle", "ventana")
# JPEG 2000 with YCbCr inside, which TIFF tags do not tell.
APERIO_YCBCR = 33003


def open_source(path: str | Path, at: Mapping[str, int] | None = None) -> ImageSource:
    """Open an image file, or the folder of an OME-Zarr image.

    Args:
        path: A slide, TIFF, OME-TIFF, OME-Zarr, PNG or JPEG.
        at: Position along axes other than rows, columns and channels, such as {"Z": 3}; 0 where not named.

    Raises:
        SourceError: It cannot be opened; the text says why and what to do.
    """
    path = Path(path)
    try:
        if is_zarr(path):
            from engine.sources.ome_zarr import open_ome_zarr

            return open_ome_zarr(path, at)
        if path.is_dir():
            return _open_folder(path)
        return _open_file(path, _head(path), at)
    except PermissionError as error:
        raise SourceError(
            f"{path} may not be read by you; ask its owner for permission to read it."
        ) from error
    except FileNotFoundError as error:
        raise SourceError(
            f"{path} does not exist; check the name, or whether its disk is connected."
        ) from error
    except OSError as error:
        raise SourceError(f"{path} cannot be read ({error}); check the disk it is on.") from error


def is_zarr(path: Path) -> bool:
    """Whether a folder or a zip file holds a Zarr group."""
    if path.is_dir():
        return any((path / marker).is_file() for marker in ZARR_MARKERS)
    if path.suffix.lower() != ".zip" or not path.is_file() or not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any(marker in archive.namelist() for marker in ZARR_MARKERS)


def file_filter() -> str:
    """Name and patterns of all formats, as an open dialog takes them."""
    patterns = " ".join(f"*{suffix}" for suffix in SLIDE_SUFFIXES)
    return f"Slides and images ({patterns})"


def _reason(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "does not exist; check the name, or whether its disk is connected"
    if isinstance(error, PermissionError):
        return "may not be read by you; ask its owner for permission to read it"
    return f"cannot be read ({error}); check the disk it is on"


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        head = file.read(16)
    if not head:
        raise SourceError(f"{path} is empty; copy it again from where it came.")
    return head


def _open_file(path: Path, head: bytes, at: Mapping[str, int] | None) -> ImageSource:
    from engine.sources.slide import open_slide, slide_vendor

    vendor = slide_vendor(path)
    if head.startswith(TIFF_SIGNATURES) and not (vendor and _needs_openslide(path, vendor)):
        from engine.sources.tiff import open_tiff

        return open_tiff(path, at)
    if vendor:
        return open_slide(path)
    if head.startswith(PICTURE_SIGNATURES):
        from engine.sources.picture import open_picture

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
    from engine.sources.slide import open_slide, slide_vendor

    first = min(path.glob("*.dcm"), default=None)
    if first is not None and slide_vendor(first) == "dicom":
        return open_slide(first)
    raise SourceError(f"{path} is a folder without a slide; open one of the files in it.")
