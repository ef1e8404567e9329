"""What a training on labels that were drawn needs to be told: their values, and slices to validate with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wholefield.errors import SettingError
from wholefield.labels import VoxelLabels

VALIDATED = 0.2
"""Share of the labeled slices that are kept for validation."""


@dataclass(frozen=True)
class DrawnTraining:
    """The settings of a segmentation on drawn labels.

    Attributes:
        label_values: The values that are classes.
        ignore_label: Those that count for nothing: what is not labeled, and classes to ignore.
        validation_slices: The slices to validate with; None where none can be spared.
    """

    label_values: str
    ignore_label: str
    validation_slices: str | None


def drawn_training(labels: VoxelLabels, ignored: frozenset[int] = frozenset()) -> DrawnTraining:
    """Which classes a network learns from labels, and on which slices it is measured.

    A run of labeled slices as near to the middle of them as possible is kept for validation, with all classes on both
    sides, or else at least two; where that cannot be, nothing is validated.

    Args:
        labels: The labels.
        ignored: Classes that count for nothing.

    Raises:
        SettingError: There are not at least two classes.

    Example:
        >>> import numpy as np
        >>> from wholefield.labels import VoxelLabels
        >>> from wholefield.tasks.stacks.data.drawn import drawn_training
        >>> labels = VoxelLabels((20, 8, 8))
        >>> for z in (2, 5, 6, 9, 13):
        ...     labels.paint((slice(z, z + 1), slice(0, 1), slice(0, 2)), np.array([[[True, False]]]), 1)
        ...     labels.paint((slice(z, z + 1), slice(0, 1), slice(0, 2)), np.array([[[False, True]]]), 2)
        >>> drawn_training(labels)
        DrawnTraining(label_values='1,2', ignore_label='0', validation_slices='6')
    """
    values = sorted(value for value in labels.counts() if value not in ignored)
    if len(values) < 2:
        raise SettingError("A network needs labels of at least two classes, such as cells and background.")
    slices = {value: frozenset(labels.slices_of(value, 0)) for value in values}
    return DrawnTraining(
        ",".join(map(str, values)),
        ",".join(map(str, sorted({0} | (ignored & set(labels.counts()))))),
        _validation(slices),
    )


def _validation(slices: dict[int, frozenset[int]]) -> str | None:
    labeled = sorted(frozenset().union(*slices.values()))
    count = max(1, round(VALIDATED * len(labeled)))
    middle = (len(labeled) - count) / 2
    starts = sorted(range(len(labeled) - count + 1), key=lambda start: abs(start - middle))
    blocks = [labeled[start : start + count] for start in starts]
    for least in (len(slices), 2):
        for block in blocks:
            if len(_trained(slices, block)) == len(slices) and len(_held_out(slices, block)) >= least:
                return ",".join(map(str, block))
    return None


def _trained(slices: dict[int, frozenset[int]], block: Sequence[int]) -> list[int]:
    """The classes that are on other slices than those of a block."""
    return [value for value, found in slices.items() if found - set(block)]


def _held_out(slices: dict[int, frozenset[int]], block: Sequence[int]) -> list[int]:
    return [value for value, found in slices.items() if found & set(block)]
