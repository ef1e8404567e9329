"""Volumes at another voxel size, as nnU-Net v2 brings them there and back.

Cubic splines, edges repeated; where one axis is more than three times as coarse as the others, slices are resampled one
by one, and along that axis the nearest slice is taken (nnU-Net's `default_resampling` with its usual settings).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from wholefield.tasks.applying import AnyArray

ANISOTROPY = 3.0
"""Beyond this ratio of the spacings nnU-Net treats the coarsest axis apart."""


def resampled_shape(shape: Sequence[int], before: Sequence[float], after: Sequence[float]) -> tuple[int, ...]:
    """Voxels along each axis at another spacing."""
    return tuple(round(old / new * count) for count, old, new in zip(shape, before, after, strict=True))


def coarse_axis(before: Sequence[float], after: Sequence[float]) -> int | None:
    """The axis that is treated apart: of the first of both spacings that is anisotropic; None where none is alone."""
    for spacing in (before, after):
        if max(spacing) / min(spacing) > ANISOTROPY:
            (coarsest,) = np.nonzero(np.asarray(spacing) == max(spacing))
            return int(coarsest[0]) if len(coarsest) == 1 else None
    return None


def resampled(volume: AnyArray, shape: Sequence[int], axis: int | None, order: int) -> AnyArray:
    """A volume with other numbers of voxels.

    Args:
        volume: (z, y, x).
        shape: Voxels along each axis afterwards.
        axis: The axis along which the nearest slice is taken; None resamples all alike.
        order: Of the splines along the others: 3 for images, 1 for what networks give.
    """
    if tuple(shape) == volume.shape:
        return volume
    if axis is None:
        return _splines(volume, shape, order)
    plane = [count for index, count in enumerate(shape) if index != axis]
    slices = [_splines(each, plane, order) for each in np.moveaxis(volume, axis, 0)]
    stacked, count = np.stack(slices, axis), volume.shape[axis]
    # The slice whose center is nearest, the later one where two are as near.
    places = (np.arange(shape[axis]) + 0.5) * (count / shape[axis]) - 0.5
    return np.take(stacked, np.clip(np.floor(places + 0.5).astype(int), 0, count - 1), axis)


def _splines(values: AnyArray, shape: Sequence[int], order: int) -> AnyArray:
    """Sampled at the centers of equal parts, edges repeated, and kept within the values that were there."""
    factors = [after / before for before, after in zip(values.shape, shape, strict=True)]
    found = ndimage.zoom(values.astype(np.float64), factors, order=order, mode="nearest", grid_mode=True)
    return np.asarray(np.clip(found, values.min(), values.max()))
