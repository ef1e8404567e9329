"""NIfTI volumes, plain or gzipped, in one file or as a pair: nibabel understands the header, we read the voxels."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import numpy.typing as npt

from wholefield.errors import SourceError
from wholefield.sources.choices import Reading
from wholefield.sources.reading import unreadable
from wholefield.sources.stacks.answers import COMMON, NOTHING, answered
from wholefield.sources.stacks.axes import FIRST, AxisOrder
from wholefield.sources.stacks.geometry import StackGeometry, geometry_of
from wholefield.sources.stacks.packing import GZIP_SIGNATURE, Packing, is_gzipped
from wholefield.sources.stacks.raw_volume import Part, RawLayout, RawVolume, scaled_dtype
from wholefield.sources.stacks.stack import StackDescription, checked_dtype

HEADER_BYTES = 540
# The unit codes of NIfTI other than mm, which is also what everybody takes unknown ones for.
MILLIMETERS = {"meter": 1e3, "micron": 1e-3}
UNITS = {"meter": "mm", "mm": "mm", "micron": "um"}
TEXT_FIELDS = ("descrip", "aux_file", "intent_name", "db_name")
# The fifth dimension holds the values of a voxel; nothing here gives a meaning to those beyond it.
LETTERS = "xyztc" + FIRST * 2
Scale = tuple[float, float]


def open_nifti(path: Path, reading: Reading = NOTHING) -> RawVolume:
    """Open a NIfTI file, or either file of a pair; the fourth dimension is time, the fifth channels.

    Raises:
        SourceError: It is not a NIfTI file, is cut off, or its voxels are not real numbers.
    """
    reading.only(path, *COMMON)
    head = of_pair(path, ".hdr")
    header = _header(head, first_bytes(head, HEADER_BYTES))
    warnings: list[str] = []
    try:
        slope, inter = header.get_slope_inter()
        scale = None if slope is None else (float(slope), float(inter))
        offset = int(header.get_data_offset())
        voxels = head if header.is_single else of_pair(path, ".img")
        geometry = _geometry(header, _affine(header, warnings))
        metadata = {name: value for name in TEXT_FIELDS if name in header and (value := _text(header[name]))}
        window = _window(header)
    except Exception as error:  # a damaged header raises errors of many kinds
        raise unreadable(path, "NIfTI", error) from error
    layout = layout_of(path, header, Part(voxels, offset), None if scale == (1.0, 0.0) else scale)
    description = StackDescription(
        "NIfTI",
        layout.order.shape,
        layout.order.channels,
        scaled_dtype(layout.dtype, layout.scale),
        geometry,
        (*warnings, *layout.order.left_out()),
        metadata,
        window=window,
        times=layout.order.times,
    )
    return answered(RawVolume(path, description, layout), reading)


def first_bytes(path: Path, count: int) -> bytes:
    """How a file begins after decompressing, whether or not its name says that it is compressed."""
    with path.open("rb") as file:
        head = file.read(4096)
    if not head.startswith(GZIP_SIGNATURE):
        return head[:count]
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(head, count)
    except zlib.error as error:
        raise unreadable(path, "a gzipped volume", error) from error


def of_pair(path: Path, suffix: str) -> Path:
    """One file of a pair .hdr and .img, either of which may be gzipped; the path itself if it is of no pair.

    Raises:
        SourceError: It is missing.
    """
    packed = path.suffix.lower() == ".gz"
    stem = path.with_suffix("") if packed else path
    if stem.suffix.lower() not in (".hdr", ".img") or stem.suffix.lower() == suffix:
        return path
    name = stem.with_suffix(suffix.upper() if stem.suffix.isupper() else suffix)
    for ending in (".gz", "") if packed else ("", ".gz"):
        if (other := name.with_name(name.name + ending)).is_file():
            return other
    raise SourceError(f"{path} needs {name.name}, which is missing; put it next to it.")


def layout_of(path: Path, header: Any, part: Part, scale: Scale | None) -> RawLayout:
    """Where the voxels lie, by a header of NIfTI or Analyze.

    Raises:
        SourceError: There are none, they are not real numbers, or the file cannot hold them.
    """
    try:
        shape, dtype = tuple(map(int, header.get_data_shape())), header.get_data_dtype()
    except Exception as error:  # a damaged header raises errors of many kinds
        raise unreadable(path, "NIfTI", error) from error
    if not shape or min(shape) < 1:
        raise SourceError(f"{path} holds no voxels; export it again from its source.")
    shape = (*shape, 1)[: max(len(shape), 2)]
    letters, lengths = LETTERS[: len(shape)][::-1], shape[::-1]
    if dtype.fields is not None and set(dtype.fields) <= {"R", "G", "B", "A"}:
        # The colors of a voxel lie together; a dimension of channels besides them is not read.
        letters, lengths = letters.replace("c", FIRST) + "c", (*lengths, len(dtype.fields))
        dtype = np.dtype(np.uint8)
    checked_dtype(path, dtype)
    packed = _is_gzipped(path, part.path)
    placed = Part(part.path, 0, part.offset) if packed else part
    packing = Packing.GZIP if packed else Packing.RAW
    layout = RawLayout((placed,), AxisOrder(letters, lengths), dtype, packing, scale)
    layout.refuse_impossible(path)
    return layout


def _header(path: Path, head: bytes) -> Any:
    magic, second = head[344:348], head[4:8]
    classes = {
        b"n+1\0": nibabel.nifti1.Nifti1Header,
        b"ni1\0": nibabel.nifti1.Nifti1PairHeader,
        b"n+2\0": nibabel.nifti2.Nifti2Header,
        b"ni2\0": nibabel.nifti2.Nifti2PairHeader,
    }
    kind = classes.get(second) or classes.get(magic)
    if kind is None:
        raise unreadable(path, "NIfTI", "it does not begin like one")
    try:
        return kind(head[: kind.template_dtype.itemsize], check=True)
    except Exception as error:  # a damaged header raises errors of many kinds
        raise unreadable(path, "NIfTI", error) from error


def _is_gzipped(path: Path, voxels: Path) -> bool:
    try:
        return is_gzipped(voxels)
    except FileNotFoundError:
        raise SourceError(
            f"{path} keeps its voxels in {str(voxels)!r}, which is missing; put it next to its header."
        ) from None


def _affine(header: Any, warnings: list[str]) -> npt.NDArray[np.float64] | None:
    try:
        return np.asarray(header.get_best_affine(), np.float64)
    except Exception as error:  # quaternions that are none
        warnings.append(
            f"Where the voxels lie in the patient is not known: the header makes no sense ({error})."
        )
        return None


def _geometry(header: Any, affine: npt.NDArray[np.float64] | None) -> StackGeometry:
    """Affine in mm where the file relates its voxels to a patient, otherwise the spacing in its own unit."""
    unit = header.get_xyzt_units()[0]
    if affine is not None and (int(header["sform_code"]) or int(header["qform_code"])):
        factor = MILLIMETERS.get(unit, 1.0)
        return geometry_of(np.diag([factor, factor, factor, 1.0]) @ affine)
    zooms = [abs(float(zoom)) for zoom in header.get_zooms()[:3]]
    given = unit in UNITS or any(zoom != 1 for zoom in zooms)
    if len(zooms) < 3 or not given or not (np.isfinite(zooms).all() and min(zooms) > 0):
        return StackGeometry()
    x, y, z = (zoom * MILLIMETERS["meter"] for zoom in zooms) if unit == "meter" else zooms
    return StackGeometry((z, y, x), UNITS.get(unit, ""))


def _window(header: Any) -> tuple[float, float] | None:
    low, high = float(header["cal_min"]), float(header["cal_max"])
    return (low, high) if low < high else None


def _text(value: Any) -> str:
    return bytes(value).split(b"\0")[0].decode("latin-1").strip()
