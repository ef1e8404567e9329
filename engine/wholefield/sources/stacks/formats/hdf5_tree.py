"""What lies in an HDF5 file: every dataset that can be a stack, and every link that leads nowhere.

h5py's own walk follows no soft or external links, through which NeXus files keep most of their data.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import h5py
import numpy as np

from wholefield.sources.stacks.axes import letters_of

DEEPEST = 32
# Where NeXus and Data Exchange keep the measured volume.
USUAL = (
    "exchange/data",
    "entry/data/data",
    "entry1/tomo_entry/data/data",
    "data",
    "volume",
    "reconstruction",
    "exported_data",
)
# The JSON of five axes has some hundred bytes.
MOST_TAGS = 2**16
Found = dict[str, h5py.Dataset]


def walk(file: h5py.File) -> tuple[Found, list[str]]:
    """Datasets of numbers that can be a stack, by name, and the names of dangling links."""
    datasets: Found = {}
    dangling: list[str] = []
    for name, item in _items(file, "", dangling, frozenset()):
        if can_be_stack(item):
            datasets[name] = item
    return datasets, dangling


def can_be_stack(dataset: h5py.Dataset) -> bool:
    """Whether a dataset holds real numbers along three axes or more."""
    shape = dataset.shape
    return shape is not None and dataset.dtype.kind in "buif" and len(shape) >= 3 and 0 not in shape


def told_axes(dataset: h5py.Dataset, group: h5py.Group) -> str | None:
    """The letters of the axes as ilastik, the labels of the dimensions or NXdata tell them; None where nothing does.

    Args:
        dataset: The dataset.
        group: The group that it lies in.
    """
    labels = [text(dimension.label) for dimension in dataset.dims]
    for names in (_axistags(dataset), labels, [text(name) for name in np.ravel(group.attrs.get("axes", ()))]):
        letters = letters_of(names) if len(names) == len(dataset.shape) else None
        if letters is not None:
            return letters
    return None


def _axistags(dataset: h5py.Dataset) -> list[str]:
    """The keys of the axes in the JSON that ilastik writes."""
    tags = text(dataset.attrs.get("axistags", ""))
    if not tags or len(tags) > MOST_TAGS:
        return []
    try:
        return [str(axis["key"]) for axis in json.loads(tags)["axes"]]
    except (ValueError, KeyError, TypeError, RecursionError):
        return []


def text(value: Any) -> str:
    """An attribute as text."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def likely(file: h5py.File, datasets: Found) -> str:
    """The name of the dataset that is most probably wanted: the NeXus default, a usual name, or the largest."""
    default = _nexus_default(file, datasets)
    if default is not None:
        return default
    usual = next((name for name in USUAL if name in datasets), None)
    return usual or max(datasets, key=lambda name: int(datasets[name].size))


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
    return text(group.attrs.get(name, ""))
