"""How files begin and end: signatures, suffixes, and the layouts that several kinds of sources share."""

from __future__ import annotations

import zipfile
from pathlib import Path

SLIDE_SUFFIXES = (
    ".svs", ".tif", ".tiff", ".ndpi", ".vms", ".vmu", ".scn", ".mrxs", ".svslide", ".bif", ".czi", ".dcm",
    ".zarr", ".zip", ".png", ".jpg", ".jpeg",
)  # fmt: skip
ZARR_MARKERS = (".zattrs", ".zgroup", "zarr.json")
PICTURE_SIGNATURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")
TIFF_SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
HEAD_BYTES = 1024
SLICE_SUFFIXES = (".tif", ".tiff", ".png")


def is_dicom(head: bytes) -> bool:
    """Whether a file that begins so is DICOM with the usual preamble."""
    return head[128:132] == b"DICM"


def first_dicom(folder: Path) -> Path | None:
    """The DICOM file of a folder whose name comes first."""
    for path in sorted(folder.iterdir()):
        # Pictures are passed over by name: a folder may hold thousands of them.
        known = path.suffix.lower() in SLICE_SUFFIXES or path.name.startswith(".")
        if not known and path.is_file():
            with path.open("rb") as file:
                if is_dicom(file.read(132)):
                    return path
    return None


def is_zarr(path: Path) -> bool:
    """Whether a folder or a zip file holds a Zarr group."""
    if path.is_dir():
        return any((path / marker).is_file() for marker in ZARR_MARKERS)
    if path.suffix.lower() != ".zip" or not path.is_file() or not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any(marker in archive.namelist() for marker in ZARR_MARKERS)
