"""NRRD volumes with the header inside or detached: pynrrd reads the header, we the voxels."""

from __future__ import annotations

import io
import math
import re
from pathlib import Path
from typing import Any

import nrrd
import numpy as np
import numpy.typing as npt

from wholefield.errors import SourceError
from wholefield.sources.choices import Reading, UnclearFileError
from wholefield.sources.reading import unreadable
from wholefield.sources.stacks.answers import (
    BYTE_ORDERS,
    COMMON,
    MICROMETERS_IN_MM,
    NOTHING,
    answered,
    byte_order_question,
)
from wholefield.sources.stacks.axes import AxisOrder, letter_of, order_of
from wholefield.sources.stacks.file_names import listed_files, named_files
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
COLOR_KINDS = (
    "vector", "covariant-vector", "normal", "list", "point", "rgb-color", "rgba-color", "hsv-color", "xyz-color",
    "3-color", "4-color", "2-vector", "3-vector", "4-vector", "3-gradient", "3-normal", "complex", "quaternion",
    "scalar", "stub",
)  # fmt: skip
# Units of time: an axis that is counted in one of them is time whatever its kind.
TIME_UNITS = ("s", "sec", "second", "seconds", "ms", "msec", "us", "min")
SPACE = "space"
SPACE_KINDS = ("domain", "space")
FEW_CHANNELS = 4
HEADER_BYTES = 2**22
LISTED = re.compile(rb"^data ?file:\s*LIST.*$", re.IGNORECASE | re.MULTILINE)
Header = dict[str, Any]


def open_nrrd(path: Path, reading: Reading = NOTHING) -> RawVolume:
    """Open a NRRD of two or three dimensions in space, with or without axes of channels and of time.

    Raises:
        UnclearFileError: It does not say which of four axes is time or channels, or its byte order.
        SourceError: It is not an NRRD, its voxels are missing or packed in a way that is not read.
    """
    reading.only(path, *COMMON, "axes", "byteorder", "outside")
    try:
        header, end, names = _read_header(path)
        packing = _packing(path, header)
        dtype = _stored_dtype(path, header, reading)
        order = _order(path, header, reading)
        parts = _parts(path, header, end, names, order, dtype, reading)
        layout = RawLayout(parts, order, dtype, packing)
        geometry = _geometry(header, order)
    except (SourceError, OSError):
        raise
    except Exception as error:  # a damaged header raises errors of many kinds
        raise unreadable(path, "NRRD", error) from error
    layout.refuse_impossible(path)
    description = StackDescription(
        "NRRD",
        order.shape,
        order.channels,
        checked_dtype(path, dtype),
        geometry,
        order.left_out(),
        {str(key): str(value).replace("\n", " ") for key, value in header.items()},
        times=order.times,
    )
    return answered(RawVolume(path, description, layout), reading)


def _read_header(path: Path) -> tuple[Header, int, bytes]:
    """The fields, where the header ends, and the lines of file names that end it where it has a list of files."""
    with path.open("rb") as file:
        head = file.read(HEADER_BYTES)
    listed = LISTED.search(head)
    kept = head[: listed.end()] + b"\n" if listed else head
    stream = io.BytesIO(kept)
    return dict(nrrd.read_header(stream)), stream.tell(), head[listed.end() :] if listed else b""


def _stored_dtype(path: Path, header: Header, reading: Reading) -> np.dtype[Any]:
    names = str(header["type"])
    code = next((code for code, words in TYPES.items() if names in words), None)
    if code is None:
        raise ValueError(f"its voxels are of type {names}")
    dtype = np.dtype(code)
    order = reading.get("byteorder") or str(header.get("endian", "")).lower()
    if order not in BYTE_ORDERS:
        if dtype.itemsize > 1:
            raise UnclearFileError(
                f"{path} does not say in which order the bytes of its {names} voxels are; set the reading "
                "byteorder=little or byteorder=big.",
                (byte_order_question(),),
            )
        return dtype
    return dtype.newbyteorder(BYTE_ORDERS[order])


def _packing(path: Path, header: Header) -> Packing:
    packing = PACKINGS.get(str(header.get("encoding")).lower())
    if packing is None:
        raise SourceError(f"{path} packs its voxels as {header.get('encoding')}; save it as raw or gzip.")
    return packing


def _order(path: Path, header: Header, reading: Reading) -> AxisOrder:
    """The axes in C order; the header counts them the fastest first."""
    sizes = [int(size) for size in header["sizes"]]
    if len(sizes) < 2 or min(sizes) < 1:
        raise SourceError(f"{path} has {len(sizes)} axes of {sizes} voxels; save it with three.")
    letters = [_letter(header, axis, size) for axis, size in enumerate(sizes)]
    if len(sizes) <= 3:
        letters = [letter or SPACE for letter in letters]
    space = iter("xyz")
    told = "".join(next(space, "?") if letter == SPACE else letter or "?" for letter in letters)[::-1]
    sound = "?" not in told and "y" in told and len(set(told)) == len(told)
    return order_of(path, sizes[::-1], reading, told if sound else None)


def _letter(header: Header, axis: int, size: int) -> str | None:
    """What one axis is: `SPACE`, "c", "t", or None where the header does not say."""
    kind, unit, label = (_entry(header.get(field), axis) for field in ("kinds", "units", "labels"))
    index = str(header.get(f"axis {axis} index type", "")).lower()
    if "t" in (letter_of(label), letter_of(kind)) or unit in TIME_UNITS or index == "time":
        return "t"
    if kind in COLOR_KINDS:
        return "c"
    directions = header.get("space directions")
    if directions is not None:
        row = directions[axis] if axis < len(directions) else None
        if row is not None and np.isfinite(row).all():
            return SPACE
        return "c" if size <= FEW_CHANNELS else None
    return SPACE if kind in SPACE_KINDS else None


def _entry(values: Any, axis: int) -> str:
    return str(values[axis]).strip('"').lower() if values is not None and axis < len(values) else ""


def _parts(
    path: Path,
    header: Header,
    end: int,
    names: bytes,
    order: AxisOrder,
    dtype: np.dtype[Any],
    reading: Reading,
) -> tuple[Part, ...]:
    """Where the voxels are; a byte skip counts after decompressing, and below zero asks for the file's last bytes."""
    named = header.get("data file", header.get("datafile"))
    lines = int(header.get("line skip", header.get("lineskip", 0)) or 0)
    skip = int(header.get("byte skip", header.get("byteskip", 0)) or 0)
    if named is None:
        return (Part(path, end + _lines_end(path, end, lines), max(skip, 0)),)
    most = math.prod(order.lengths) // (order.length("y") * order.length("x"))
    if str(named).upper().startswith("LIST"):
        files = listed_files(path, names, most, reading)
    else:
        files = named_files(path, str(named), most, reading)
    if skip < 0:
        each = math.prod(order.lengths) * dtype.itemsize // len(files)
        return tuple(Part(file, max(file.stat().st_size - each, 0)) for file in files)
    return tuple(Part(file, _lines_end(file, 0, lines), skip) for file in files)


def _lines_end(path: Path, start: int, lines: int) -> int:
    """Bytes of some lines of text from a place on."""
    if lines <= 0:
        return 0
    with path.open("rb") as file:
        file.seek(start)
        pieces = file.read(HEADER_BYTES).split(b"\n", lines)
    if len(pieces) <= lines:
        raise ValueError(f"it skips {lines} lines, and has fewer")
    return sum(len(piece) + 1 for piece in pieces[:lines])


def _geometry(header: Header, order: AxisOrder) -> StackGeometry:
    """Affine and spacing in mm in an anatomical space, else spacing alone, with the unit if there is one."""
    # The header counts axes the fastest first.
    fast = order.letters[::-1]
    if not set("zyx") <= set(fast):
        return StackGeometry()
    places = [fast.index(letter) for letter in "xyz"]
    directions = header.get("space directions")
    if directions is None:
        lengths = _picked(header.get("spacings"), places)
        return _spacing(lengths, _picked_text(header.get("units"), places))
    rows = [directions[place] for place in places]
    if any(row is None or not np.isfinite(row).all() for row in rows):
        return StackGeometry()
    axes = np.array(rows, np.float64)
    units = [_entry(header.get("space units"), axis) for axis in range(axes.shape[1])]
    signs = _signs(str(header.get("space", "")))
    factors = [to_micrometers(1.0, unit) if unit else MICROMETERS_IN_MM for unit in units]
    if signs is None or axes.shape != (3, 3) or None in factors:
        return _spacing(np.linalg.norm(axes, axis=1), units[0] if len(set(units)) == 1 else "")
    in_mm = np.array(factors, np.float64) / MICROMETERS_IN_MM
    origin = header.get("space origin")
    return geometry_of(
        affine_from_axes(axes * in_mm, np.zeros(3) if origin is None else origin * in_mm, signs)
    )


def _picked(values: Any, places: list[int]) -> npt.NDArray[np.float64]:
    found = values is not None and len(values) > max(places)
    return np.array([values[place] for place in places] if found else [], np.float64)


def _picked_text(values: Any, places: list[int]) -> str:
    units = {_entry(values, place) for place in places}
    return units.pop() if len(units) == 1 else ""


def _signs(space: str) -> tuple[int, ...] | None:
    if space.lower() in ABBREVIATIONS:
        return ABBREVIATIONS[space.lower()]
    words = space.lower().split("-")[:3]
    signs = tuple(SIGNS[word] for word in words if word in SIGNS)
    return signs if len(signs) == 3 else None


def _spacing(lengths: npt.NDArray[np.float64], unit: str) -> StackGeometry:
    """The spacing from steps along x, y, z."""
    if len(lengths) != 3 or not (np.isfinite(lengths).all() and (lengths > 0).all()):
        return StackGeometry()
    x, y, z = map(float, lengths)
    factor = to_micrometers(1.0, unit)
    if factor is None:
        return StackGeometry((z, y, x))
    if factor >= MICROMETERS_IN_MM:
        factor /= MICROMETERS_IN_MM
        return StackGeometry((z * factor, y * factor, x * factor), "mm")
    return StackGeometry((z * factor, y * factor, x * factor), "um")
