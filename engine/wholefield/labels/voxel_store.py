"""Voxel labels on the disk: an OME-Zarr label image beside the stack, of which only what changed is written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import zarr

from wholefield.errors import SourceError
from wholefield.labels.classes import LabelClass, LabelClasses
from wholefield.labels.voxels import SIDE, Key, Values, VoxelLabels
from wholefield.sources.stacks.formats.ome_zarr import OWN_ATTRIBUTES
from wholefield.sources.stacks.geometry import StackGeometry

LEVEL = "0"
UNITS = {"mm": "millimeter", "um": "micrometer"}
NO_GEOMETRY = StackGeometry()


class VoxelStore:
    """The folder that keeps the labels of one stack, an OME-Zarr of version 0.4 that other programs open.

    A save writes the chunks that changed and nothing else, each under another name first: whatever ends the program,
    every chunk is the one of this save or of the last.

    Example:
        >>> import numpy as np
        >>> from pathlib import Path
        >>> from wholefield.labels import LabelClasses, VoxelLabels
        >>> from wholefield.labels.voxel_store import VoxelStore
        >>> labels, classes = VoxelLabels((40, 50, 60)), LabelClasses()
        >>> labels.paint((slice(9, 10), slice(0, 1), slice(0, 1)), np.ones((1, 1, 1), bool), classes.add("Cell").value)
        >>> VoxelStore(Path("head.labels.zarr")).save(labels, classes)
        >>> again, names = VoxelStore(Path("head.labels.zarr")).load((40, 50, 60))
        >>> again.counts(), names.names
        ({1: 1}, ('Cell',))
    """

    def __init__(self, path: Path) -> None:
        """Remember the folder; nothing is read or written yet."""
        self.path = path
        self._array: Any = None

    def load(self, shape: tuple[int, int, int]) -> tuple[VoxelLabels, LabelClasses]:
        """Read what was saved.

        Args:
            shape: (z, y, x) of the stack.

        Raises:
            SourceError: The folder is damaged, or belongs to a stack of another shape.
        """
        labels = VoxelLabels(shape)
        try:
            group = zarr.open_group(self.path, mode="r")
            array: Any = group[LEVEL]
            kept: Any = group.attrs.asdict()[OWN_ATTRIBUTES]["classes"]
            classes = LabelClasses(LabelClass(**{**each, "color": tuple(each["color"])}) for each in kept)
            if tuple(array.shape) != shape:
                raise SourceError(
                    f"{self.path} holds labels of a stack of {array.shape} voxels; this one has {shape}. Rename that "
                    "folder to start with new labels."
                )
            for key in _written(self.path, shape):
                box = _box(key, shape)
                chunk = np.zeros((SIDE, SIDE, SIDE), np.uint8)
                values = np.asarray(array[box])
                chunk[tuple(slice(0, length) for length in values.shape)] = values
                labels.put(key, chunk)
        except SourceError:
            raise
        except Exception as error:  # a damaged Zarr raises errors of many kinds
            raise SourceError(
                f"The labels in {self.path} cannot be read ({error}); rename the folder to start with new labels."
            ) from error
        self._array = None
        return labels, classes

    def save(
        self,
        labels: VoxelLabels,
        classes: LabelClasses,
        geometry: StackGeometry = NO_GEOMETRY,
    ) -> None:
        """Write what changed since the last save.

        Args:
            labels: The labels.
            classes: Their classes.
            geometry: Where the voxels of the stack lie.

        Raises:
            OSError: The disk is full or may not be written to; what changed is written by the next save.
        """
        chunks = labels.take_unsaved()
        try:
            write_chunks(self, labels.shape, classes, chunks, geometry)
        except BaseException:
            labels.keep_unsaved(chunks)
            raise

    def array(self, shape: tuple[int, int, int]) -> Any:
        """The Zarr array, made where there is none."""
        if self._array is None:
            group = zarr.open_group(self.path, mode="a", zarr_format=2)
            if LEVEL not in group:
                group.create_array(
                    LEVEL, shape=shape, chunks=(SIDE, SIDE, SIDE), dtype="u1", fill_value=0,
                    chunk_key_encoding={"name": "v2", "separator": "/"},
                )  # fmt: skip
            self._array = group[LEVEL]
        return self._array


def write_chunks(
    store: VoxelStore,
    shape: tuple[int, int, int],
    classes: LabelClasses,
    chunks: Mapping[Key, Values | None],
    geometry: StackGeometry = NO_GEOMETRY,
) -> None:
    """Write chunks that were taken from the labels, for another thread than theirs: see `VoxelStore.save`."""
    array = store.array(shape)
    # The classes first: a folder whose first save is cut short has them, too.
    group = zarr.open_group(store.path, mode="a", zarr_format=2)
    group.attrs.update(_described(store.path, classes, geometry))
    for key, chunk in chunks.items():
        box = _box(key, shape)
        array[box] = 0 if chunk is None else chunk[tuple(slice(0, each.stop - each.start) for each in box)]


def _described(path: Path, classes: LabelClasses, geometry: StackGeometry) -> dict[str, Any]:
    unit = {"unit": UNITS[geometry.unit]} if geometry.unit in UNITS else {}
    axes = [{"name": axis, "type": "space"} | unit for axis in "zyx"]
    scale = [{"type": "scale", "scale": list(geometry.spacing or (1.0, 1.0, 1.0))}]
    affine = {} if geometry.affine is None else {"affine": geometry.affine.tolist()}
    colors = [{"label-value": each.value, "rgba": [*each.color, 255]} for each in classes]
    names = [{"label-value": each.value, "class": each.name} for each in classes]
    return {
        "multiscales": [
            {
                "version": "0.4",
                "name": path.name.split(".")[0],
                "axes": axes,
                "datasets": [{"path": LEVEL, "coordinateTransformations": scale}],
            }
        ],
        "image-label": {"version": "0.4", "colors": colors, "properties": names},
        OWN_ATTRIBUTES: {
            "classes": [{**vars(each), "color": list(each.color)} for each in classes],
            **affine,
        },
    }


def _box(key: Key, shape: tuple[int, int, int]) -> tuple[slice, ...]:
    return tuple(
        slice(SIDE * place, min(SIDE * (place + 1), length)) for place, length in zip(key, shape, strict=True)
    )


def _written(path: Path, shape: tuple[int, int, int]) -> list[Key]:
    """The chunks that have a file, by their names z/y/x."""
    found: list[Key] = []
    grid = [-(-length // SIDE) for length in shape]
    for file in (path / LEVEL).glob("*/*/*"):
        names = file.relative_to(path / LEVEL).parts
        if all(name.isdecimal() for name in names):
            key = (int(names[0]), int(names[1]), int(names[2]))
            if all(place < count for place, count in zip(key, grid, strict=True)):
                found.append(key)
    return found
