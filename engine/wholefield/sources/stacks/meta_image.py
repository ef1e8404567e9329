"""MetaImage (.mha with its voxels inside, .mhd with them beside it), the format of ITK.

The header is lines of `Key = value`; the last names where the voxels are
(https://itk.org/Wiki/ITK/MetaIO/Documentation).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wholefield.errors import SourceError
from wholefield.sources.stacks.geometry import StackGeometry, affine_from_axes, geometry_of
from wholefield.sources.stacks.raw_volume import Packing, Part, RawLayout, RawVolume
from wholefield.sources.stacks.stack import StackDescription

HEADER_BYTES = 2**16
DATA_KEY = "ElementDataFile"
LPS_SIGNS = (-1, -1, 1)
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


def open_meta_image(path: Path) -> RawVolume:
    """Open a MetaImage of two or three dimensions.

    Raises:
        SourceError: The header lacks something or contradicts itself, or the voxels are missing.
    """
    header = read_header(path)
    shape = _shape(header)
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
    layout = RawLayout(_parts(header, shape, dtype.itemsize, packing), shape, dtype, packing)
    layout.refuse_impossible(path)
    description = StackDescription(
        "MetaImage",
        (shape[0], shape[1], shape[2]),
        shape[3] if len(shape) == 4 else 1,
        dtype.newbyteorder("="),
        _geometry(header),
        metadata=header.fields,
    )
    return RawVolume(path, description, layout)


def _shape(header: MetaHeader) -> tuple[int, ...]:
    """(z, y, x), with the channels behind where there are several."""
    (dimensions,) = header.numbers("NDims", count=1) or (3.0,)
    if dimensions not in (2, 3):
        raise SourceError(f"{header.path} has {dimensions:g} dimensions; save it with three.")
    sizes = header.numbers("DimSize", count=int(dimensions))
    if sizes is None or any(size < 1 or size % 1 for size in sizes):
        raise SourceError(f"{header.path} does not say how large it is; check the line DimSize.")
    x, y, z = (*map(int, sizes), 1)[:3]
    (channels,) = header.numbers("ElementNumberOfChannels", count=1) or (1.0,)
    if channels < 1:
        raise SourceError(f"{header.path} has {channels:g} channels; check the line ElementNumberOfChannels.")
    return (z, y, x) if channels == 1 else (z, y, x, int(channels))


def _parts(header: MetaHeader, shape: tuple[int, ...], itemsize: int, packing: Packing) -> tuple[Part, ...]:
    named = header.fields[DATA_KEY]
    (skip,) = header.numbers("HeaderSize", count=1) or (0.0,)
    if named.upper() == "LOCAL":
        return (Part(header.path, header.length),)
    words = named.split()
    if named.upper().startswith("LIST"):
        lines = header.path.read_bytes()[header.length :].decode("latin-1").splitlines()
        names = [line.strip() for line in lines if line.strip()]
    elif "%" in words[0] and len(words) >= 3:
        names = _numbered(header, words)
    else:
        names = [named]
    files = [header.path.parent / name for name in names]
    if skip >= 0 or packing is not Packing.RAW:
        return tuple(Part(file, int(max(skip, 0))) for file in files)
    # A negative size asks for the last bytes of the file, whatever comes before them.
    each = int(np.prod(shape, dtype=object)) * itemsize // max(len(files), 1)
    return tuple(Part(file, max(file.stat().st_size - each, 0)) for file in files)


def _numbered(header: MetaHeader, words: list[str]) -> list[str]:
    """Names from a pattern such as `slice%03d.raw 1 12 1`."""
    try:
        first, last, step = (int(word) for word in (*words[1:], "1")[:3])
        return [words[0] % number for number in range(first, last + 1, step)]
    except (ValueError, TypeError):
        raise SourceError(
            f"{header.path} names its voxels {' '.join(words)}, which is not a file pattern; check its last line."
        ) from None


def _geometry(header: MetaHeader) -> StackGeometry:
    """ITK's space: mm towards left, posterior and superior."""
    (dimensions,) = header.numbers("NDims", count=1) or (3.0,)
    spacing = header.numbers("ElementSpacing", "ElementSize", count=int(dimensions))
    if spacing is None or dimensions != 3:
        return StackGeometry()
    turn = header.numbers("TransformMatrix", "Rotation", "Orientation", count=9)
    origin = header.numbers("Offset", "Position", "Origin", count=3) or (0.0, 0.0, 0.0)
    directions = np.eye(3) if turn is None else np.array(turn).reshape(3, 3)
    return geometry_of(affine_from_axes(directions * np.array(spacing)[:, None], origin, LPS_SIGNS))
