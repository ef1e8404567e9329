"""Counting the labels of a stack, and the classes of its voxels as tensors are made of them."""

from collections.abc import Callable, Sequence

from wholefield.sources.stacks.stack import StackSource
from wholefield.training.label_values import LabelCounts, LabelOptions


def count_labels(
    target: StackSource,
    slices: Sequence[int],
    done: Callable[[int], None],
    options: LabelOptions | None = None,
) -> LabelCounts:
    """How many voxels of some slices have each value.

    Args:
        target: The stack of labels.
        slices: The slices to look at.
        done: Called after each with how many are done.
        options: What the settings say of label values.

    Returns:
        The counts; what is not a number is counted apart.

    Raises:
        SettingError: The values are not whole numbers, or too many to be labels.
    """
    counts = LabelCounts(target.name, options or LabelOptions())
    for number, at in enumerate(slices, 1):
        counts.add(target.plane(0, at), f"in slice {at}")
        done(number)
    return counts
