"""Counting the labels of a stack, and which slices have any."""

from collections.abc import Callable, Collection, Sequence

from wholefield.sources.stacks.stack import StackSource
from wholefield.training.label_values import LabelCounts, LabelOptions


def count_labels(
    target: StackSource,
    slices: Sequence[int],
    done: Callable[[int], None],
    options: LabelOptions | None = None,
    labeled: set[int] | None = None,
) -> LabelCounts:
    """How many voxels of some slices have each value.

    Args:
        target: The stack of labels.
        slices: The slices to look at.
        done: Called after each with how many are done.
        options: What the settings say of label values.
        labeled: Takes the slices that have a label which is not ignored.

    Returns:
        The counts; what is not a number is counted apart.

    Raises:
        SettingError: The values are not whole numbers, or too many to be labels.
    """
    counts = LabelCounts(target.name, options or LabelOptions())
    for number, at in enumerate(slices, 1):
        before = _counted(counts)
        counts.add(target.plane(0, at), f"in slice {at}")
        if labeled is not None and _counted(counts) > before:
            labeled.add(at)
        done(number)
    return counts


def _counted(counts: LabelCounts) -> int:
    return sum(count for value, count in counts.counts.items() if value not in counts.options.ignored)


def left_out(slices: Sequence[int], labeled: Collection[int]) -> str | None:
    """What to say of slices without a label; None where all have one."""
    without = sum(at not in labeled for at in slices)
    if not without:
        return None
    return f"{without:,} of {len(slices):,} training slices have no label and are left out."
