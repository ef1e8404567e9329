"""Which time bins come in which batch: arithmetic only."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Window:
    """Consecutive time bins of one source that form one element of a batch.

    Attributes:
        source: Index of the source.
        first: Its first bin.
        sequence: Number of the sequence that it is part of; all windows of a sequence have the same crop.
        begin: The first bin of that sequence.

    Example:
        >>> from wholefield.flow.sequences import Window
        >>> Window(source=0, first=6, sequence=1, begin=3).start
        False
    """

    source: int
    first: int
    sequence: int
    begin: int

    @property
    def start(self) -> bool:
        """Whether a sequence begins here, so that the state from before must be cleared."""
        return self.first == self.begin


def max_consecutive_batches(curriculum_param: float, epoch: int) -> int:
    """Length of the sequences of an epoch: int(p ** (epoch - 1)), but at least 1.

    A recurrent network first learns from the newest bins, then from what it can carry over longer and longer sequences.

    Args:
        curriculum_param: p, at least 1.
        epoch: The epoch, counted from 1.

    Returns:
        Consecutive batches of a sequence.

    Example:
        >>> from wholefield.flow.sequences import max_consecutive_batches
        >>> [max_consecutive_batches(1.414, epoch) for epoch in range(1, 10)]
        [1, 1, 1, 2, 3, 5, 7, 11, 15]
    """
    return max(int(curriculum_param ** (epoch - 1)), 1)


def sequences(
    bins: Sequence[int],
    num_tbins: int,
    max_consecutive: int,
    random: np.random.Generator | None = None,
    repeats: int = 1,
) -> list[list[Window]]:
    """Cut sources into sequences of at most `max_consecutive` windows of `num_tbins` consecutive bins each.

    Bins that do not fill a whole window are left out: at the end, or with `random` some at the start, drawn again for
    every call, so that every bin takes part sooner or later. A source with fewer bins than one window gives none.

    Args:
        bins: Time bins of each source.
        num_tbins: Bins of a window.
        max_consecutive: Windows of a sequence at most.
        random: Shuffles the sequences; None keeps their order.
        repeats: How often to go through the sources.

    Returns:
        The sequences, each a list of its windows.

    Example:
        >>> from wholefield.flow.sequences import sequences
        >>> [[window.first for window in part] for part in sequences([10], num_tbins=3, max_consecutive=2)]
        [[0, 3], [6]]
    """
    found: list[list[Window]] = []
    for source, count in [*enumerate(bins)] * repeats:
        windows, spare = divmod(count, num_tbins)
        offset = 0 if random is None else int(random.integers(spare + 1))
        firsts = [offset + index * num_tbins for index in range(windows)]
        for begin in range(0, windows, max_consecutive):
            number = len(found)
            part = firsts[begin : begin + max_consecutive]
            found.append([Window(source, first, number, part[0]) for first in part])
    if random is not None:
        found = [found[index] for index in random.permutation(len(found))]
    return found


def lanes(parts: Sequence[Sequence[Window]], batch_size: int) -> list[tuple[Window | None, ...]]:
    """Deal sequences to the elements of batches, so that each continues in the same element of the next batch.

    Args:
        parts: The sequences; each goes to the element that is free first.
        batch_size: Elements of a batch.

    Returns:
        The batches; None stands in elements that have run out.

    Example:
        >>> from wholefield.flow.sequences import lanes, sequences
        >>> batches = lanes(sequences([10], num_tbins=3, max_consecutive=2), batch_size=2)
        >>> [[window and window.first for window in batch] for batch in batches]
        [[0, 6], [3, None]]
    """
    places: list[list[Window]] = [[] for _ in range(batch_size)]
    for part in parts:
        min(places, key=len).extend(part)
    longest = max(map(len, places), default=0)
    return [tuple(place[step] if step < len(place) else None for place in places) for step in range(longest)]
