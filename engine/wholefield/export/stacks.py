"""Writing stacks of any size as TIFF and NIfTI, plane by plane; OME-Zarr stands in `stack_zarr`."""

from __future__ import annotations

import collections
import gzip
import itertools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, cast

import nibabel
import numpy as np
import numpy.typing as npt
import tifffile

from wholefield.errors import SettingError
from wholefield.export.pyramid import Compression
from wholefield.export.stack_planes import AnyArray, Shape, passing, refuse_empty, written_dtype
from wholefield.export.stack_zarr import NgffVersion, write_ome_zarr
from wholefield.files import replacing
from wholefield.progress import ProgressCallback
from wholefield.sources.slides.ome import AFFINE, OWN_NAMESPACE
from wholefield.sources.stacks.geometry import StackGeometry

__all__ = ["NgffVersion", "write_nifti", "write_ome_zarr", "write_tiff_stack"]

TIFF_TYPES = ("u1", "i1", "u2", "i2", "u4", "i4", "f4", "f8")
NIFTI_TYPES = (*TIFF_TYPES, "u8", "i8")
OME_UNITS = {"mm": "mm", "um": "µm", "": "pixel"}
NIFTI_UNITS = {"mm": "mm", "um": "micron", "": "unknown"}
PIXELS_PER_CM = {"mm": 10.0, "um": 1e4}
# NIfTI-1 counts voxels along an axis in 16 bits.
LONGEST_NIFTI1_AXIS = 2**15 - 1
GZIP_LEVEL = 4
IN_SCANNER = 1


def write_tiff_stack(
    path: Path,
    planes: Iterable[AnyArray],
    shape: Shape,
    dtype: npt.DTypeLike,
    geometry: StackGeometry,
    progress: ProgressCallback | None = None,
    *,
    compression: Compression = Compression.DEFLATE,
    labels: bool = False,
    channels: int = 1,
    names: Sequence[str] = (),
) -> None:
    """Write a multi-page BigTIFF with OME metadata; the file appears under its name once it is complete.

    Args:
        path: The file to write.
        planes: (y, x) arrays in order, or (y, x, channels) where there are several; made while they are written.
        shape: (z, y, x).
        dtype: Type of the planes.
        geometry: Spacing is kept; OME has no place for an affine, which goes into an annotation of our own.
        progress: Called with the number of planes done and in total; an error that it raises stops the writing.
        compression: How pages are compressed, without loss.
        labels: Whether the values are classes; a TIFF stack has one level only, and nothing is averaged.
        channels: Values per voxel; every channel has pages of its own.
        names: What the channels are called; none, or one for each.

    Raises:
        SettingError: TIFF cannot hold this type, or the stack is empty.
        ValueError: The planes are not those that were announced.
        OSError: The disk is full or may not be written to.
    """
    refuse_empty(shape)
    kind = written_dtype(dtype, TIFF_TYPES, "OME-TIFF")
    stream = _pages(passing(planes, shape, kind, progress, channels))
    several = (channels,) if channels > 1 else ()
    with replacing(path) as temporary, tifffile.TiffWriter(temporary, bigtiff=True, ome=True) as tiff:
        tiff.write(
            itertools.chain(stream),
            shape=(shape[0], *several, *shape[1:]),
            dtype=kind,
            photometric="minisblack",
            compression=compression.value,
            predictor=True,
            maxworkers=1,
            metadata={"axes": "ZCYX" if several else "ZYX", **_ome_metadata(geometry, names)},
            **_resolution(geometry),
        )
        # tifffile asks for no more than it needs: the last step is still to be reported, and whether planes are left.
        # The chain keeps it from closing the stream before.
        collections.deque(stream, maxlen=0)


def _pages(planes: Iterable[AnyArray]) -> Iterator[AnyArray]:
    """Every channel of every plane as (y, x)."""
    for plane in planes:
        if plane.ndim == 2:
            yield plane
        else:
            yield from np.ascontiguousarray(np.moveaxis(plane, -1, 0))


def _ome_metadata(geometry: StackGeometry, names: Sequence[str]) -> dict[str, Any]:
    """Spacing, names of channels, and in an annotation of our own where the voxels lie in the patient."""
    metadata = _ome_sizes(geometry)
    if names:
        metadata["Channel"] = {"Name": list(names)}
    if geometry.affine is not None:
        metadata["MapAnnotation"] = {
            "Namespace": OWN_NAMESPACE,
            "Value": {AFFINE: " ".join(map(repr, geometry.affine.ravel().tolist()))},
        }
    return metadata


def _ome_sizes(geometry: StackGeometry) -> dict[str, Any]:
    if geometry.spacing is None:
        return {}
    sizes = dict(zip("ZYX", geometry.spacing, strict=True))
    return {f"PhysicalSize{axis}": size for axis, size in sizes.items()} | {
        f"PhysicalSize{axis}Unit": OME_UNITS[geometry.unit] for axis in sizes
    }


def _resolution(geometry: StackGeometry) -> dict[str, Any]:
    """Pixels per centimeter along x and y, for readers that know no OME."""
    if geometry.spacing is None or geometry.unit not in PIXELS_PER_CM:
        return {}
    _, y, x = (PIXELS_PER_CM[geometry.unit] / length for length in geometry.spacing)
    return {"resolution": (x, y), "resolutionunit": "CENTIMETER"}


def write_nifti(
    path: Path,
    planes: Iterable[AnyArray],
    shape: Shape,
    dtype: npt.DTypeLike,
    geometry: StackGeometry,
    progress: ProgressCallback | None = None,
    *,
    labels: bool = False,
    channels: int = 1,
    names: Sequence[str] = (),
) -> None:
    """Write a NIfTI file, gzipped if its name ends in .gz; NIfTI-2 where an axis is too long for NIfTI-1.

    Args:
        path: The file to write.
        planes: (y, x) arrays in order, made while they are written.
        shape: (z, y, x).
        dtype: Type of the planes.
        geometry: The affine is kept to 7 digits, or else the spacing.
        progress: Called with the number of planes done and in total; an error that it raises stops the writing.
        labels: Whether the values are classes; NIfTI has one level only, and nothing is averaged.
        channels: Values per voxel; NIfTI holds one.
        names: What the channels are called; NIfTI has no place for them.

    Raises:
        SettingError: NIfTI cannot hold this type or several channels, or the stack is empty.
        ValueError: The planes are not those that were announced.
        OSError: The disk is full or may not be written to.
    """
    refuse_empty(shape)
    if channels > 1:
        raise SettingError(
            f"A NIfTI volume has one value per voxel, but this stack has {channels} channels; export it as TIFF or "
            "OME-Zarr."
        )
    kind = written_dtype(dtype, NIFTI_TYPES, "NIfTI")
    header = _nifti_header(shape, kind, geometry)
    with replacing(path) as temporary, temporary.open("wb") as file:
        if path.suffix.lower() != ".gz":
            _write_nifti(file, header, passing(planes, shape, kind, progress))
            return
        # Neither a name nor a time inside, so that equal stacks give equal files.
        with gzip.GzipFile("", "wb", GZIP_LEVEL, file, mtime=0) as packed:
            _write_nifti(cast(BinaryIO, packed), header, passing(planes, shape, kind, progress))


def _write_nifti(file: BinaryIO, header: Any, planes: Iterable[AnyArray]) -> None:
    # Four bytes say that no extensions follow.
    start = header.binaryblock + b"\0\0\0\0"
    file.write(start.ljust(int(header["vox_offset"]), b"\0"))
    for plane in planes:
        file.write(plane.astype(plane.dtype.newbyteorder("<"), copy=False).tobytes())


def _nifti_header(shape: Shape, dtype: np.dtype[Any], geometry: StackGeometry) -> Any:
    long = max(shape) > LONGEST_NIFTI1_AXIS
    header = (nibabel.Nifti2Header if long else nibabel.Nifti1Header)(endianness="<")
    header.set_data_dtype(dtype)
    header.set_data_shape(shape[::-1])
    header["vox_offset"] = 544 if long else 352
    if geometry.affine is not None:
        header.set_sform(geometry.affine, IN_SCANNER)
        header.set_zooms(np.linalg.norm(geometry.affine[:3, :3], axis=0))
        header.set_xyzt_units("mm")
    elif geometry.spacing is not None:
        header.set_zooms(geometry.spacing[::-1])
        header.set_xyzt_units(NIFTI_UNITS[geometry.unit])
    return header
