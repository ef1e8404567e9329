"""Writing stacks of any size as OME-Zarr (NGFF 0.4 and 0.5) with coarser levels, plane by plane."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import zarr

from wholefield.errors import SettingError
from wholefield.export.stack_planes import AnyArray, Shape, passing, refuse_empty, written_dtype
from wholefield.files import replacing_folder
from wholefield.progress import ProgressCallback
from wholefield.sources.slides.pixels import shrink
from wholefield.sources.stacks.formats.ome_zarr import OWN_ATTRIBUTES
from wholefield.sources.stacks.geometry import StackGeometry
from wholefield.sources.zarr_layout import is_zarr

TYPES = ("u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8")
UNITS = {"mm": "millimeter", "um": "micrometer"}
CHUNK_SIDE = 256
CHUNK_DEPTH = 16
# Planes wait in memory until a chunk is full.
WAITING_BYTES = 128 * 2**20
COARSEST_SIDE = 256


class NgffVersion(StrEnum):
    """Version of OME-Zarr: 0.4 (Zarr 2) is read by QuPath, 0.5 (Zarr 3) by new tools."""

    V04 = "0.4"
    V05 = "0.5"


def write_ome_zarr(
    path: Path,
    planes: Iterable[AnyArray],
    shape: Shape,
    dtype: npt.DTypeLike,
    geometry: StackGeometry,
    progress: ProgressCallback | None = None,
    *,
    version: NgffVersion = NgffVersion.V05,
    labels: bool = False,
    channels: int = 1,
    names: Sequence[str] = (),
) -> None:
    """Write an OME-Zarr folder; it appears under its name once it is complete.

    Rows and columns are halved from level to level; planes are not, as they usually lie further apart.

    Args:
        path: The folder to write; an OME-Zarr of that name is replaced.
        planes: (y, x) arrays in order, or (y, x, channels) where there are several; made while they are written.
        shape: (z, y, x).
        dtype: Type of the planes.
        geometry: Spacing is kept as the format asks, the affine in an attribute of our own.
        progress: Called with the number of planes done and in total; an error that it raises stops the writing.
        version: Version of the format.
        labels: Whether the values are classes, which may not be averaged.
        channels: Values per voxel.
        names: What the channels are called; none, or one for each.

    Raises:
        SettingError: The stack is empty, or `path` is something other than a Zarr folder.
        ValueError: The planes are not those that were announced.
        OSError: The disk is full or may not be written to.
    """
    refuse_empty(shape)
    kind = written_dtype(dtype, TYPES, "OME-Zarr")
    if path.exists() and not (path.is_dir() and is_zarr(path)):
        raise SettingError(f"{path} exists already and is not a Zarr folder; choose another name.")
    with replacing_folder(path) as temporary:
        group = zarr.open_group(temporary, mode="w", zarr_format=2 if version is NgffVersion.V04 else 3)
        levels = [_Level(array) for array in _arrays(group, shape, channels, kind, version)]
        limits = _Limits(channels)
        for plane in passing(planes, shape, kind, progress, channels):
            if channels > 1:
                limits.look(plane)
            _add(levels, plane, labels)
        for level in levels:
            level.flush()
        name = path.name.split(".")[0]
        _describe(group, levels, name, geometry, version, limits.described(names) if channels > 1 else [])


@dataclass
class _Level:
    """One resolution being written: planes wait until they fill a chunk.

    Attributes:
        array: The Zarr array, (z, y, x) or (channel, z, y, x).
        done: Planes written.
        waiting: Planes not written yet.
    """

    array: Any
    done: int = 0
    waiting: list[AnyArray] = field(default_factory=list)

    def add(self, plane: AnyArray) -> None:
        self.waiting.append(plane)
        if len(self.waiting) == self.array.chunks[-3]:
            self.flush()

    def flush(self) -> None:
        if self.waiting:
            planes = np.stack(self.waiting)
            place = slice(self.done, self.done + len(planes))
            self.array[..., place, :, :] = planes if planes.ndim == 3 else np.moveaxis(planes, -1, 0)
            self.done += len(self.waiting)
            self.waiting = []


class _Limits:
    """The lowest and highest value of every channel, which viewers expect."""

    def __init__(self, channels: int) -> None:
        self._lowest, self._highest = np.full(channels, np.inf), np.full(channels, -np.inf)

    def look(self, plane: AnyArray) -> None:
        """Take in a plane, (y, x) or (y, x, channels); values that are not numbers do not count."""
        self._lowest = np.fmin(self._lowest, np.fmin.reduce(plane, (0, 1)))
        self._highest = np.fmax(self._highest, np.fmax.reduce(plane, (0, 1)))

    def described(self, names: Sequence[str]) -> list[dict[str, Any]]:
        """The channels as NGFF wants them; none where they have no names."""
        return [
            {
                "label": name,
                "color": "FFFFFF",
                "active": index == 0,
                "window": _window(float(low), float(high)),
            }
            for index, (name, low, high) in enumerate(zip(names, self._lowest, self._highest, strict=False))
        ]


def _window(low: float, high: float) -> dict[str, float]:
    if not (np.isfinite(low) and np.isfinite(high)):
        low, high = 0.0, 1.0
    return {"min": low, "max": high, "start": low, "end": high}


def _add(levels: list[_Level], plane: AnyArray, labels: bool) -> None:
    for index, level in enumerate(levels):
        if index:
            plane = plane[::2, ::2] if labels else _halved(plane)
        level.add(plane)


def _halved(plane: AnyArray) -> AnyArray:
    """A plane averaged to half its size, (y, x) or (y, x, channels)."""
    return shrink(plane, 2) if plane.ndim == 3 else shrink(plane[..., None], 2)[..., 0]


def _arrays(group: Any, shape: Shape, channels: int, dtype: np.dtype[Any], version: NgffVersion) -> list[Any]:
    arrays: list[Any] = []
    plane_bytes = shape[1] * shape[2] * dtype.itemsize * channels
    several = (channels,) if channels > 1 else ()
    depth = min(CHUNK_DEPTH, shape[0], max(WAITING_BYTES // plane_bytes, 1))
    sides = shape[1:]
    while True:
        # The default separator of version 2 is a dot, which NGFF does not allow.
        layout: dict[str, Any] = (
            {"chunk_key_encoding": {"name": "v2", "separator": "/"}}
            if version is NgffVersion.V04
            else {"dimension_names": [*("c" * len(several)), "z", "y", "x"]}
        )
        chunks = (*(1 for _ in several), depth, *(min(side, CHUNK_SIDE) for side in sides))
        arrays.append(
            group.create_array(
                str(len(arrays)), shape=(*several, shape[0], *sides), chunks=chunks, dtype=dtype, **layout
            )
        )
        if max(sides) <= COARSEST_SIDE:
            return arrays
        sides = -(-sides[0] // 2), -(-sides[1] // 2)


def _describe(
    group: Any,
    levels: list[_Level],
    name: str,
    geometry: StackGeometry,
    version: NgffVersion,
    channels: list[dict[str, Any]],
) -> None:
    unit = UNITS.get(geometry.unit)
    z, y, x = geometry.spacing or (1.0, 1.0, 1.0)
    several = [1.0] * (levels[0].array.ndim - 3)
    multiscale: dict[str, Any] = {
        "name": name,
        "axes": [{"name": "c", "type": "channel"} for _ in several]
        + [{"name": axis, "type": "space"} | ({"unit": unit} if unit else {}) for axis in "zyx"],
        "datasets": [
            {
                "path": str(index),
                "coordinateTransformations": [
                    {"type": "scale", "scale": [*several, z, y * 2**index, x * 2**index]}
                ],
            }
            for index in range(len(levels))
        ],
    }
    look = {"omero": {"channels": channels}} if channels else {}
    if version is NgffVersion.V04:
        content: dict[str, Any] = {"multiscales": [multiscale | {"version": version.value}], **look}
    else:
        content = {"ome": {"version": version.value, "multiscales": [multiscale], **look}}
    if geometry.affine is not None:
        content[OWN_ATTRIBUTES] = {"affine": geometry.affine.tolist()}
    group.attrs.update(content)
