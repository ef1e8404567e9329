"""What a file or folder holds, found from its first bytes and its name without reading it."""

from __future__ import annotations

import json
import zipfile
from enum import StrEnum
from pathlib import Path
from typing import Any

from wholefield.sources.events.formats import HDF5_SIGNATURE, recording_format
from wholefield.sources.signatures import (
    HEAD_BYTES,
    PICTURE_SIGNATURES,
    SLIDE_SUFFIXES,
    TIFF_SIGNATURES,
    first_dicom,
    is_dicom,
    is_zarr,
)
from wholefield.sources.stacks.formats import volume_format

# The readers are imported by the functions that need them: together they would delay the first window.

MICROSCOPY = "SM"


class Kind(StrEnum):
    """What is shown in one workspace."""

    IMAGE = "image"
    STACK = "stack"
    RECORDING = "recording"


def kind_of(path: str | Path) -> Kind | None:
    """What a file or folder holds.

    It reads a few kB: a TIFF is a stack if it has several equal pages and no pyramid, an OME-Zarr if it is more
    than one plane deep, DICOM unless it is a slide, a folder if it holds DICOM or slices of one size; HDF5 is a
    recording if it has events where cameras put them, and a stack otherwise.

    Args:
        path: The file or folder.

    Returns:
        Its kind; None where it is nothing we know, or cannot be read.

    Example:
        >>> import numpy as np, tifffile
        >>> from wholefield.sources import kind_of
        >>> tifffile.imwrite("scan.tif", np.zeros((5, 40, 30), np.uint16), photometric="minisblack")
        >>> kind_of("scan.tif")
        <Kind.STACK: 'stack'>
    """
    path = Path(path)
    try:
        if path.is_dir():
            return _folder_kind(path)
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
        return _file_kind(path, head)
    except OSError:
        return None


def _file_kind(path: Path, head: bytes) -> Kind | None:
    if recording_format(path) is not None:
        return Kind.RECORDING
    if head.startswith(TIFF_SIGNATURES):
        return _tiff_kind(path)
    if head.startswith(PICTURE_SIGNATURES):
        return Kind.IMAGE
    if is_dicom(head):
        return _dicom_kind(path)
    if head.startswith(HDF5_SIGNATURE) or volume_format(path, head) is not None:
        return Kind.STACK
    if path.suffix.lower() == ".zip":
        return _zarr_kind(path)
    return Kind.IMAGE if path.suffix.lower() in SLIDE_SUFFIXES and head else None


def _folder_kind(path: Path) -> Kind | None:
    if is_zarr(path):
        return _zarr_kind(path)
    first = first_dicom(path)
    if first is not None:
        return _dicom_kind(first)
    from wholefield.sources.stacks.slice_folder import slices_agree, slices_in

    slices = slices_in(path)
    return Kind.STACK if len(slices) > 1 and slices_agree(slices) else None


def _tiff_kind(path: Path) -> Kind | None:
    from wholefield.sources.stacks.tiff import is_tiff_stack

    return Kind.STACK if is_tiff_stack(path) else Kind.IMAGE


def _dicom_kind(path: Path) -> Kind:
    import pydicom

    try:
        tags = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=["Modality"])
    except Exception:  # a damaged file is refused, with its reason, by the reader that opens it
        return Kind.STACK
    return Kind.IMAGE if tags.get("Modality") == MICROSCOPY else Kind.STACK


def _zarr_kind(path: Path) -> Kind | None:
    """The kind of an OME-Zarr from its JSON alone; Zarr that is none is left to the reader, which says why."""
    if not is_zarr(path):
        return None
    for inside in ("", "0/"):
        depth = _depth(path, inside)
        if depth is not None:
            return Kind.STACK if depth > 1 else Kind.IMAGE
    return Kind.IMAGE


def _depth(path: Path, inside: str) -> int | None:
    """Planes of the first image of an OME-Zarr group, or None if there is no image."""
    group = _json(path, f"{inside}zarr.json").get("attributes") or _json(path, f"{inside}.zattrs")
    scales = group.get("ome", group).get("multiscales")
    try:
        first = scales[0]["datasets"][0]["path"]
        place = f"{inside}{first}/"
        shape = (_json(path, f"{place}zarr.json") or _json(path, f"{place}.zarray"))["shape"]
        axes = scales[0].get("axes") or list("tczyx")[-len(shape) :]
        names = [axis["name"] if isinstance(axis, dict) else axis for axis in axes]
        return int(shape[names.index("z")]) if "z" in names else 1
    except (KeyError, IndexError, TypeError, ValueError):
        return None


def _json(path: Path, name: str) -> dict[str, Any]:
    """A JSON object in a folder or zip file; empty where it is absent or damaged."""
    try:
        if path.is_dir():
            content = (path / name).read_bytes()
        else:
            with zipfile.ZipFile(path) as archive:
                content = archive.read(name)
        value = json.loads(content)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile):
        return {}
    return value if isinstance(value, dict) else {}
