"""Labels of a stack: which of their values are classes, and the class of every voxel."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wholefield.errors import SettingError
from wholefield.sources.stacks.stack import AnyArray
from wholefield.tasks.stacks.data.label_values import MOST_LABELS
from wholefield.tasks.stacks.settings import StackSegmentationSettings


@dataclass(frozen=True)
class LabelSet:
    """The labels that a network tells apart.

    Attributes:
        values: their values in the files, ascending; the class is the place in this list.
        ignored: the values that count for nothing; their class is the number of labels.
    """

    values: tuple[int, ...]
    ignored: tuple[int, ...] = ()

    @property
    def ignored_class(self) -> int | None:
        """The class of what is ignored."""
        return len(self.values) if self.ignored else None

    def classes(self, array: AnyArray, place: str) -> Tensor:
        """The class of every voxel, int64.

        Raises:
            SettingError: a value is no label; `place` says where it stands.
        """
        known = np.array(self.values)
        found = np.searchsorted(known, array).clip(max=len(known) - 1)
        strange = known[found] != array
        if self.ignored:
            ignored = np.isin(array, self.ignored)
            found[ignored], strange = len(known), strange & ~ignored
        if strange.any():
            raise SettingError(
                f"{place} holds {array[strange].flat[0]}, which is none of the labels "
                f"{', '.join(map(str, self.values))}; correct label_values or set ignore_label."
            )
        return torch.from_numpy(found.astype(np.int64))

    def in_file(self, classes: NDArray[np.uint8]) -> AnyArray:
        """Classes as the values that the files had, in the smallest type that holds them all.

        What is ignored gets the first of its values.
        """
        values = np.array([*self.values, *self.ignored[:1]])
        kind = np.uint8 if values.max() <= 255 else np.uint16 if values.max() <= 65535 else np.int32
        return values.astype(kind)[classes]


def label_set(counts: Mapping[int, int], settings: StackSegmentationSettings, name: str) -> LabelSet:
    """The labels that the settings ask for, or all that occur and are not ignored.

    Args:
        counts: how often every value occurs.
        settings: the settings.
        name: the stack of labels, for the errors.

    Raises:
        SettingError: there are not at least two, or a value occurs that is neither a class nor ignored.
    """
    ignored = settings.ignored_values
    values = set(counts) - ignored if settings.class_values is None else settings.class_values
    if others := sorted(set(counts) - ignored - values):
        raise SettingError(
            f"{name} holds {', '.join(map(str, others))} besides the labels {', '.join(map(str, sorted(values)))}; "
            "add what is missing to label_values or to ignore_label."
        )
    if not 2 <= len(values) <= MOST_LABELS:
        raise SettingError(
            f"{name} holds {len(values)} label besides the ignored ones; a network can distinguish 2 to {MOST_LABELS}."
        )
    return LabelSet(tuple(sorted(values)), tuple(sorted(ignored)))
