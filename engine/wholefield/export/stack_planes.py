"""What all writers of stacks share: planes are checked and counted on their way to the file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from wholefield.errors import SettingError
from wholefield.progress import ProgressCallback

AnyArray = npt.NDArray[Any]
Shape = tuple[int, int, int]


def passing(
    planes: Iterable[AnyArray],
    shape: Shape,
    dtype: np.dtype[Any],
    progress: ProgressCallback | None,
    channels: int = 1,
) -> Iterator[AnyArray]:
    """Planes one by one, as they are written.

    Args:
        planes: (y, x) arrays, or (y, x, channels) where there are several; truth values become 0 and 1.
        shape: (z, y, x) of the stack.
        dtype: Type that every plane must have.
        progress: Called after each plane with the number of planes done and in total.
        channels: Values per voxel.

    Raises:
        ValueError: There are too few planes, too many, or one of another shape or type.
    """
    done, sides = 0, plane_shape(shape, channels)
    for plane in planes:
        values = plane.astype(np.uint8) if plane.dtype == np.bool_ else plane
        if done == shape[0]:
            raise ValueError(f"there are more planes than a stack of {shape} has")
        if values.shape != sides or values.dtype != dtype:
            raise ValueError(f"plane {done} is {values.dtype} {values.shape}, not {dtype} {sides}")
        yield np.ascontiguousarray(values)
        done += 1
        if progress is not None:
            progress(done, shape[0])
    if done < shape[0]:
        raise ValueError(f"there are {done} planes, but a stack of {shape} has {shape[0]}")


def plane_shape(shape: Shape, channels: int) -> tuple[int, ...]:
    """Shape of a plane: (y, x), or (y, x, channels) where there are several."""
    return (*shape[1:], channels) if channels > 1 else shape[1:]


def written_dtype(dtype: npt.DTypeLike, kinds: Iterable[str], format_name: str) -> np.dtype[Any]:
    """The type that a stack is written with; truth values take bytes.

    Args:
        dtype: Type of the planes.
        kinds: Types that the format can hold, such as "u2".
        format_name: Its name, for the error.

    Raises:
        SettingError: The format cannot hold this type.
    """
    wanted = np.dtype(dtype)
    wanted = np.dtype(np.uint8) if wanted == np.bool_ else wanted.newbyteorder("=")
    if wanted.str[1:] not in kinds:
        raise SettingError(f"{format_name} cannot hold voxels of type {wanted}; convert them to float32.")
    return wanted


def refuse_empty(shape: Shape) -> None:
    """Raise SettingError for a stack without voxels."""
    if len(shape) != 3 or min(shape) < 1:
        raise SettingError(
            f"A stack of {' x '.join(map(str, shape))} voxels is empty; there is nothing to write."
        )
