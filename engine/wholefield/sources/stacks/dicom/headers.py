"""The header of one DICOM file: what it is an image of, its slices, and how its pixels are stored."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pydicom
from pydicom.filereader import read_dataset
from pydicom.tag import BaseTag
from pydicom.uid import UID

from wholefield.errors import SourceError
from wholefield.sources.dicom.headers import inflated, layout_of
from wholefield.sources.dicom.layout import (
    PIXEL_TAGS,
    HeaderError,
    PixelElement,
    PixelLayout,
    UnsupportedError,
    check_layout,
    find_pixels,
)
from wholefield.sources.dicom.syntaxes import (
    ALWAYS_LOSSY,
    DEFLATED,
    IMPLICIT,
    check_syntax,
    guessed_syntax,
)
from wholefield.sources.dicom_tags import HEAD_BYTES
from wholefield.sources.reading import damaged
from wholefield.sources.stacks.dicom.quick import NotPlainError, QuickHeader, quick_header
from wholefield.sources.stacks.dicom.slices import Slice, slices_of

# Files of real scanners break many small rules; a stack can be shown all the same.
pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
MOST_FRAMES = 50_000
TEXT_TAGS = (
    "Modality", "Manufacturer", "ManufacturerModelName", "StudyDescription", "SeriesDescription", "StudyDate",
    "BodyPartExamined", "ConvolutionKernel", "KVP", "SliceThickness", "GantryDetectorTilt", "Units", "RescaleType",
    "PixelPaddingValue", "PhotometricInterpretation",
)  # fmt: skip
# OverlayBitPosition and OverlayData of all overlays.
OVERLAYS = frozenset(group << 16 | tag for group in range(0x6000, 0x6020, 2) for tag in (0x102, 0x3000))
MICROSCOPY = "SM"


@dataclass(frozen=True)
class DicomFile:
    """One file: its planes, and what it has in common with the others of its series.

    Attributes:
        path: The file.
        series: UID of its series; empty where it has none.
        modality: Such as "CT".
        slices: Its planes; none where it is no image.
        layout: How its pixels are stored; None where it is no image.
        localizer: Whether it only shows where the others lie.
        texts: What people want to know of it, by the names of tags.
        window: Lowest and highest value to show.
        notes: Keys of `NOTES` in `warnings.py`: what is left out, or is unusual.
        state: Size and time of change, by which a file is known again.
    """

    path: Path
    series: str
    modality: str
    slices: tuple[Slice, ...]
    layout: PixelLayout | None
    localizer: bool
    texts: dict[str, str]
    window: tuple[float, float] | None
    notes: frozenset[str]
    state: tuple[int, int]


def read_header(path: Path) -> DicomFile:
    """Everything of a file but its pixels.

    Raises:
        SourceError: It is damaged, or stored in a way that is not read; the text says which.
        FileNotFoundError: It has gone.
    """
    try:
        with path.open("rb") as file:
            return _header(path, file)
    except (FileNotFoundError, SourceError):
        raise
    except UnsupportedError as error:
        raise SourceError(f"{path} cannot be shown: {error}") from error
    except Exception as error:  # a damaged header raises errors of many kinds, many of them late
        raise damaged(path, error) from error


def _at_pixels(tag: BaseTag, _vr: str | None, _length: int) -> bool:
    return tag in PIXEL_TAGS


def _header(path: Path, file: BinaryIO) -> DicomFile:
    stat = path.stat()
    state = stat.st_size, stat.st_mtime_ns
    try:
        quick = quick_header(file)
        if quick is not None:
            pixels = find_pixels(file, state[0], quick.syntax == IMPLICIT, True)
            return _described(path, quick, pixels, quick.syntax, True, state)
    except NotPlainError:
        pass
    return _by_pydicom(path, file, state)


def _by_pydicom(path: Path, file: BinaryIO, state: tuple[int, int]) -> DicomFile:
    file.seek(0)
    if DEFLATED.encode() in file.read(HEAD_BYTES):
        data = inflated(file)
        source: BinaryIO = BytesIO(data)
        dataset: Any = read_dataset(source, False, True, stop_when=_at_pixels)
        implicit, little, size, syntax = False, True, len(data), DEFLATED
    else:
        file.seek(0)
        source, size = file, state[0]
        dataset = pydicom.dcmread(file, stop_before_pixels=True, force=True)
        implicit, little = dataset.original_encoding
        syntax = str(dataset.file_meta.get("TransferSyntaxUID") or "")
    pixels = find_pixels(source, size, implicit, little)
    if pixels is not None and not syntax:
        syntax = guessed_syntax(file, pixels, implicit, little)
    return _described(path, dataset, pixels, syntax, little, state)


def _described(
    path: Path, dataset: Any, pixels: PixelElement | None, syntax: str, little: bool, state: tuple[int, int]
) -> DicomFile:
    modality = str(dataset.get("Modality") or "")
    rows = dataset.get("Rows")
    tiled = modality == MICROSCOPY or (dataset.get("TotalPixelMatrixColumns") or 0) > (
        dataset.get("Columns") or 0
    )
    if pixels is None and rows is not None and "SpectroscopyData" not in dataset:
        raise HeaderError("its header describes an image, and its pixels are missing")
    if pixels is None or rows is None or tiled:
        return DicomFile(path, "", modality, (), None, False, {}, None, frozenset(), state)
    check_syntax(UID(syntax))
    layout = layout_of(dataset, pixels, syntax, little)
    check_layout(layout)
    if layout.frames > MOST_FRAMES:
        raise UnsupportedError(
            f"it has {layout.frames:,} frames, and no more than {MOST_FRAMES:,} are read from a file; split it."
        )
    return DicomFile(
        path,
        str(dataset.get("SeriesInstanceUID") or ""),
        modality,
        tuple(slices_of(path, dataset, layout.frames)),
        layout,
        "LOCALIZER" in str(dataset.get("ImageType") or "").upper(),
        _texts(dataset),
        _window(dataset),
        _notes(dataset, layout),
        state,
    )


def _texts(dataset: Any) -> dict[str, str]:
    if isinstance(dataset, QuickHeader):
        texts = {tag: dataset.text(tag) for tag in TEXT_TAGS}
    else:
        texts = {tag: str(dataset[tag].value) for tag in TEXT_TAGS if tag in dataset}
    return {tag: text for tag, text in texts.items() if text not in ("", "None")}


def _notes(dataset: Any, layout: PixelLayout) -> frozenset[str]:
    quick = isinstance(dataset, QuickHeader)
    notes = {
        "overlays": dataset.has_any(OVERLAYS) if quick else any(tag in dataset for tag in OVERLAYS),
        "lossy": layout.syntax in ALWAYS_LOSSY or str(dataset.get("LossyImageCompression") or "") == "01",
        "inverted": layout.photometric == "MONOCHROME1",
        "moments": layout.frames > 1 and any(tag in dataset for tag in ("FrameTime", "FrameTimeVector")),
        "groups": 0 < len(dataset.get("PerFrameFunctionalGroupsSequence") or ()) < layout.frames,
        "real world": "RescaleSlope" not in dataset and "RealWorldValueMappingSequence" in dataset,
    }
    return frozenset(name for name, true in notes.items() if true)


def _window(dataset: Any) -> tuple[float, float] | None:
    """Lowest and highest value to show, from the first window of the file."""
    try:
        center, width = (np.atleast_1d(dataset.get(tag))[0] for tag in ("WindowCenter", "WindowWidth"))
        low, high = float(center) - float(width) / 2, float(center) + float(width) / 2
    except (TypeError, ValueError, IndexError):
        return None
    return (low, high) if low < high else None
