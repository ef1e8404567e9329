"""How files begin: signatures, and what tells formats apart that begin alike. Reads a few kB at most, and names only.

A detector of the table of formats is called with a path and its first bytes (none for a folder) and says whether it
has the format.
"""

from __future__ import annotations

import logging
import os
import zlib
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from wholefield.sources.dicom_start import is_dicom

log = logging.getLogger(__name__)

Detect = Callable[[Path, bytes], bool]

TIFF_SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"
AEDAT4_SIGNATURE = b"#!AER-DAT4"
ZIP_SIGNATURE = b"PK\x03\x04"
GZIP_SIGNATURE = b"\x1f\x8b"
OLE_SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
SLICE_SUFFIXES = (".tif", ".tiff", ".png")
MICROSCOPY = "SM"
# Lengths of the information headers of BMP: OS/2, Windows, and those with masks and color spaces.
BMP_HEADERS = (12, 16, 40, 52, 56, 64, 108, 124)
# A NIfTI header has 348 bytes, or 540 in version 2; its signature ends at byte 348.
NIFTI_HEADER = 352
# Where the lines `% key value` of Prophesee's files say what follows.
RAW_LINES = (b"% evt ", b"% format EVT", b"% plugin_name ", b"% system_ID ")
DAT_FIRST_LINE = b"% Data file containing"
# Files of a folder that are looked into, and folders below it, before it counts as one without DICOM.
DICOM_PROBES = 64
DICOM_HEAD = 512
DICOM_FOLDERS = 32
DICOM_DEPTH = 4
# Endings of files that lie beside DICOM and are none.
NOT_DICOM = (
    *SLICE_SUFFIXES,
    ".txt",
    ".csv",
    ".json",
    ".xml",
    ".html",
    ".pdf",
    ".zip",
    ".jpg",
    ".jpeg",
    ".bmp",
)


def begins(*signatures: bytes, offset: int = 0) -> Detect:
    """A detector of files that have one of these signatures at an offset."""

    def detect(path: Path, head: bytes) -> bool:
        return head.startswith(signatures, offset)

    return detect


def ends(*suffixes: str) -> Detect:
    """A detector of files, not folders, whose names end so; for formats without a signature."""

    def detect(path: Path, head: bytes) -> bool:
        return bool(head) and path.name.lower().endswith(suffixes)

    return detect


def both(first: Detect, second: Detect) -> Detect:
    """A detector of files that two others agree on; the second is asked only where the first says yes."""

    def detect(path: Path, head: bytes) -> bool:
        return first(path, head) and second(path, head)

    return detect


def asked(name: str) -> Detect:
    """A detector that asks `module:function` with the path; named, because readers take long to import.

    A damaged file raises errors of many kinds in the libraries that look into it: it does not count as of the format.
    """

    def detect(path: Path, head: bytes) -> bool:
        try:
            return bool(function_named(name)(path))
        except OSError:
            raise
        except Exception as error:
            log.debug("%s failed on %s (%s: %s).", name, path, type(error).__name__, error)
            return False

    return detect


def function_named(name: str) -> Callable[..., Any]:
    """The function behind `module:function`."""
    module, _, function = name.partition(":")
    found: Callable[..., Any] = getattr(import_module(module), function)
    return found


is_tiff = begins(*TIFF_SIGNATURES)
is_hdf5 = begins(HDF5_SIGNATURE)


def is_bmp(path: Path, head: bytes) -> bool:
    """Whether a file is a BMP: two letters say little, so its information header has to have a known length."""
    return head.startswith(b"BM") and int.from_bytes(head[14:18], "little") in BMP_HEADERS


def is_webp(path: Path, head: bytes) -> bool:
    """Whether a file is a WebP."""
    return head.startswith(b"RIFF") and head[8:12] == b"WEBP"


def is_jpeg_2000(path: Path, head: bytes) -> bool:
    """Whether a file is JPEG 2000, in its boxes or bare; old Nikon files are boxes of another kind."""
    return head.startswith((b"\0\0\0\x0cjP  ", b"\xff\x4f\xff\x51")) and path.suffix.lower() != ".nd2"


def is_dicom_segmentation(path: Path, head: bytes) -> bool:
    """Whether a DICOM file is a segmentation in the pixels of a slide, and not of a stack."""
    if not head or not is_dicom(head):
        return False
    tags = dicom_tags(path, "Modality", "TotalPixelMatrixColumns")
    return str(tags.get("Modality", "")) == "SEG" and "TotalPixelMatrixColumns" in tags


def is_nrrd(path: Path, head: bytes) -> bool:
    """Whether a file is NRRD, of any version, with its voxels inside or detached."""
    return head.startswith(b"NRRD000")


def is_nifti(path: Path, head: bytes) -> bool:
    """Whether a file is NIfTI, version 1 or 2, plain or gzipped."""
    if head.startswith(GZIP_SIGNATURE):
        try:
            head = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(head, NIFTI_HEADER)
        except zlib.error:
            return False
    return head[344:348] in (b"n+1\0", b"ni1\0") or head[4:8] in (b"n+2\0", b"ni2\0")


def is_meta_image(path: Path, head: bytes) -> bool:
    """Whether a file is a MetaImage; it has no signature but lines such as `NDims = 3`."""
    return path.suffix.lower() in (".mha", ".mhd") and b"NDims" in head


def is_jaer(path: Path, head: bytes) -> bool:
    """Whether a file is a recording of jAER; those of version 1 have no signature but their name."""
    return head.startswith((b"#!AER-DAT1", b"#!AER-DAT2")) or (
        path.suffix.lower() == ".aedat" and head.startswith(b"#") and not head.startswith(b"#!AER-DAT")
    )


def is_bag(path: Path, head: bytes) -> bool:
    """Whether a path is a bag of ROS: of version 1, or a file or the folder of version 2."""
    if not head:
        return path.is_dir() and function_named("wholefield.sources.events.formats.rosbag:is_bag_folder")(
            path
        )
    database = head.startswith(b"SQLite format 3\0") and path.suffix.lower() == ".db3"
    return head.startswith((b"#ROSBAG V", b"\x89MCAP0\r\n")) or database


def is_prophesee_dat(path: Path, head: bytes) -> bool:
    """Whether a file is a DAT of Prophesee: lines `% key value`, and then its name or its first line says so."""
    return head.startswith(b"% ") and (path.suffix.lower() == ".dat" or head.startswith(DAT_FIRST_LINE))


def is_prophesee_raw(path: Path, head: bytes) -> bool:
    """Whether a file is a RAW of Prophesee: lines `% key value`, as other files have them, that speak of a camera."""
    known = path.suffix.lower() == ".raw" or any(line in head for line in RAW_LINES)
    return head.startswith(b"% ") and known and not is_prophesee_dat(path, head)


def is_event_text(path: Path, head: bytes) -> bool:
    """Whether a text file holds events, judged from its first lines."""
    if path.suffix.lower() not in (".txt", ".csv", ".tsv") or not head:
        return False
    return function_named("wholefield.sources.events.tables.text:text_layout")(head) is not None


def is_dicom_slide(path: Path, head: bytes) -> bool:
    """Whether a DICOM file, or the first of a folder, is one of a whole slide."""
    first = _first_dicom_of(path, head)
    return first is not None and _modality(first) == MICROSCOPY


def is_dicom_stack(path: Path, head: bytes) -> bool:
    """Whether a path is DICOM or a folder that holds some; slides are told apart before."""
    return _first_dicom_of(path, head) is not None


def first_dicom(folder: Path) -> Path | None:
    """A DICOM file of a folder, or of the folders below it; those whose names come first are looked at first.

    A folder may hold thousands of other files: what its name says to be no DICOM is passed over, and after
    `DICOM_PROBES` files the search ends.
    """
    probes = 0
    for path in _candidates(folder):
        probes += 1
        if probes > DICOM_PROBES:
            return None
        try:
            with path.open("rb") as file:
                if is_dicom(file.read(DICOM_HEAD)):
                    return path
        except OSError:  # one file that cannot be read does not hide the others
            continue
    return None


def _first_dicom_of(path: Path, head: bytes) -> Path | None:
    if head:
        return path if is_dicom(head) else None
    return first_dicom(path) if path.is_dir() else None


def _candidates(folder: Path) -> Iterator[Path]:
    """Files that may be DICOM: those of a folder first, then those of the folders below it."""
    waiting, folders = [(folder, 0)], 0
    while waiting and folders < DICOM_FOLDERS:
        current, depth = waiting.pop(0)
        folders += 1
        files: list[str] = []
        below: list[str] = []
        pictures = False
        with os.scandir(current) as entries:
            for name, folded, entry in ((each.name, each.name.lower(), each) for each in entries):
                pictures = pictures or (folded.endswith(SLICE_SUFFIXES) and not entry.is_dir())
                if not folded.endswith(NOT_DICOM) and not name.startswith("."):
                    (below if entry.is_dir() else files).append(name)
        # Pictures in a folder are its slices, whatever lies in the folders below it.
        if depth < DICOM_DEPTH and not pictures:
            waiting += [(current / name, depth + 1) for name in sorted(below)]
        # The usual endings first, so that they are found among whatever else lies there.
        yield from (current / name for name in sorted(sorted(files), key=_is_unlike_dicom))


def _is_unlike_dicom(name: str) -> bool:
    suffix = os.path.splitext(name)[1].lower()
    return suffix not in ("", ".dcm", ".ima", ".dicom") and not suffix[1:].isdigit()


def dicom_tags(path: Path, *names: str) -> Mapping[str, Any]:
    """Some tags of a DICOM file; none where it is damaged, as the reader that opens it says with its reason."""
    from wholefield.sources.dicom_tags import tags_of

    try:
        tags = tags_of(path, *names)
        # Values are converted when they are asked for.
        return {name: tags[name].value for name in names if name in tags}
    except Exception:  # damaged files raise errors of many kinds
        return {}


def _modality(path: Path) -> str:
    return str(dicom_tags(path, "Modality").get("Modality", ""))
