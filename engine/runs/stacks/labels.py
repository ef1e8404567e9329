"""Labels of a stack: which values occur how often, and the class of every voxel."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.errors import SettingError
from engine.runs.stacks.config import StackSegmentationConfig
from engine.runs.stacks.numbers import whole_numbers
from engine.sources.stack import AnyArray, StackSource

# A class map is written in bytes, one value of which stands for what is ignored.
MOST_LABELS = 255


@dataclass(frozen=True)
class LabelSet:
    """The labels that a network tells apart.

    Attributes:
        values: their values in the files, ascending; the class is the place in this list.
        ignored: the value that counts for nothing, if any; its class is the number of labels.
    """

    values: tuple[int, ...]
    ignored: int | None = None

    @property
    def ignored_class(self) -> int | None:
        """The class of what is ignored."""
        return None if self.ignored is None else len(self.values)

    def classes(self, array: AnyArray, place: str) -> Tensor:
        """The class of every voxel, int64.

        Raises:
            SettingError: a value is no label; `place` says where it stands.
        """
        known = np.array(self.values)
        found = np.searchsorted(known, array).clip(max=len(known) - 1)
        strange = known[found] != array
        if self.ignored is not None:
            ignored = array == self.ignored
            found[ignored], strange = len(known), strange & ~ignored
        if strange.any():
            raise SettingError(
                f"{place} holds {array[strange].flat[0]}, which is none of the labels "
                f"{', '.join(map(str, self.values))}; correct label_values or set ignore_label."
            )
        return torch.from_numpy(found.astype(np.int64))

    def in_file(self, classes: NDArray[np.uint8]) -> AnyArray:
        """Classes as the values that the files had, in the smallest type that holds them all."""
        values = np.array(self.values)
        kind = np.uint8 if values[-1] <= 255 else np.uint16 if values[-1] <= 65535 else np.int32
        return values.astype(kind)[classes]


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
        values, times = np.unique(target.plane(0, at), return_counts=True)
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


def label_set(counts: dict[int, int], config: StackSegmentationConfig, name: str) -> LabelSet:
    """The labels that the settings ask for, or all that occur.

    Raises:
        SettingError: there are not at least two.
    """
    if config.label_values is not None:
        values = set(whole_numbers("label_values", config.label_values))
    else:
        values = set(counts)
    values -= {config.ignore_label}
    if not 2 <= len(values) <= MOST_LABELS:
        raise SettingError(
            f"{name} holds {len(values)} label beside the ignored one; a network tells 2 to {MOST_LABELS} apart."
        )
    return LabelSet(tuple(sorted(values)), config.ignore_label)
