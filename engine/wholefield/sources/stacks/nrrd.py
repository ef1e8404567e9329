"""NRRD volumes with the header inside or detached: pynrrd reads the header, we the voxels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nrrd
import numpy as np

from wholefield.errors import SourceError
from wholefield.sources.reading import unreadable
from wholefield.sources.stacks.geometry import StackGeometry, affine_from_axes, geometry_of
from wholefield.sources.stacks.raw_volume import Packing, Part, RawLayout, RawVolume
from wholefield.sources.stacks.stack import StackDescription, checked_dtype
from wholefield.sources.units import to_micrometers

PACKINGS = {
    "raw": Packing.RAW,
    "gzip": Packing.GZIP,
    "gz": Packing.GZIP,
    "bzip2": Packing.BZIP2,
    "bz2": Packing.BZIP2,
}
TYPES = {
    "i1": ("signed char", "int8", "int8_t"),
    "u1": ("uchar", "unsigned char", "uint8", "uint8_t"),
    "i2": ("short", "short int", "signed short", "signed short int", "int16", "int16_t"),
    "u2": ("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"),
    "i4": ("int", "signed int", "int32", "int32_t"),
    "u4": ("uint", "unsigned int", "uint32", "uint32_t"),
    "i8": ("longlong", "long long", "long long int", "signed long long", "int64", "int64_t"),
    "u8": ("ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t"),
    "f4": ("float",),
    "f8": ("double",),
}
# The first words of the anatomical spaces that NRRD knows, as signs of right, anterior, superior.
SIGNS = {"right": 1, "left": -1, "anterior": 1, "posterior": -1, "superior": 1, "inferior": -1}
ABBREVIATIONS = {"ras": (1, 1, 1), "las": (-1, 1, 1), "lps": (-1, -1, 1)}
COLOR_KINDS = ("vector", "list", "rgb-color", "rgba-color", "hsv-color", "xyz-color", "3-color", "4-color")


def open_nrrd(path: Path) -> RawVolume:
    """Open a NRRD of two or three dimensions, with or without an axis of channels in front.

    Raises:
        SourceError: It is not an NRRD, its voxels are missing or packed in a way that is not read.
    """
    try:
        with path.open("rb") as file:
            header = dict(nrrd.read_header(file))
            end = file.tell()
        dtype = checked_dtype(path, _stored_dtype(header))
        shape = _shape(path, header)
        layout = RawLayout(_parts(path, header, end), shape, _stored_dtype(header), _packing(path, header))
    except (SourceError, OSError):
        raise
    except Exception as error:  # a damaged header raises errors of many kinds
        raise unreadable(path, "NRRD", error) from error
    layout.refuse_impossible(path)
    return RawVolume(
        path,
        StackDescription(
            "NRRD",
            (shape[0], shape[1], shape[2]),
            shape[3] if len(shape) == 4 else 1,
            dtype,
            _geometry(header),
            metadata={str(key): str(value).replace("\n", " ") for key, value in header.items()},
        ),
        layout,
    )


def _stored_dtype(header: dict[str, Any]) -> np.dtype[Any]:
    names = str(header["type"])
    code = next((code for code, words in TYPES.items() if names in words), None)
    if code is None:
        raise ValueError(f"its voxels are of type {names}")
    return np.dtype(code).newbyteorder(">" if header.get("endian") == "big" else "<")


def _packing(path: Path, header: dict[str, Any]) -> Packing:
    packing = PACKINGS.get(str(header.get("encoding")).lower())
    if packing is None:
        raise SourceError(f"{path} packs its voxels as {header.get('encoding')}; save it as raw or gzip.")
    return packing


def _shape(path: Path, header: dict[str, Any]) -> tuple[int, ...]:
    """(z, y, x), with the channels behind where the first axis holds them."""
    sizes = [int(size) for size in header["sizes"]]
    channels = sizes[:1] if _has_channels(header) else []
    axes = sizes[len(channels) :]
    if len(axes) not in (2, 3):
        raise SourceError(f"{path} has {len(sizes)} axes of {sizes} voxels; save it with three.")
    x, y, z = (*axes, 1)[:3]
    return (z, y, x) if channels in ([], [1]) else (z, y, x, *channels)


def _has_channels(header: dict[str, Any]) -> bool:
    kinds = [str(kind).lower() for kind in header.get("kinds") or []]
    return bool(kinds) and (kinds[0] in COLOR_KINDS or (len(kinds) == 4 and kinds[0] != "domain"))


def _parts(path: Path, header: dict[str, Any], end: int) -> tuple[Part, ...]:
    """Where the voxels are; a byte skip counts after decompressing, and below zero asks for the file's last bytes."""
    named = header.get("data file", header.get("datafile"))
    if int(header.get("line skip", header.get("lineskip", 0)) or 0):
        raise SourceError(f"{path} skips lines before its voxels; save it again without a line skip.")
    skip = int(header.get("byte skip", header.get("byteskip", 0)) or 0)
    if named is None:
        return (Part(path, end, max(skip, 0)),)
    if not isinstance(named, str):
        raise SourceError(f"{path} has its voxels in a list of files; save it in one.")
    if named.upper().startswith("LIST") or "%" in named:
        raise SourceError(f"{path} has its voxels in many files; save it in one.")
    file = path.parent / named
    if skip < 0:
        size = int(np.prod(header["sizes"], dtype=object)) * _stored_dtype(header).itemsize
        return (Part(file, max(file.stat().st_size - size, 0)),)
    return (Part(file, 0, skip),)


def _geometry(header: dict[str, Any]) -> StackGeometry:
    """Affine and spacing in mm in an anatomical space, else spacing alone, with the unit if there is one."""
    directions = header.get("space directions")
    if directions is None:
        return _spacing(header.get("spacings"), header)
    axes = np.array([row for row in directions if row is not None], np.float64)
    axes = axes[np.isfinite(axes).all(axis=1)]
    if axes.shape != (3, 3):
        return StackGeometry()
    signs = _signs(str(header.get("space", "")))
    if signs is None:
        return _spacing(np.linalg.norm(axes, axis=1), header)
    origin = header.get("space origin")
    return geometry_of(affine_from_axes(axes, np.zeros(3) if origin is None else origin, signs))


def _signs(space: str) -> tuple[int, ...] | None:
    if space.lower() in ABBREVIATIONS:
        return ABBREVIATIONS[space.lower()]
    words = space.lower().split("-")[:3]
    signs = tuple(SIGNS[word] for word in words if word in SIGNS)
    return signs if len(signs) == 3 else None


def _spacing(spacings: Any, header: dict[str, Any]) -> StackGeometry:
    lengths = np.asarray([] if spacings is None else spacings, np.float64)[-3:]
    if len(lengths) != 3 or not (np.isfinite(lengths).all() and (lengths > 0).all()):
        return StackGeometry()
    x, y, z = map(float, lengths)
    unit = str((header.get("space units") or header.get("units") or [""])[-1]).strip('"')
    factor = to_micrometers(1.0, unit)
    if factor is None:
        return StackGeometry((z, y, x))
    if factor >= 1e3:
        return StackGeometry((z * factor / 1e3, y * factor / 1e3, x * factor / 1e3), "mm")
    return StackGeometry((z * factor, y * factor, x * factor), "um")
