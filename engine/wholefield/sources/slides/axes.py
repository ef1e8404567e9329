"""Axis letters of an image file (T, C, Z, Y, X, S, ...) brought to one order: rows, columns, channels."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping

CHANNEL_LETTERS = "CS"


def plane_indices(axes: str, shape: tuple[int, ...], at: Mapping[str, int]) -> list[int]:
    """Which of the pages of a series form one picture.

    Pages are counted in C order over the leading axes. Channel axes are kept whole; along every other axis
    one position is taken.

    Args:
        axes: Letters of the leading axes, such as "TCZ"; none of them Y or X.
        shape: Their lengths.
        at: Position along an axis that holds no channels; 0 for those not named.

    Returns:
        Page numbers in the order of the channels.

    Raises:
        IndexError: A position lies outside its axis.
    """
    choices = []
    for letter, length in zip(axes, shape, strict=True):
        if letter in CHANNEL_LETTERS:
            choices.append(range(length))
            continue
        position = at.get(letter, 0)
        if not 0 <= position < length:
            raise IndexError(f"axis {letter} has positions 0 to {length - 1}, not {position}")
        choices.append(range(position, position + 1))
    strides = [math.prod(shape[i + 1 :]) for i in range(len(shape))]
    return [
        sum(index * stride for index, stride in zip(indices, strides, strict=True))
        for indices in itertools.product(*choices)
    ]


def other_axes(axes: str, shape: tuple[int, ...]) -> dict[str, int]:
    """Lengths of the axes along which a position has to be chosen to get a picture, such as depth or time."""
    return {
        letter: length
        for letter, length in zip(axes, shape, strict=True)
        if letter not in "YX" + CHANNEL_LETTERS and length > 1
    }
