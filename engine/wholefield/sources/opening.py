"""Which reader is right for a file, judged by its content first and its name second."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from wholefield.errors import SourceError
from wholefield.sources.image import ImageSource
from wholefield.sources.kinds import Kind, first_dicom, is_zarr, kind_of
from wholefield.sources.reading import readable
from wholefield.sources.recording import RECORDING_SUFFIXES, Recording, open_recording
from wholefield.sources.stack import StackSource
from wholefield.sources.stack_opening import open_stack
from wholefield.sources.suffixes import PICTURE_SIGNATURES, SLIDE_SUFFIXES, STACK_SUFFIXES, TIFF_SIGNATURES

# The readers are imported by the functions that need them: together they would delay the first window.

# Layouts that only OpenSlide puts together rightly: overlapping, sparse or padded tiles, several regions.
OPENSLIDE_TIFFS = ("hamamatsu", "leica", "philips-tiff", "trestle", "ventana")
# JPEG 2000 with YCbCr inside, which TIFF tags do not tell.
APERIO_YCBCR = 33003
ONLY_STACK_SUFFIXES = tuple(suffix for suffix in STACK_SUFFIXES if suffix not in SLIDE_SUFFIXES)


def open_source(path: str | Path) -> ImageSource | StackSource | Recording:
    """Open a file or folder as what `kind_of` says it is.

    Raises:
        SourceError: It cannot be opened; the text says why and what to do.
    """
    match kind_of(path):
        case Kind.STACK:
            return open_stack(path)
        case Kind.RECORDING:
            return open_recording(path)
        case None if str(path).lower().endswith(ONLY_STACK_SUFFIXES):
            # Damaged: the reader says how.
            return open_stack(path)
        case _:
            return open_image(path)


def open_image(path: str | Path, at: Mapping[str, int] | None = None) -> ImageSource:
    """Open an image file, or the folder of an OME-Zarr image; of a stack it opens one plane.

    Args:
        path: A slide, TIFF, OME-TIFF, OME-Zarr, PNG or JPEG.
        at: Position along axes other than rows, columns and channels, such as {"Z": 3}; 0 where not named.

    Raises:
        SourceError: It cannot be opened; the text says why and what to do.
    """
    path = Path(path)
    with readable(path):
        if is_zarr(path):
            from wholefield.sources.ome_zarr import open_ome_zarr

            return open_ome_zarr(path, at)
        if path.is_dir():
            return _open_folder(path)
        return _open_file(path, _head(path), at)


def file_filter() -> str:
    """Name and patterns of all formats, as an open dialog takes them."""
    patterns = " ".join(f"*{suffix}" for suffix in SLIDE_SUFFIXES)
    return f"Slides and images ({patterns})"


def stack_filter() -> str:
    """Name and patterns of the formats of stacks, as an open dialog takes them."""
    patterns = " ".join(f"*{suffix}" for suffix in STACK_SUFFIXES)
    return f"Stacks ({patterns})"


def recording_filter() -> str:
    """Name and patterns of the formats of recordings, as an open dialog takes them."""
    patterns = " ".join(f"*{suffix}" for suffix in RECORDING_SUFFIXES)
    return f"Event recordings ({patterns})"


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        head = file.read(16)
    if not head:
        raise SourceError(f"{path} is empty; copy it again from where it came.")
    return head


def _open_file(path: Path, head: bytes, at: Mapping[str, int] | None) -> ImageSource:
    from wholefield.sources.slide import open_slide, slide_vendor

    vendor = slide_vendor(path)
    if head.startswith(TIFF_SIGNATURES) and not (vendor and _needs_openslide(path, vendor)):
        from wholefield.sources.tiff import open_tiff

        return open_tiff(path, at)
    if vendor:
        return open_slide(path)
    if head.startswith(PICTURE_SIGNATURES):
        from wholefield.sources.picture import open_picture

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
    from wholefield.sources.slide import open_slide, slide_vendor

    first = first_dicom(path)
    if first is not None and slide_vendor(first) == "dicom":
        return open_slide(first)
    raise SourceError(f"{path} is a folder without a slide; open one of the files in it.")
