"""Stacks written in any of the formats on offer, and what a format has no place for."""

from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from pathlib import Path

import numpy.typing as npt

from wholefield.progress import ProgressCallback
from wholefield.sources.stacks.geometry import StackGeometry
from wholefield.sources.stacks.stack import AnyArray
from wholefield.tasks.stacks.output_settings import StackFormat


def write_stack(
    form: StackFormat,
    path: Path,
    planes: Iterable[AnyArray],
    shape: tuple[int, int, int],
    dtype: npt.DTypeLike,
    geometry: StackGeometry,
    progress: ProgressCallback | None = None,
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
        channels: values per voxel.
        names: what the channels are called; none, or one for each.

    Raises:
        SettingError: the format cannot hold such a stack.
        OSError: the disk is full or may not be written to.
    """
    module, function = form.writer.split(":")
    writer: Callable[..., None] = getattr(import_module(module), function)
    writer(path, planes, shape, dtype, geometry, progress, labels=labels, channels=channels, names=names)


def lost_place(form: StackFormat, geometry: StackGeometry) -> str:
    """A sentence where other programs cannot learn from a file where its voxels lie in the patient; else empty."""
    if geometry.affine is None or form.keeps_place:
        return ""
    return (
        f"{form.label} has no place for orientation and position in the patient: only Wholefield finds them in this "
        "file, other programs the voxel size alone; write NIfTI for those."
    )
