"""MetaImage (.mha with its voxels inside, .mhd with them beside it), the format of ITK.

The header is lines of `Key = value`; the last names where the voxels are
(https://itk.org/Wiki/ITK/MetaIO/Documentation).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wholefield.errors import SourceError
from wholefield.sources.choices import Reading
from wholefield.sources.stacks.answers import COMMON, NOTHING, answered
from wholefield.sources.stacks.axes import AxisOrder
from wholefield.sources.stacks.file_names import LIST_BYTES, listed_files, named_files
from wholefield.sources.stacks.geometry import StackGeometry, affine_from_axes, geometry_of
from wholefield.sources.stacks.raw_volume import Packing, Part, RawLayout, RawVolume
from wholefield.sources.stacks.stack import StackDescription

HEADER_BYTES = 2**16
DATA_KEY = "ElementDataFile"
LPS_SIGNS = (-1, -1, 1)
# The units that MetaIO knows besides mm.
MILLIMETERS = {"um": 1e-3, "cm": 10.0}
TYPES = {
    "MET_CHAR": "i1", "MET_UCHAR": "u1", "MET_SHORT": "i2", "MET_USHORT": "u2", "MET_INT": "i4", "MET_UINT": "u4",
    "MET_LONG": "i4", "MET_ULONG": "u4", "MET_LONG_LONG": "i8", "MET_ULONG_LONG": "u8", "MET_FLOAT": "f4",
    "MET_DOUBLE": "f8",
}  # fmt: skip


@dataclass(frozen=True)
class MetaHeader:
    """The lines of a header: values by key, and how many bytes all of them take."""

    path: Path
    fields: dict[str, str]
    length: int

    def numbers(self, *keys: str, count: int) -> tuple[float, ...] | None:
        """The numbers of the first of some keys that is there; None if none is.

        Raises:
            SourceError: There are not as many numbers as there should be.
        """
        key = next((key for key in keys if key in self.fields), None)
        if key is None:
            return None
        try:
            values = tuple(map(float, self.fields[key].split()))
        except ValueError:
            values = ()
        if len(values) != count or not np.isfinite(values).all():
            raise SourceError(
                f"{self.path} says {key} = {self.fields[key]}, not {count} numbers; check its header."
            )
        return values

    def flag(self, *keys: str) -> bool:
        """Whether one of some keys is True."""
        return any(self.fields.get(key, "").lower() == "true" for key in keys)


def read_header(path: Path) -> MetaHeader:
    """The header of a MetaImage.

    Raises:
        SourceError: The line that names the voxels does not come.
    """
    with path.open("rb") as file:
        head = file.read(HEADER_BYTES)
    fields: dict[str, str] = {}
    position = 0
    while position < len(head):
        line, newline, _ = head[position:].partition(b"\n")
        position += len(line) + len(newline)
        key, equals, value = line.decode("latin-1").partition("=")
        if not equals:
            break
        fields[key.strip()] = value.strip()
        if key.strip() == DATA_KEY:
            return MetaHeader(path, fields, position)
    raise SourceError(f"{path} has no line {DATA_KEY}, so it is not a complete MetaImage; copy it again.")


def open_meta_image(path: Path, reading: Reading = NOTHING) -> RawVolume:
    """Open a MetaImage of two to four dimensions; the fourth is time.

    Raises:
        SourceError: The header lacks something or contradicts itself, or the voxels are missing.
    """
    reading.only(path, *COMMON, "outside")
    header = read_header(path)
    order = _order(header)
    kind = header.fields.get("ElementType", "")
    if kind not in TYPES:
        raise SourceError(
            f"{path} has voxels of type {kind or 'unknown'}; save it with integer or floating-point voxels."
        )
    byte_order = ">" if header.flag("BinaryDataByteOrderMSB", "ElementByteOrderMSB") else "<"
    if "BinaryData" in header.fields and not header.flag("BinaryData"):
        raise SourceError(f"{path} stores its voxels as text; save it in binary.")
    dtype = np.dtype(byte_order + TYPES[kind])
    packing = Packing.ZLIB if header.flag("CompressedData") else Packing.RAW
    layout = RawLayout(_parts(header, order, dtype.itemsize, packing, reading), order, dtype, packing)
    layout.refuse_impossible(path)
    description = StackDescription(
        "MetaImage",
        order.shape,
        order.channels,
        dtype.newbyteorder("="),
        _geometry(header),
        metadata=header.fields,
        times=order.times,
    )
    return answered(RawVolume(path, description, layout), reading)


def _dimensions(header: MetaHeader) -> int:
    (dimensions,) = header.numbers("NDims", count=1) or (3.0,)
    if dimensions not in (2, 3, 4):
        raise SourceError(
            f"{header.path} has {dimensions:g} dimensions; save it with three, or four with time."
        )
    return int(dimensions)


def _order(header: MetaHeader) -> AxisOrder:
    dimensions = _dimensions(header)
    sizes = header.numbers("DimSize", count=dimensions)
    if sizes is None or any(size < 1 or size % 1 for size in sizes):
        raise SourceError(f"{header.path} does not say how large it is; check the line DimSize.")
    (channels,) = header.numbers("ElementNumberOfChannels", count=1) or (1.0,)
    if channels < 1 or channels % 1:
        raise SourceError(f"{header.path} has {channels:g} channels; check the line ElementNumberOfChannels.")
    return AxisOrder("tzyx"[-dimensions:] + "c", (*map(int, reversed(sizes)), int(channels)))


def _parts(
    header: MetaHeader, order: AxisOrder, itemsize: int, packing: Packing, reading: Reading
) -> tuple[Part, ...]:
    named = header.fields[DATA_KEY]
    (skip,) = header.numbers("HeaderSize", count=1) or (0.0,)
    if named.upper() == "LOCAL":
        return (Part(header.path, header.length),)
    planes = order.times * order.shape[0]
    if named.upper().split()[:1] == ["LIST"]:
        with header.path.open("rb") as file:
            file.seek(header.length)
            files = listed_files(header.path, file.read(LIST_BYTES), planes, reading)
    else:
        files = named_files(header.path, named, planes, reading)
    if skip >= 0 or packing is not Packing.RAW:
        return tuple(Part(file, int(max(skip, 0))) for file in files)
    # A negative size asks for the last bytes of the file, whatever comes before them.
    each = math.prod(order.lengths) * itemsize // len(files)
    return tuple(Part(file, max(file.stat().st_size - each, 0)) for file in files)


def _geometry(header: MetaHeader) -> StackGeometry:
    """ITK's space: towards left, posterior and superior, in mm unless the header names a unit."""
    dimensions = _dimensions(header)
    spacing = header.numbers("ElementSpacing", "ElementSize", count=dimensions)
    if spacing is None or dimensions < 3:
        return StackGeometry()
    factor = MILLIMETERS.get(header.fields.get("DistanceUnits", "").lower(), 1.0)
    turn = header.numbers("TransformMatrix", "Rotation", "Orientation", count=dimensions**2)
    origin = header.numbers("Offset", "Position", "Origin", count=dimensions) or (0.0,) * dimensions
    directions = np.eye(3) if turn is None else np.array(turn).reshape(dimensions, dimensions)[:3, :3]
    steps = directions * np.array(spacing[:3])[:, None] * factor
    return geometry_of(affine_from_axes(steps, np.array(origin[:3]) * factor, LPS_SIGNS))
