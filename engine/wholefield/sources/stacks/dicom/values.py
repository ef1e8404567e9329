"""From stored numbers to values: the type that holds them all, and the scale of each slice."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from wholefield.sources.dicom.layout import HeaderError, PixelLayout
from wholefield.sources.stacks.dicom.slices import SAME
from wholefield.sources.stacks.stack import AnyArray

# No instrument gives numbers beyond this, and float32, in which values are shown and computed, ends at 3.4e38.
HIGHEST = 1e30
Scale = tuple[float, float]


def values_dtype(layout: PixelLayout, scales: Iterable[Scale]) -> np.dtype[np.generic]:
    """The smallest type that certainly holds every rescaled value: whole numbers where slopes are whole.

    Raises:
        HeaderError: The scales lead to numbers that nothing measures.
    """
    if layout.channels > 1:
        return np.dtype(np.uint8) if layout.palette is not None else layout.dtype
    own = set(scales)
    stored = layout.table.dtype if layout.table is not None else layout.dtype
    if own == {SAME} or layout.table is not None:
        return np.dtype(stored)
    low, high = _stored_range(layout)
    if layout.element.real:
        return stored
    ends = [slope * end + intercept for slope, intercept in own for end in (low, high)]
    if max(map(abs, ends)) > HIGHEST:
        slope, intercept = max(own, key=_size)
        raise HeaderError(
            f"it rescales its values by {slope:g} and {intercept:g}, to numbers that nothing measures"
        )
    if not any(slope % 1 or intercept % 1 for slope, intercept in own):
        exact = [int(slope) * end + int(intercept) for slope, intercept in own for end in (low, high)]
        for name in (np.int16, np.int32, np.int64):
            limits = np.iinfo(name)
            if limits.min <= min(exact) and max(exact) <= limits.max:
                return np.dtype(name)
    return np.dtype(np.float32 if stored.itemsize <= 2 else np.float64)


def rescaled(values: AnyArray, scale: Scale, dtype: npt.DTypeLike) -> AnyArray:
    """Stored values times the slope plus the intercept."""
    wanted = np.dtype(dtype)
    if scale == SAME or values.ndim == 3:
        return values.astype(wanted, copy=False)
    wide = np.float64 if wanted.kind == "f" else np.int64
    return (values.astype(wide) * wide(scale[0]) + wide(scale[1])).astype(wanted)


def _stored_range(layout: PixelLayout) -> tuple[int, int]:
    bits = layout.stored
    return (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if layout.signed else (0, 2**bits - 1)


def _size(scale: Scale) -> float:
    return abs(scale[0]) + abs(scale[1])
