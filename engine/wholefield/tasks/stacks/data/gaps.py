"""Voxels of stacks that are not finite, as outside a round field of view: counted before a run, kept in predictions."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wholefield.errors import SettingError
from wholefield.sources.stacks.stack import AnyArray, StackSource


@dataclass
class Gaps:
    """How many voxels do not count.

    Attributes:
        input: Voxels of the input that are not finite in some channel.
        target: Voxels of the target that are not finite.
    """

    input: int = 0
    target: int = 0


def not_finite(stack: StackSource, at: int) -> NDArray[np.bool_] | None:
    """Which voxels of a slice are not finite in some channel, (rows, columns); None where the type has only numbers."""
    if stack.dtype.kind not in "fc":
        return None
    finite = np.isfinite(stack.plane(0, at))
    return np.asarray(~(finite.all(axis=-1) if finite.ndim == 3 else finite))


def count_gaps(
    stack: StackSource, target: StackSource, parts: Sequence[Sequence[int]], done: Callable[[int], None]
) -> Gaps:
    """Count what does not count in the slices of a run.

    Args:
        stack: The input.
        target: The target.
        parts: Slices of the training, then of the validation, which may be none.
        done: Called after each slice with how many are done.

    Returns:
        The counts.

    Raises:
        SettingError: No voxel of a part is finite in both stacks.
    """
    gaps, number = Gaps(), 0
    for name, slices in zip(("training", "validation"), parts, strict=True):
        usable = not slices
        for at in slices:
            planes = [not_finite(each, at) for each in (stack, target)]
            found = [plane for plane in planes if plane is not None]
            gaps.input += 0 if planes[0] is None else int(np.count_nonzero(planes[0]))
            gaps.target += 0 if planes[1] is None else int(np.count_nonzero(planes[1]))
            usable = usable or not found or not np.logical_or.reduce(found).all()
            number += 1
            done(number)
        if not usable:
            raise SettingError(
                f"No voxel of the {name} slices is finite in both {stack.name} and {target.name}, so there is nothing "
                "to learn from; choose other stacks or slices."
            )
    return gaps


def gap_note(voxels: int, name: str, *, labels: bool) -> str:
    """What to say of a prediction over a stack with voxels that are not finite."""
    there = "the labels there are what it makes of that" if labels else "the prediction there is not a number"
    return f"{voxels:,} voxels of {name} are not finite; the network was given the mean in their place, and {there}."


def notes_on_gaps(gaps: Gaps, stack: StackSource, target: StackSource) -> tuple[str, ...]:
    """What to say of voxels that do not count, a sentence each for input and target."""
    notes = []
    if gaps.input:
        notes.append(
            f"{gaps.input:,} voxels of {stack.name} are not finite; the network is given the mean in their place, and "
            "they count for nothing in loss and figures."
        )
    if gaps.target:
        notes.append(
            f"{gaps.target:,} voxels of {target.name} are not finite; they count for nothing in loss and figures."
        )
    return tuple(notes)


def with_gaps(
    planes: Iterable[AnyArray],
    gaps_at: Callable[[int], NDArray[np.bool_] | None],
    count: Callable[[int], None],
) -> Iterator[AnyArray]:
    """Predicted slices, numbers of which are not a number where the input is not finite.

    Labels stay: they are what the network makes of the surroundings.

    Args:
        planes: Slices, (rows, columns), from the first on.
        gaps_at: Gives which voxels of a slice are not finite.
        count: Called for every slice with how many such voxels it has.
    """
    for at, plane in enumerate(planes):
        gaps = gaps_at(at)
        if gaps is not None and (number := int(np.count_nonzero(gaps))):
            count(number)
            if plane.dtype.kind == "f":
                plane = np.where(gaps, plane.dtype.type(np.nan), plane)
        yield plane
