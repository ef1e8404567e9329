"""Which values occur in a stack of labels, and how often. Imports no torch, so that a form can ask it too."""

from collections.abc import Callable, Sequence

import numpy as np

from wholefield.errors import SettingError
from wholefield.sources.stacks.stack import AnyArray, StackSource

# A class map is written in bytes, one value of which stands for what is ignored.
MOST_LABELS = 255


def count_labels(target: StackSource, slices: Sequence[int], done: Callable[[int], None]) -> dict[int, int]:
    """How many voxels of some slices have each value.

    Args:
        target: the stack of labels.
        slices: the slices to look at.
        done: called after each with how many are done.

    Raises:
        SettingError: the values are not whole numbers from 0 on, or too many to be labels.
    """
    counts: dict[int, int] = {}
    for number, at in enumerate(slices, 1):
        values, times = values_of(target.plane(0, at))
        if values[0] < 0 or (values != np.round(values)).any():
            strange = values[0] if values[0] < 0 else values[values != np.round(values)][0]
            raise SettingError(
                f"{target.name} holds {strange:g} in slice {at}, but labels are whole numbers from 0 on; "
                "choose a stack of labels as target, or train for regression."
            )
        for value, count in zip(values.tolist(), times.tolist(), strict=True):
            counts[int(value)] = counts.get(int(value), 0) + count
        if len(counts) > MOST_LABELS:
            raise SettingError(
                f"{target.name} holds more than {MOST_LABELS} values, which look like intensities; "
                "choose a stack of labels as target, or train for regression."
            )
        done(number)
    return counts


def values_of(plane: AnyArray) -> tuple[AnyArray, AnyArray]:
    """The values that occur in an array, ascending, and how often each does."""
    if plane.dtype in (np.uint8, np.uint16):
        # Many times faster than sorting.
        times = np.bincount(plane.ravel())
        values = np.flatnonzero(times)
        return values, times[values]
    return np.unique(plane, return_counts=True)
