"""NIfTI volumes, plain or gzipped, in one file or as a pair: nibabel reads the header, we the voxels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import numpy.typing as npt

from wholefield.errors import SourceError
from wholefield.sources.reading import unreadable
from wholefield.sources.stacks.geometry import StackGeometry, geometry_of
from wholefield.sources.stacks.raw_volume import Packing, Part, RawLayout, RawVolume, scaled_dtype
from wholefield.sources.stacks.stack import StackDescription, checked_dtype

# The unit codes of NIfTI other than mm, which is also what everybody takes unknown ones for.
MILLIMETERS = {"meter": 1e3, "micron": 1e-3}
UNITS = {"meter": "mm", "mm": "mm", "micron": "um"}
TEXT_FIELDS = ("descrip", "aux_file", "intent_name", "db_name")


def open_nifti(path: Path) -> RawVolume:
    """Open the first volume of a NIfTI file.

    Raises:
        SourceError: It is not a NIfTI file, is cut off, or its voxels are not real numbers.
    """
    try:
        image: Any = nibabel.load(path)
        header, affine = image.header, np.asarray(image.affine, np.float64)
        voxels = Path(image.file_map["image"].filename or path)
        # The header forgets offset and scale once it is loaded; the proxy of the voxels keeps them.
        proxy = image.dataobj
        offset, scale = int(proxy.offset), (float(proxy.slope), float(proxy.inter))
        shape, dtype = tuple(map(int, proxy.shape)), header.get_data_dtype()
    except FileNotFoundError:
        raise
    except Exception as error:  # a damaged header raises errors of many kinds
        raise unreadable(path, "NIfTI", error) from error
    return _volume(
        path, Part(voxels, 0, offset), shape, dtype, None if scale == (1.0, 0.0) else scale, header, affine
    )


def _volume(
    path: Path,
    part: Part,
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    scale: tuple[float, float] | None,
    header: Any,
    affine: npt.NDArray[np.float64],
) -> RawVolume:
    if not shape:
        raise SourceError(f"{path} holds no voxels; export it again from its source.")
    # NIfTI counts x first; what is missing behind is one voxel thick.
    x, y, z = (*shape, 1, 1)[:3]
    channels: tuple[int, ...] = ()
    if dtype.fields is not None and set(dtype.fields) <= {"R", "G", "B", "A"}:
        channels, dtype = (len(dtype.fields),), np.dtype(np.uint8)
    shown = scaled_dtype(checked_dtype(path, dtype), scale)
    packing = Packing.GZIP if part.path.suffix.lower() == ".gz" else Packing.RAW
    layout = RawLayout((part,), (z, y, x, *channels), dtype, packing, scale)
    layout.refuse_impossible(path)
    description = StackDescription(
        "NIfTI",
        (z, y, x),
        channels[0] if channels else 1,
        shown,
        _geometry(header, affine),
        _warnings(shape),
        {name: value for name in TEXT_FIELDS if name in header and (value := _text(header[name]))},
        window=_window(header),
    )
    return RawVolume(path, description, layout)


def _geometry(header: Any, affine: npt.NDArray[np.float64]) -> StackGeometry:
    """Affine in mm where the file relates its voxels to a patient, otherwise the spacing in its own unit."""
    unit = header.get_xyzt_units()[0]
    if int(header["sform_code"]) or int(header["qform_code"]):
        factor = MILLIMETERS.get(unit, 1.0)
        return geometry_of(np.diag([factor, factor, factor, 1.0]) @ affine)
    zooms = [float(zoom) for zoom in header.get_zooms()[:3]]
    given = unit in UNITS or any(zoom != 1 for zoom in zooms)
    if len(zooms) < 3 or not given or not (np.isfinite(zooms).all() and min(zooms) > 0):
        return StackGeometry()
    x, y, z = (zoom * MILLIMETERS["meter"] for zoom in zooms) if unit == "meter" else zooms
    return StackGeometry((z, y, x), UNITS.get(unit, ""))


def _warnings(shape: tuple[int, ...]) -> tuple[str, ...]:
    volumes = int(np.prod(shape[3:]))
    return (f"The file holds {volumes} volumes; only the first of them is shown.",) if volumes > 1 else ()


def _window(header: Any) -> tuple[float, float] | None:
    low, high = float(header["cal_min"]), float(header["cal_max"])
    return (low, high) if low < high else None


def _text(value: Any) -> str:
    return bytes(value).split(b"\0")[0].decode("latin-1").strip()
