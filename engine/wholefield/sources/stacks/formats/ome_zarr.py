"""The finest level of an OME-Zarr image (NGFF 0.4 and 0.5) as a stack, read chunk by chunk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from wholefield.errors import SourceError
from wholefield.sources.choices import Reading
from wholefield.sources.reading import unreadable
from wholefield.sources.slides.ome_zarr import image_group, looks_of, ome_of, open_group, scale_factors
from wholefield.sources.stacks.answers import COMMON, MICROMETERS_IN_MM, NOTHING, answered
from wholefield.sources.stacks.axes import FIRST, AxisOrder
from wholefield.sources.stacks.formats.zarr_stack import ZarrStack, refuse_impossible
from wholefield.sources.stacks.geometry import StackGeometry
from wholefield.sources.stacks.stack import StackDescription, checked_dtype
from wholefield.sources.units import to_micrometers
from wholefield.sources.zarr_layout import axis_letters

# Our own exports keep the affine here; NGFF has no place for it yet. Older ones have it under the program's old name.
OWN_ATTRIBUTES = "wholefield"
OLD_ATTRIBUTES = "tessera"
Affine = npt.NDArray[np.float64]


def open_ome_zarr_stack(path: Path, reading: Reading = NOTHING) -> ZarrStack:
    """Open the first image of an OME-Zarr folder or zip file as a stack.

    Raises:
        SourceError: It is not an OME-Zarr image, or parts of it are missing.
    """
    reading.only(path, *COMMON)
    store, group = open_group(path)
    try:
        return answered(_from_group(path, store, group), reading)
    except SourceError:
        store.close()
        raise
    except Exception as error:  # damaged metadata raise errors of many kinds
        store.close()
        raise unreadable(path, "OME-Zarr", error) from error


def _from_group(path: Path, store: Any, group: Any) -> ZarrStack:
    group = image_group(path, group)
    ome = ome_of(group)
    scales = ome["multiscales"][0]
    array = group[scales["datasets"][0]["path"]]
    refuse_impossible(path, array)
    axes = axis_letters(scales.get("axes"), array.ndim)
    order = AxisOrder("".join(_letter(letter) for letter in axes), tuple(map(int, array.shape)))
    looks = looks_of(ome, order.channels)
    geometry, warnings = _geometry(group, scales, axes)
    description = StackDescription(
        "OME-Zarr",
        order.shape,
        order.channels,
        checked_dtype(path, np.dtype(array.dtype)),
        geometry,
        (*warnings, *order.left_out()),
        {"name": str(scales["name"])} if scales.get("name") else {},
        window=looks[0].window if order.channels == 1 and looks else None,
        channel_names=tuple(look.name for look in looks) if order.channels > 1 else (),
        times=order.times,
    )
    return ZarrStack(path, description, store, array, order)


def _letter(letter: str) -> str:
    return letter.lower() if letter in "TCZYX" else FIRST


def _geometry(group: Any, scales: dict[str, Any], axes: str) -> tuple[StackGeometry, tuple[str, ...]]:
    """Spacing in mm where the file counts in mm or more, otherwise in um; proportions where it names no unit.

    With a sentence where the scale is not used.
    """
    if "Z" not in axes:
        return StackGeometry(), ()
    factors = scale_factors(scales, axes)
    if np.isnan(factors).any():
        told = "The scale in the file has not one number for each axis and is not used; the spacing is not known."
        return StackGeometry(affine=_own_affine(group)), (told,)
    described = [axis if isinstance(axis, dict) else {} for axis in scales.get("axes") or [{}] * len(axes)]
    units = [described[axes.index(letter)].get("unit") for letter in "ZYX"]
    sizes = [float(factors[axes.index(letter)]) for letter in "ZYX"]
    return _spacing(sizes, units, _own_affine(group)), ()


def _spacing(sizes: list[float], units: list[Any], affine: Affine | None) -> StackGeometry:
    if not all(size > 0 and np.isfinite(size) for size in sizes):
        return StackGeometry()
    in_um = [to_micrometers(1.0, unit) for unit in units]
    if None in in_um:
        # Without a unit, steps of one are no more than counting.
        given = any(size != 1 for size in sizes)
        return StackGeometry((sizes[0], sizes[1], sizes[2]) if given else None, "", affine)
    coarse = min(unit or 0.0 for unit in in_um) >= MICROMETERS_IN_MM
    divisor = MICROMETERS_IN_MM if coarse else 1.0
    z, y, x = (size * ((unit or 0.0) / divisor) for size, unit in zip(sizes, in_um, strict=True))
    return StackGeometry((z, y, x), "mm" if coarse else "um", affine)


def _own_affine(group: Any) -> Affine | None:
    attributes = dict(group.attrs)
    own = attributes.get(OWN_ATTRIBUTES) or attributes.get(OLD_ATTRIBUTES) or {}
    affine = np.array(own.get("affine", ()), np.float64)
    return affine if affine.shape == (4, 4) and np.isfinite(affine).all() else None
