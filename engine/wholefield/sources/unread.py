"""Files that are known by their first bytes and not read, each with the rest of the sentence that refuses it."""

from __future__ import annotations

from pathlib import Path

from wholefield.sources.format import Format
from wholefield.sources.model_files import is_script
from wholefield.sources.signatures import (
    OLE_SIGNATURE,
    ZIP_SIGNATURE,
    Detect,
    begins,
    both,
    ends,
    is_tiff,
)

BIOFORMATS = "export OME-TIFF from the microscope's software, or convert it with bfconvert of Bio-Formats"
VIDEO = (
    "a video, not a recording of an event camera or a stack; extract its frames as PNG and open their folder"
)
OTHER_PICTURE = "which cannot be opened here; save it as PNG or TIFF"
PACKED = "which cannot be opened here; unpack it first"
SCRIPT = (
    "a TorchScript program, which would run when it is opened; export its network with torch.export instead"
)
PICKLE = "which can run code when it is read and is never opened; save the array with numpy.save or as TIFF"
MATLAB = "which cannot be opened here; save the array in MATLAB with tiffwrite or niftiwrite, or from Python as TIFF"
TABLE = "a table, not an image or a recording; export its columns as CSV if it holds events"


def _unread(name: str, suffixes: tuple[str, ...], detect: Detect, about: str) -> Format:
    return Format(name, None, suffixes, detect, about=about)


def _boxed(*brands: bytes) -> Detect:
    """A detector of the family of MP4: a box `ftyp` at byte 4, then a brand, any where none is given."""

    def detect(path: Path, head: bytes) -> bool:
        return head[4:8] == b"ftyp" and (not brands or head[8:12] in brands)

    return detect


def _riff(kind: bytes) -> Detect:
    def detect(path: Path, head: bytes) -> bool:
        return head.startswith(b"RIFF") and head[8:12] == kind

    return detect


def _names(text: bytes) -> Detect:
    """A detector of zip files whose first entries have a name with this text."""

    def detect(path: Path, head: bytes) -> bool:
        return head.startswith(ZIP_SIGNATURE) and text in head

    return detect


def _is_lif(path: Path, head: bytes) -> bool:
    # 0x70 as a 32-bit word, the length of the next block, and 0x2A.
    return head.startswith(b"\x70\0\0\0") and head[8:9] == b"\x2a"


def _is_pickle(path: Path, head: bytes) -> bool:
    # PROTO with a version of 2 to 5, and the end of a name that people give, for the two bytes alone say little.
    return (
        head[:1] == b"\x80" and head[1:2] in b"\2\3\4\5" and path.suffix.lower() in (".pkl", ".pickle", ".p")
    )


# Before the formats that are read: these begin like one of them, and would be read wrongly as it.
LOOKALIKES = (
    _unread(
        "Old Nikon ND2", (), both(begins(b"\0\0\0\x0cjP  "), ends(".nd2")),
        f"an old Nikon ND2 file, which cannot be opened here; {BIOFORMATS}",
    ),
    _unread(
        "Olympus VSI", (".vsi",), both(is_tiff, ends(".vsi")),
        f"an Olympus VSI file, whose slide lies in the .ets files beside it, which cannot be opened here; {BIOFORMATS}",
    ),
    _unread(
        "Camera raw", (".cr2", ".nef", ".arw", ".dng"), both(is_tiff, ends(".cr2", ".nef", ".arw", ".dng")),
        "a raw photograph from a camera, which cannot be opened here; develop it and save it as TIFF",
    ),
)  # fmt: skip

MICROSCOPES = (
    _unread("Leica LIF", (".lif",), _is_lif, f"a Leica LIF file, which cannot be opened here; {BIOFORMATS}"),
    _unread(
        "Nikon ND2", (".nd2",), begins(b"\xda\xce\xbe\x0a"),
        f"a Nikon ND2 file, which cannot be opened here; {BIOFORMATS}"
    ),
    _unread(
        "Zeiss CZI without a slide", (), begins(b"ZISRAWFILE"),
        f"a Zeiss CZI file that OpenSlide does not take for a slide, and that cannot be opened here; {BIOFORMATS}",
    ),
    _unread(
        "Olympus OIB", (".oib",), both(begins(OLE_SIGNATURE), ends(".oib")),
        f"an Olympus OIB file, which cannot be opened here; {BIOFORMATS}",
    ),
    _unread(
        "Zeiss ZVI", (".zvi",), both(begins(OLE_SIGNATURE), ends(".zvi")),
        f"a Zeiss ZVI file, which cannot be opened here; {BIOFORMATS}",
    ),
    _unread("Olympus ETS", (".ets",), begins(b"SIS\0"), f"a part of an Olympus VSI slide; {BIOFORMATS}"),
    _unread(
        "Gatan DM3 or DM4", (".dm3", ".dm4"), both(begins(b"\0\0\0\3", b"\0\0\0\4"), ends(".dm3", ".dm4")),
        "a file of Gatan Digital Micrograph, which cannot be opened here; save it there as TIFF",
    ),
    _unread(
        "MRC or CCP4", (".mrc", ".map", ".rec"), begins(b"MAP ", offset=208),
        "an MRC or CCP4 map, which cannot be opened here; convert it with mrc2tif of IMOD, or from Python with mrcfile",
    ),
    _unread(
        "MINC 1 or NetCDF", (".mnc", ".nc"), begins(b"CDF\1", b"CDF\2", b"CDF\5"),
        "a NetCDF or MINC 1 file, which cannot be opened here; convert it with mnc2nii, or save it as HDF5",
    ),
    _unread(
        "Amira or Avizo", (".am",), begins(b"# AmiraMesh", b"# Avizo", b"# HyperMesh"),
        "an Amira or Avizo file, which cannot be opened here; export it there as TIFF slices",
    ),
    _unread(
        "VTK", (".vtk", ".vti"), begins(b"# vtk DataFile", b"<VTKFile"),
        "a VTK file, which cannot be opened here; save it in ParaView or 3D Slicer as NRRD or MetaImage",
    ),
    _unread("FITS", (".fits", ".fit"), begins(b"SIMPLE  ="),
            "a FITS file, which cannot be opened here; save it as TIFF"),
)  # fmt: skip

PICTURES = (
    _unread(
        "HEIC or AVIF", (".heic", ".heif", ".avif"), _boxed(b"heic", b"heix", b"mif1", b"msf1", b"avif", b"hevc"),
        f"a HEIC or AVIF photograph, {OTHER_PICTURE}",
    ),
    _unread("JPEG XL", (".jxl",), begins(b"\xff\x0a", b"\0\0\0\x0cJXL "), f"a JPEG XL, {OTHER_PICTURE}"),
    _unread("OpenEXR", (".exr",), begins(b"v/1\x01"), f"an OpenEXR picture, {OTHER_PICTURE}"),
    _unread("Photoshop", (".psd", ".psb"), begins(b"8BPS"), f"a Photoshop file, {OTHER_PICTURE}"),
    _unread("SVG", (".svg",), both(ends(".svg"), begins(b"<")), f"an SVG drawing, {OTHER_PICTURE}"),
)  # fmt: skip

VIDEOS = (
    _unread("MP4 or MOV", (".mp4", ".mov", ".m4v"), _boxed(), VIDEO),
    _unread("AVI", (".avi",), _riff(b"AVI "), VIDEO),
    _unread("Matroska or WebM", (".mkv", ".webm"), begins(b"\x1a\x45\xdf\xa3"), VIDEO),
    _unread("MPEG", (".mpg", ".mpeg"), begins(b"\0\0\1\xba", b"\0\0\1\xb3"), VIDEO),
)

CAMERAS = (
    _unread(
        "AEDAT of another version", (".aedat",), begins(b"#!AER-DAT"),
        "an AEDAT recording of an unknown version; convert it to AEDAT4 with dv-converter of DV",
    ),
)  # fmt: skip

ARRAYS = (
    _unread("MATLAB", (".mat",), begins(b"MATLAB "), f"a MATLAB file, {MATLAB}"),
    _unread(
        "NumPy table", (), begins(b"\x93NUMPY"),
        "a NumPy array that holds neither a volume nor events; save two to five axes, or a table of t, x, y, p",
    ),
    _unread(
        "Other NumPy archive", (), both(begins(ZIP_SIGNATURE), ends(".npz")),
        "a NumPy archive without a volume and without the arrays x, y, t and p of a recording",
    ),
    _unread("TorchScript", (".pt",), is_script, SCRIPT),
    _unread("Pickle", (".pkl", ".pickle"), _is_pickle, f"a Python pickle, {PICKLE}"),
    _unread("Parquet", (".parquet",), begins(b"PAR1"), TABLE),
    _unread("SQLite", (".db", ".sqlite"), begins(b"SQLite format 3\0"), "an SQLite database, not an image"),
)  # fmt: skip

DOCUMENTS = (
    _unread("PDF", (".pdf",), begins(b"%PDF-"), "a PDF, not an image; save its pictures as PNG or TIFF"),
    _unread("PostScript", (".ps", ".eps"), begins(b"%!PS"), "a PostScript document, not an image"),
    _unread(
        "Office document", (".docx", ".xlsx", ".pptx"), _names(b"[Content_Types].xml"),
        "an Office document, not an image or a recording; save a table of events as CSV",
    ),
    _unread(
        "Old Office document", (".doc", ".xls", ".ppt"), begins(OLE_SIGNATURE),
        "an OLE compound file, as old Office documents are, of an unknown kind",
    ),
    _unread("Zip archive", (), begins(ZIP_SIGNATURE), f"a zip archive that is not a zipped Zarr, {PACKED}"),
    _unread("7-Zip archive", (".7z",), begins(b"7z\xbc\xaf\x27\x1c"), f"a 7-Zip archive, {PACKED}"),
    _unread("RAR archive", (".rar",), begins(b"Rar!\x1a\7"), f"a RAR archive, {PACKED}"),
    _unread("Tar archive", (".tar",), begins(b"ustar", offset=257), f"a tar archive, {PACKED}"),
    _unread(
        "Gzip file", (".gz", ".tgz"), begins(b"\x1f\x8b"), f"a gzip-compressed file other than NIfTI, {PACKED}"
    ),
    _unread("Bzip2 file", (".bz2",), begins(b"BZh"), f"a bzip2-compressed file, {PACKED}"),
    _unread("XZ file", (".xz",), begins(b"\xfd7zXZ\0"), f"an xz-compressed file, {PACKED}"),
    _unread("Zstandard file", (".zst",), begins(b"\x28\xb5\x2f\xfd"), f"a Zstandard-compressed file, {PACKED}"),
    _unread("Program", (".exe", ".dll"), begins(b"MZ", b"\x7fELF"), "a program, not an image or a recording"),
    _unread("HTML page", (".html", ".htm"), begins(b"<!DOCTYPE html", b"<!doctype html", b"<html"),
            "a web page, as servers send instead of a file that needs a login; download it again in a browser"),
)  # fmt: skip

# Behind the formats that are read; those with a suffix of their own stand before the families they belong to.
UNREAD = (*MICROSCOPES, *PICTURES, *VIDEOS, *CAMERAS, *ARRAYS, *DOCUMENTS)
