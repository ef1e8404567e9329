"""Stacks written in any of the formats on offer, and what a format has no place for."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy.typing as npt

from wholefield.errors import SettingError
from wholefield.export.stack_planes import Progress
from wholefield.export.stacks import write_nifti, write_ome_zarr, write_tiff_stack
from wholefield.sources.stacks.geometry import StackGeometry
from wholefield.sources.stacks.stack import AnyArray
from wholefield.tasks.stacks.settings import StackFormat

NAMES = {StackFormat.TIFF: "TIFF", StackFormat.NIFTI: "NIfTI", StackFormat.OME_ZARR: "OME-Zarr"}


def write_stack(
    form: StackFormat,
    path: Path,
    planes: Iterable[AnyArray],
    shape: tuple[int, int, int],
    dtype: npt.DTypeLike,
    geometry: StackGeometry,
    progress: Progress | None = None,
    *,
    labels: bool = False,
    channels: int = 1,
    names: Sequence[str] = (),
) -> None:
    """Write a stack; it appears under its name once it is complete.

    Args:
        form: the format.
        path: what to write.
        planes: (y, x) arrays in order, or (y, x, channels) where there are several.
        shape: (z, y, x).
        dtype: type of the planes.
        geometry: where the voxels lie.
        progress: called with the planes done and the planes in all.
        labels: whether the values are classes, which may not be averaged.
        channels: values a voxel.
        names: what the channels are called; none, or one for each.

    Raises:
        SettingError: the format cannot hold such a stack.
        OSError: the disk is full or may not be written to.
    """
    match form:
        case StackFormat.TIFF:
            write_tiff_stack(path, planes, shape, dtype, geometry, progress, channels=channels, names=names)
        case StackFormat.OME_ZARR:
            write_ome_zarr(
                path, planes, shape, dtype, geometry, progress, labels=labels, channels=channels, names=names
            )
        case StackFormat.NIFTI if channels > 1:
            raise SettingError(
                f"A NIfTI volume has one value a voxel, but this stack has {channels} channels; export it as TIFF or "
                "OME-Zarr."
            )
        case StackFormat.NIFTI:
            write_nifti(path, planes, shape, dtype, geometry, progress)


def lost_place(form: StackFormat, geometry: StackGeometry) -> str:
    """A sentence where other programs cannot learn from a file where its voxels lie in the patient; else empty."""
    if geometry.affine is None or form is StackFormat.NIFTI:
        return ""
    return (
        f"{NAMES[form]} has no place for orientation and position in the patient: only Wholefield finds them in this "
        "file, other programs the voxel size alone; write NIfTI for those."
    )
