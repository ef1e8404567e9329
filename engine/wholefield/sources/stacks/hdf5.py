"""Volumes in HDF5 and NeXus files, read chunk by chunk."""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from wholefield.errors import SourceError
from wholefield.sources.hdf5_library import h5py
from wholefield.sources.reading import closed, damaged, unreadable
from wholefield.sources.stacks.geometry import StackGeometry
from wholefield.sources.stacks.hdf5_tree import likely, missing_sources, stack_shape, walk
from wholefield.sources.stacks.stack import (
    AnyArray,
    Box,
    DatasetInfo,
    StackDescription,
    StackSource,
    checked_dtype,
)
from wholefield.sources.units import to_micrometers

NAMES_SHOWN = 6


class Hdf5Stack(StackSource):
    """One dataset of an HDF5 file. HDF5 serves one thread at a time."""

    def __init__(
        self, path: Path, description: StackDescription, file: h5py.File, data: h5py.Dataset
    ) -> None:
        super().__init__(path, description)
        self._file = file
        self._data = data
        self._leading = (0,) * (len(data.shape) - len(description.shape) - (description.channels > 1))
        self._lock = Lock()

    def _release(self) -> None:
        with self._lock:
            self._file.close()

    def _read_box(self, box: Box) -> AnyArray:
        with self._lock:
            if self._closed:
                raise closed(self.name)
            try:
                return np.asarray(self._data[(*self._leading, *box)])
            except Exception as error:  # filters and virtual sources raise errors of many kinds
                raise damaged(self.path, error) from error


def open_hdf5_stack(path: Path, dataset: str | None = None) -> Hdf5Stack:
    """Open a dataset of an HDF5 file.

    Args:
        path: The file.
        dataset: Name of the dataset; without it the one that NeXus marks, that has a usual name, or is largest.

    Raises:
        SourceError: The file is damaged or holds no volume, or not that one.
    """
    file = _open(path)
    try:
        return _from_file(path, file, dataset)
    except SourceError:
        file.close()
        raise
    except Exception as error:  # damaged tables raise errors of many kinds
        file.close()
        raise damaged(path, error) from error


def list_hdf5_datasets(path: Path) -> tuple[DatasetInfo, ...]:
    """Every dataset of a file that can be a stack, the likeliest first.

    Raises:
        SourceError: The file cannot be read as HDF5.
    """
    with _open(path) as file:
        try:
            datasets, _ = walk(file)
            first = likely(file, datasets) if datasets else ""
            names = sorted(datasets, key=lambda name: (name != first, name))
            return tuple(
                DatasetInfo(name, shape, datasets[name].dtype.newbyteorder("="))
                for name in names
                if (shape := stack_shape(datasets[name])) is not None
            )
        except Exception as error:  # damaged tables raise errors of many kinds
            raise damaged(path, error) from error


def _open(path: Path) -> h5py.File:
    try:
        return h5py.File(path, "r")
    except (FileNotFoundError, PermissionError):
        raise
    except Exception as error:  # h5py wraps the errors of the library in several kinds
        raise unreadable(path, "HDF5", error) from error


def _from_file(path: Path, file: h5py.File, wanted: str | None) -> Hdf5Stack:
    datasets, dangling = walk(file)
    if not datasets:
        lost = f"; its links {_listed(dangling)} point to missing files" if dangling else ""
        raise SourceError(f"{path} holds no volume{lost}; choose a file with a dataset of three dimensions.")
    name = likely(file, datasets) if wanted is None else wanted.strip("/")
    if name not in datasets:
        raise SourceError(f"{path} has no volume named {name}; choose one of {_listed(list(datasets))}.")
    data = datasets[name]
    shape = stack_shape(data) or ()
    description = StackDescription(
        "NeXus" if _is_nexus(file) else "HDF5",
        (shape[0], shape[1], shape[2]),
        shape[3] if len(shape) == 4 else 1,
        checked_dtype(path, data.dtype),
        # Behind an external link the dataset's own parent is in the other file.
        _geometry(data, file[name.rpartition("/")[0] or "/"]),
        _warnings(dangling, missing_sources(path, data)),
        {"shown dataset": name} | {str(key): _text(value) for key, value in data.attrs.items()},
        name,
    )
    return Hdf5Stack(path, description, file, data)


def _is_nexus(file: h5py.File) -> bool:
    return any("NX_class" in item.attrs for key in file if isinstance(item := file.get(key), h5py.Group))


def _geometry(data: h5py.Dataset, group: h5py.Group) -> StackGeometry:
    """Spacing from `element_size_um`, which ilastik and Fiji write, or from the axes of an NXdata group."""
    sizes = np.ravel(data.attrs.get("element_size_um", ()))
    if len(sizes) != 3:
        sizes = np.array([_step(data, group, axis) for axis in range(data.ndim)][-3:])
    if len(sizes) != 3 or not (np.isfinite(sizes).all() and (sizes > 0).all()):
        return StackGeometry()
    z, y, x = map(float, sizes)
    return StackGeometry((z, y, x), "um")


def _step(data: h5py.Dataset, group: h5py.Group, axis: int) -> float:
    """Micrometers from one position to the next along an axis; not-a-number where the file does not say.

    NXdata names the arrays of positions in its attribute `axes`.
    """
    names = np.ravel(group.attrs.get("axes", ()))
    values = group.get(_text(names[axis])) if len(names) == data.ndim else None
    if not isinstance(values, h5py.Dataset) or values.shape != (data.shape[axis],) or len(values) < 2:
        return float("nan")
    steps = np.diff(np.asarray(values[...], np.float64))
    even = np.allclose(steps, steps[0], rtol=1e-3, atol=0)
    size = to_micrometers(abs(float(steps.mean())), _text(values.attrs.get("units", "")))
    return size if size is not None and even else float("nan")


def _warnings(dangling: list[str], missing: list[str]) -> tuple[str, ...]:
    warnings = []
    if dangling:
        warnings.append(f"The file has broken links, whose targets are not shown: {_listed(dangling)}.")
    if missing:
        warnings.append(f"Voxels from missing files read as zero: {_listed(missing)}.")
    return tuple(warnings)


def _listed(names: list[str]) -> str:
    more = len(names) - NAMES_SHOWN
    return ", ".join(names[:NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
