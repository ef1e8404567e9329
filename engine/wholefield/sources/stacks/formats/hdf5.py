"""Volumes in HDF5 and NeXus files, read chunk by chunk."""

from __future__ import annotations

from pathlib import Path
from threading import Lock

import numpy as np

from wholefield.errors import SourceError
from wholefield.sources.choices import Answer, Question, Reading, UnclearFileError
from wholefield.sources.hdf5_library import h5py
from wholefield.sources.reading import closed, damaged, unreadable
from wholefield.sources.stacks.answers import COMMON, NOTHING, answered, common_questions
from wholefield.sources.stacks.axes import AxisOrder, axes_question, order_of
from wholefield.sources.stacks.formats.hdf5_checks import (
    missing_sources,
    refuse_hollow,
    refuse_unreadable,
    unwritten,
)
from wholefield.sources.stacks.formats.hdf5_tree import likely, text, told_axes, walk
from wholefield.sources.stacks.formats.stored_numbers import packing_told
from wholefield.sources.stacks.geometry import StackGeometry
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
        self, path: Path, description: StackDescription, file: h5py.File, data: h5py.Dataset, order: AxisOrder
    ) -> None:
        super().__init__(path, description)
        self._file = file
        self._data = data
        self._order = order
        self._lock = Lock()

    def _release(self) -> None:
        with self._lock:
            self._file.close()

    def _read_box(self, box: Box) -> AnyArray:
        with self._lock:
            if self._closed:
                raise closed(self.name)
            try:
                return self._order.arranged(np.asarray(self._data[self._order.selection(self.time, box)]))
            except Exception as error:  # filters and virtual sources raise errors of many kinds
                raise damaged(self.path, error) from error


def open_hdf5_stack(path: Path, reading: Reading = NOTHING) -> Hdf5Stack:
    """Open a dataset of an HDF5 file.

    Args:
        path: The file.
        reading: May answer `dataset`; without it, it is the one that NeXus marks, that has a usual name, or is
            largest. `axes` names the axes where the file does not.

    Raises:
        UnclearFileError: The file does not say what its axes are.
        SourceError: The file is damaged or holds no volume, or not that one.
    """
    reading.only(path, "dataset", "axes", *COMMON, "outside")
    file = _open(path)
    try:
        return answered(_from_file(path, file, reading), reading)
    except SourceError:
        file.close()
        raise
    except Exception as error:  # damaged tables raise errors of many kinds
        file.close()
        raise damaged(path, error) from error


def list_hdf5_datasets(path: Path) -> tuple[DatasetInfo, ...]:
    """Every dataset of a file that can be a stack, the likeliest first; those of unclear axes with all of them.

    Raises:
        SourceError: The file cannot be read as HDF5.
    """
    with _open(path) as file:
        try:
            datasets, _ = walk(file)
            first = likely(file, datasets) if datasets else ""
            names = sorted(datasets, key=lambda name: (name != first, name))
            return tuple(_info(path, file, name, datasets[name]) for name in names)
        except Exception as error:  # damaged tables raise errors of many kinds
            raise damaged(path, error) from error


def hdf5_questions(path: Path, reading: Reading) -> tuple[Question, ...]:
    """Which dataset is read, and what its axes are.

    Raises:
        SourceError: The file cannot be read as HDF5.
    """
    found = list_hdf5_datasets(path)
    questions: list[Question] = []
    if len(found) > 1:
        answers = tuple(Answer(each.name, f"{each.name}, {_size(each)}") for each in found)
        questions.append(Question("dataset", "Dataset", answers, help="The file holds several volumes."))
    with _open(path) as file:
        datasets, _ = walk(file)
        name = reading.get("dataset", found[0].name if found else "").strip("/")
        if name in datasets and len(datasets[name].shape) > 3:
            questions.append(axes_question(datasets[name].shape))
    return (*questions, *_common(path, reading))


def _common(path: Path, reading: Reading) -> tuple[Question, ...]:
    """The questions of every stack, once the others are answered."""
    try:
        with open_hdf5_stack(path, reading) as stack:
            return common_questions(stack)
    except SourceError:
        return ()


def _size(info: DatasetInfo) -> str:
    return f"{' x '.join(map(str, info.shape))} {info.dtype}"


def _info(path: Path, file: h5py.File, name: str, data: h5py.Dataset) -> DatasetInfo:
    dtype = data.dtype.newbyteorder("=")
    try:
        order = order_of(path, data.shape, NOTHING, told_axes(data, _group(file, name)))
    except UnclearFileError:
        return DatasetInfo(name, tuple(map(int, data.shape)), dtype)
    return DatasetInfo(name, (*order.shape, *((order.channels,) if order.channels > 1 else ())), dtype)


def _group(file: h5py.File, name: str) -> h5py.Group:
    """The group that a dataset lies in; behind an external link its own parent is in the other file."""
    return file[name.rpartition("/")[0] or "/"]


def _open(path: Path) -> h5py.File:
    try:
        return h5py.File(path, "r")
    except (FileNotFoundError, PermissionError):
        raise
    except Exception as error:  # h5py wraps the errors of the library in several kinds
        raise unreadable(path, "HDF5", error) from error


def _from_file(path: Path, file: h5py.File, reading: Reading) -> Hdf5Stack:
    if "minc-2.0" in file:
        raise SourceError(
            f"{path} is MINC 2, whose numbers are scaled slice by slice and not read; convert it with mnc2nii."
        )
    datasets, dangling = walk(file)
    if not datasets:
        lost = f"; its links {_listed(dangling)} point to missing files" if dangling else ""
        raise SourceError(f"{path} holds no volume{lost}; choose a file with a dataset of three dimensions.")
    name = reading["dataset"].strip("/") if "dataset" in reading else likely(file, datasets)
    if name not in datasets:
        raise SourceError(f"{path} has no volume named {name}; choose one of {_listed(list(datasets))}.")
    data, group = datasets[name], _group(file, name)
    refuse_unreadable(path, data, reading)
    refuse_hollow(path, data)
    order = order_of(path, data.shape, reading, told_axes(data, group))
    description = StackDescription(
        "NeXus" if _is_nexus(file) else "HDF5",
        order.shape,
        order.channels,
        checked_dtype(path, data.dtype),
        _geometry(data, group, order),
        (
            *_warnings(dangling, missing_sources(path, data)),
            *filter(None, (unwritten(data),)),
            *packing_told(data.attrs),
            *order.left_out(),
        ),
        {"shown dataset": name} | {str(key): text(value) for key, value in data.attrs.items()},
        name,
        times=order.times,
    )
    return Hdf5Stack(path, description, file, data, order)


def _is_nexus(file: h5py.File) -> bool:
    return any("NX_class" in item.attrs for key in file if isinstance(item := file.get(key), h5py.Group))


def _geometry(data: h5py.Dataset, group: h5py.Group, order: AxisOrder) -> StackGeometry:
    """Spacing from `element_size_um`, which ilastik and Fiji write, or from the axes of an NXdata group."""
    sizes = np.ravel(data.attrs.get("element_size_um", ()))
    if len(sizes) != 3:
        places = [order.letters.find(letter) for letter in "zyx"]
        sizes = np.array([_step(data, group, place) for place in places if place >= 0])
    if len(sizes) != 3 or not (np.isfinite(sizes).all() and (sizes > 0).all()):
        return StackGeometry()
    z, y, x = map(float, sizes)
    return StackGeometry((z, y, x), "um")


def _step(data: h5py.Dataset, group: h5py.Group, axis: int) -> float:
    """Micrometers from one position to the next along an axis; not-a-number where the file does not say.

    NXdata names the arrays of positions in its attribute `axes`.
    """
    names = np.ravel(group.attrs.get("axes", ()))
    values = group.get(text(names[axis])) if len(names) == data.ndim else None
    if not isinstance(values, h5py.Dataset) or values.shape != (data.shape[axis],) or len(values) < 2:
        return float("nan")
    steps = np.diff(np.asarray(values[...], np.float64))
    even = np.allclose(steps, steps[0], rtol=1e-3, atol=0)
    size = to_micrometers(abs(float(steps.mean())), text(values.attrs.get("units", "")))
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
