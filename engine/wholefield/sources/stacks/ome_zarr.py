"""The finest level of an OME-Zarr image (NGFF 0.4 and 0.5) as a stack, read chunk by chunk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from wholefield.errors import SourceError
from wholefield.sources.reading import damaged, unreadable
from wholefield.sources.slides.ome_zarr import (
    axis_letters,
    image_group,
    looks_of,
    ome_of,
    open_group,
    scale_factors,
)
from wholefield.sources.stacks.geometry import StackGeometry
from wholefield.sources.stacks.stack import AnyArray, Box, StackDescription, StackSource, checked_dtype
from wholefield.sources.units import to_micrometers

# Our own exports keep the affine here; NGFF has no place for it yet. Older ones have it under the program's old name.
OWN_ATTRIBUTES = "wholefield"
OLD_ATTRIBUTES = "tessera"
MICROMETERS_IN_MM = 1e3


class OmeZarrStack(StackSource):
    """The finest level of a multiscale image."""

    def __init__(self, path: Path, description: StackDescription, store: Any, array: Any, axes: str) -> None:
        super().__init__(path, description)
        self._store = store
        self._array = array
        self._axes = axes

    def _release(self) -> None:
        self._store.close()

    def _read_box(self, box: Box) -> AnyArray:
        ranges = {"C": slice(None), **dict(zip("ZYX", box, strict=True))}
        at = {"T": self.time}
        selection = tuple(ranges.get(letter, at.get(letter, 0)) for letter in self._axes)
        try:
            values = np.asarray(self._array[selection])
        except Exception as error:  # stores and codecs raise errors of their own kinds
            raise damaged(self.path, error) from error
        kept = [letter for letter in self._axes if letter in ranges]
        return values.transpose([kept.index(letter) for letter in "ZYXC" if letter in kept])


def open_ome_zarr_stack(path: Path) -> OmeZarrStack:
    """Open the first image of an OME-Zarr folder or zip file as a stack.

    Raises:
        SourceError: It is not an OME-Zarr image, or parts of it are missing.
    """
    store, group = open_group(path)
    try:
        return _from_group(path, store, group)
    except SourceError:
        store.close()
        raise
    except Exception as error:  # damaged metadata raise errors of many kinds
        store.close()
        raise unreadable(path, "OME-Zarr", error) from error


def _from_group(path: Path, store: Any, group: Any) -> OmeZarrStack:
    group = image_group(path, group)
    ome = ome_of(group)
    scales = ome["multiscales"][0]
    array = group[scales["datasets"][0]["path"]]
    axes = axis_letters(scales, array.ndim)
    lengths = dict(zip(axes, array.shape, strict=True))
    channels = lengths.get("C", 1)
    looks = looks_of(ome, channels)
    description = StackDescription(
        "OME-Zarr",
        (lengths.get("Z", 1), lengths["Y"], lengths["X"]),
        channels,
        checked_dtype(path, np.dtype(array.dtype)),
        _geometry(group, scales, axes),
        _warnings(lengths),
        {"name": str(scales["name"])} if scales.get("name") else {},
        window=looks[0].window if channels == 1 and looks else None,
        channel_names=tuple(look.name for look in looks) if channels > 1 else (),
        times=lengths.get("T", 1),
    )
    return OmeZarrStack(path, description, store, array, axes)


def _warnings(lengths: dict[str, int]) -> tuple[str, ...]:
    others = [
        f"{length} positions along axis {letter}"
        for letter, length in lengths.items()
        if letter not in "TCZYX"
    ]
    others = [text for text in others if not text.startswith("1 ")]
    return (f"The file has {' and '.join(others)}; only the first of them is shown.",) if others else ()


def _geometry(group: Any, scales: dict[str, Any], axes: str) -> StackGeometry:
    """Spacing in mm where the file counts in mm or more, otherwise in um; proportions where it names no unit."""
    if "Z" not in axes:
        return StackGeometry()
    factors = scale_factors(scales, axes)
    described = [axis if isinstance(axis, dict) else {} for axis in scales.get("axes") or [{}] * len(axes)]
    units = [described[axes.index(letter)].get("unit") for letter in "ZYX"]
    sizes = [float(factors[axes.index(letter)]) for letter in "ZYX"]
    if not all(size > 0 and np.isfinite(size) for size in sizes):
        return StackGeometry()
    affine = _own_affine(group)
    in_um = [to_micrometers(1.0, unit) for unit in units]
    if None in in_um:
        # Without a unit, steps of one are no more than counting.
        given = any(size != 1 for size in sizes)
        return StackGeometry((sizes[0], sizes[1], sizes[2]) if given else None, "", affine)
    coarse = min(unit or 0.0 for unit in in_um) >= MICROMETERS_IN_MM
    divisor = MICROMETERS_IN_MM if coarse else 1.0
    z, y, x = (size * ((unit or 0.0) / divisor) for size, unit in zip(sizes, in_um, strict=True))
    return StackGeometry((z, y, x), "mm" if coarse else "um", affine)


def _own_affine(group: Any) -> np.ndarray[Any, np.dtype[np.float64]] | None:
    attributes = dict(group.attrs)
    own = attributes.get(OWN_ATTRIBUTES) or attributes.get(OLD_ATTRIBUTES) or {}
    affine = np.array(own.get("affine", ()), np.float64)
    return affine if affine.shape == (4, 4) and np.isfinite(affine).all() else None
