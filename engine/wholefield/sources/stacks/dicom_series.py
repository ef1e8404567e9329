"""DICOM series: all slices of one scan, found in a folder and sorted by position."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pydicom

from wholefield.errors import SourceError
from wholefield.sources.reading import damaged
from wholefield.sources.signatures import is_dicom
from wholefield.sources.stacks.dicom_pixels import decode_frame, stored_dtype
from wholefield.sources.stacks.dicom_slices import Arrangement, Slice, arrange, slices_of
from wholefield.sources.stacks.sliced_stack import SlicedStack
from wholefield.sources.stacks.stack import AnyArray, StackDescription

# Files of real scanners break many small rules; a stack can be shown all the same.
pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
PREAMBLE_BYTES = 132
IDENTITY_TAGS = ("SeriesInstanceUID", "Rows", "Columns", "SamplesPerPixel")
TEXT_TAGS = (
    "Modality", "Manufacturer", "ManufacturerModelName", "StudyDescription", "SeriesDescription", "StudyDate",
    "BodyPartExamined", "ConvolutionKernel", "KVP", "SliceThickness", "GantryDetectorTilt",
)  # fmt: skip


class DicomSeries(SlicedStack):
    """A series whose planes are decoded one by one and rescaled to the values that they stand for."""

    def __init__(self, path: Path, description: StackDescription, slices: tuple[Slice, ...]) -> None:
        super().__init__(path, description)
        self._slices = slices

    def _decode_plane(self, z: int) -> AnyArray:
        each = self._slices[z]
        try:
            values = decode_frame(pydicom.dcmread(each.path), each.frame)
        except FileNotFoundError as error:
            raise SourceError(
                f"{each.path} has disappeared since the series was opened; open it again."
            ) from error
        except Exception as error:  # damaged pixels raise errors of many kinds
            raise damaged(each.path, error) from error
        expected = (*self.shape[1:], self.channels) if self.channels > 1 else self.shape[1:]
        if values.shape != expected:
            raise SourceError(
                f"{each.path} has another size than the first slice; remove it from the folder."
            )
        return _rescaled(values, each.scale, self.dtype)


def open_dicom_series(path: Path) -> DicomSeries:
    """Open the series that a file belongs to, or the largest of those in a folder.

    Raises:
        SourceError: There is no series, or its headers cannot be read.
    """
    folder = path if path.is_dir() else path.parent
    series, refused = _series_in(folder)
    if not path.is_dir():
        wanted = _read(path).identity
        series = {wanted: series.get(wanted, [])}
    if not any(series.values()):
        raise SourceError(
            f"{path} has no DICOM images that can be read; choose the folder of a CT or MR scan."
        )
    files = max(series.values(), key=lambda each: sum(len(file.slices) for file in each))
    warnings = _folder_warnings(len(series), len(files), refused)
    arrangement = arrange([each for file in files for each in file.slices])
    return DicomSeries(path, _description(path, files[0].header, arrangement, warnings), arrangement.slices)


@dataclass(frozen=True)
class _File:
    """One DICOM file: its header, its planes, and what it has in common with the others of its stack.

    The identity is the series and the size of a picture; it is empty where there is no picture.
    """

    header: Any
    slices: list[Slice]
    identity: tuple[str, ...]


Series = dict[tuple[str, ...], list[_File]]


def _series_in(folder: Path) -> tuple[Series, list[Path]]:
    """The images in a folder by series and size, and the files that cannot be read."""
    series: Series = {}
    refused = []
    for path in sorted(folder.iterdir()):
        if not path.is_file() or path.name.startswith("."):
            continue
        with path.open("rb") as stream:
            if not is_dicom(stream.read(PREAMBLE_BYTES)):
                continue
        try:
            file = _read(path)
        except SourceError:
            refused.append(path)
            continue
        if file.identity:
            series.setdefault(file.identity, []).append(file)
    return series, refused


def _read(path: Path) -> _File:
    try:
        header = pydicom.dcmread(path, stop_before_pixels=True)
        _ = header.file_meta.TransferSyntaxUID.is_compressed
        if "Rows" not in header or "Columns" not in header:
            return _File(header, [], ())
        identity = tuple(str(header.get(tag, "")) for tag in IDENTITY_TAGS)
        return _File(header, slices_of(path, header), identity)
    except FileNotFoundError:
        raise
    except Exception as error:  # a damaged header raises errors of many kinds, many of them late
        raise damaged(path, error) from error


def _folder_warnings(series: int, count: int, refused: list[Path]) -> list[str]:
    warnings = []
    if series > 1:
        warnings.append(f"The folder holds {series} series; this is the largest, of {count} files.")
    if refused:
        warnings.append(f"{len(refused)} files could not be read, the first of them {refused[0].name}.")
    return warnings


def _description(path: Path, header: Any, arrangement: Arrangement, warnings: list[str]) -> StackDescription:
    try:
        shape = len(arrangement.slices), int(header.Rows), int(header.Columns)
        samples = int(header.get("SamplesPerPixel") or 1)
        dtype = values_dtype(header, [each.scale for each in arrangement.slices])
        texts = {tag: str(header[tag].value) for tag in TEXT_TAGS if tag in header}
    except Exception as error:  # damaged values raise errors of many kinds
        raise damaged(path, error) from error
    if min(shape) < 1:
        raise damaged(path, f"it has {shape[2]} x {shape[1]} px")
    return StackDescription(
        "DICOM series",
        shape,
        samples,
        dtype,
        arrangement.geometry,
        (*warnings, *arrangement.warnings),
        {tag: text for tag, text in texts.items() if text not in ("", "None")},
        window=_window(header),
    )


def values_dtype(dataset: Any, scales: Sequence[tuple[float, float]]) -> np.dtype[Any]:
    """The smallest type that certainly holds every rescaled value: whole numbers where slopes are whole."""
    stored = stored_dtype(dataset)
    if set(scales) == {(1.0, 0.0)} or stored.kind == "f":
        return stored
    if any(slope % 1 or intercept % 1 for slope, intercept in scales):
        return np.dtype(np.float32 if stored.itemsize <= 2 else np.float64)
    bits = int(dataset.BitsStored)
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if stored.kind == "i" else (0, 2**bits - 1)
    ends = [slope * end + intercept for slope, intercept in scales for end in (low, high)]
    for name in (np.int16, np.int32):
        limits = np.iinfo(name)
        if limits.min <= min(ends) and max(ends) <= limits.max:
            return np.dtype(name)
    return np.dtype(np.int64)


def _rescaled(values: AnyArray, scale: tuple[float, float], dtype: np.dtype[Any]) -> AnyArray:
    if scale == (1.0, 0.0):
        return values.astype(dtype, copy=False)
    wide = np.float64 if dtype.kind == "f" else np.int64
    return (values.astype(wide) * wide(scale[0]) + wide(scale[1])).astype(dtype)


def _window(dataset: Any) -> tuple[float, float] | None:
    """Lowest and highest value to show, from the first window of the file."""
    try:
        center, width = (np.atleast_1d(dataset.get(tag))[0] for tag in ("WindowCenter", "WindowWidth"))
        low, high = float(center) - float(width) / 2, float(center) + float(width) / 2
    except (TypeError, ValueError, IndexError):
        return None
    return (low, high) if low < high else None
