"""Analyze 7.5, the pair of .hdr and .img that came before NIfTI: nibabel understands the header, we read the voxels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel
import numpy as np

from wholefield.sources.choices import Reading
from wholefield.sources.reading import unreadable
from wholefield.sources.stacks.answers import COMMON, NOTHING, answered
from wholefield.sources.stacks.formats.nifti import Scale, first_bytes, layout_of, of_pair
from wholefield.sources.stacks.geometry import StackGeometry
from wholefield.sources.stacks.raw_volume import Part, RawVolume, scaled_dtype
from wholefield.sources.stacks.stack import StackDescription

HEADER_BYTES = 348
NO_SIDES = "Analyze files do not say which side is left; compare with another scan before it matters."


def is_analyze(path: Path) -> bool:
    """Whether a file is the header of an Analyze volume, or the voxels beside one."""
    suffix = path.with_suffix("").suffix.lower() if path.suffix.lower() == ".gz" else path.suffix.lower()
    if suffix not in (".hdr", ".img"):
        return False
    try:
        start = first_bytes(of_pair(path, ".hdr"), HEADER_BYTES)
    except Exception:  # no header beside it, or none that can be read
        return False
    magic = start[344:348] in (b"n+1\0", b"ni1\0")
    return not magic and HEADER_BYTES in (
        int.from_bytes(start[:4], "little"),
        int.from_bytes(start[:4], "big"),
    )


def open_analyze(path: Path, reading: Reading = NOTHING) -> RawVolume:
    """Open an Analyze volume by either of its files; the fourth dimension is time.

    Raises:
        SourceError: Its header makes no sense, or the voxels are missing or cut off.
    """
    reading.only(path, *COMMON)
    try:
        header = nibabel.analyze.AnalyzeHeader(first_bytes(of_pair(path, ".hdr"), HEADER_BYTES), check=True)
        offset = abs(int(header.get_data_offset()))
        warnings = [NO_SIDES]
        scale = _scale(header, warnings)
        geometry = _geometry(header)
    except Exception as error:  # a damaged header raises errors of many kinds
        raise unreadable(path, "Analyze", error) from error
    layout = layout_of(path, header, Part(of_pair(path, ".img"), offset), scale)
    text = bytes(header["descrip"]).split(b"\0")[0].decode("latin-1").strip()
    description = StackDescription(
        "Analyze",
        layout.order.shape,
        layout.order.channels,
        scaled_dtype(layout.dtype, scale),
        geometry,
        (*warnings, *layout.order.left_out()),
        {"descrip": text} if text else {},
        times=layout.order.times,
    )
    return answered(RawVolume(path, description, layout), reading)


def _scale(header: Any, warnings: list[str]) -> Scale | None:
    """The factor that SPM keeps in a field that Analyze leaves free."""
    factor = float(header["funused1"])
    if not np.isfinite(factor) or factor in (0.0, 1.0):
        return None
    warnings.append(f"Stored numbers are multiplied by {factor:g}, as SPM writes it.")
    return factor, 0.0


def _geometry(header: Any) -> StackGeometry:
    zooms = [abs(float(zoom)) for zoom in header.get_zooms()[:3]]
    if len(zooms) < 3 or not np.isfinite(zooms).all() or min(zooms) <= 0:
        return StackGeometry()
    x, y, z = zooms
    # Zooms of one are what programs write that know none.
    return StackGeometry((z, y, x), "mm") if zooms != [1, 1, 1] else StackGeometry()
