"""What lies in an HDF5 file: every dataset that can be a stack, and every link that leads nowhere.

h5py's own walk follows no soft or external links, through which NeXus files keep most of their data.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py

DEEPEST = 32
# Where NeXus and Data Exchange keep the measured volume.
USUAL = (
    "exchange/data",
    "entry/data/data",
    "entry1/tomo_entry/data/data",
    "data",
    "volume",
    "reconstruction",
)
Found = dict[str, h5py.Dataset]


def walk(file: h5py.File) -> tuple[Found, list[str]]:
    """Datasets of numbers that have the shape of a stack, by name, and the names of dangling links."""
    datasets: Found = {}
    dangling: list[str] = []
    for name, item in _items(file, "", dangling, frozenset()):
        if stack_shape(item) is not None:
            datasets[name] = item
    return datasets, dangling


def stack_shape(dataset: h5py.Dataset) -> tuple[int, ...] | None:
    """(z, y, x), or (z, y, x, 3 or 4) for colors, once axes of length one in front are dropped; None otherwise."""
    if dataset.shape is None or dataset.dtype.kind not in "buif" or 0 in dataset.shape:
        return None
    shape = tuple(int(side) for side in dataset.shape)
    while len(shape) > 3 and shape[0] == 1:
        shape = shape[1:]
    color = len(shape) == 4 and shape[3] in (3, 4)
    return shape if len(shape) == 3 or color else None


def likely(file: h5py.File, datasets: Found) -> str:
    """The name of the dataset that is most probably wanted: the NeXus default, a usual name, or the largest."""
    default = _nexus_default(file, datasets)
    if default is not None:
        return default
    usual = next((name for name in USUAL if name in datasets), None)
    return usual or max(datasets, key=lambda name: int(datasets[name].size))


def missing_sources(path: Path, dataset: h5py.Dataset) -> list[str]:
    """Files that a virtual dataset takes its values from and that are not there; HDF5 reads zeros instead."""
    if not dataset.is_virtual:
        return []
    names = {source.file_name for source in dataset.virtual_sources()} - {"."}
    return sorted(name for name in names if not (path.parent / name).exists())


def _items(
    group: h5py.Group, prefix: str, dangling: list[str], above: frozenset[Any]
) -> Iterator[tuple[str, h5py.Dataset]]:
    """Datasets below a group; a group that is reached again from within itself is not entered."""
    identity = _identity(group)
    if identity in above or len(above) > DEEPEST:
        return
    for key in group:
        name = f"{prefix}{key}"
        try:
            item = group[key]
        except (KeyError, OSError, RuntimeError):
            dangling.append(name)
            continue
        if isinstance(item, h5py.Dataset):
            yield name, item
        elif isinstance(item, h5py.Group):
            yield from _items(item, f"{name}/", dangling, above | {identity})


def _identity(group: h5py.Group) -> Any:
    info = h5py.h5o.get_info(group.id)
    return info.fileno, info.addr


def _nexus_default(file: h5py.File, datasets: Found) -> str | None:
    """The signal that the attributes `default` lead to, or that of the first NXdata group with a stack."""
    name = ""
    for _ in range(DEEPEST):
        group = file[name] if name else file
        signal = _attribute(group, "signal")
        if signal and f"{name}/{signal}" in datasets:
            return f"{name}/{signal}"
        inner = _attribute(group, "default")
        name = f"{name}/{inner}".strip("/")
        if not inner or not isinstance(file.get(name), h5py.Group):
            break
    for candidate in datasets:
        parent, _, key = candidate.rpartition("/")
        if _attribute(file[parent] if parent else file, "signal") == key:
            return candidate
    return None


def _attribute(group: h5py.Group, name: str) -> str:
    value = group.attrs.get(name, "")
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
