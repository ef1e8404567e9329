"""Which words of a stream carry the time, and how many of them have to agree before one is taken for damaged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.integer[Any]]
Integers = npt.NDArray[np.int64]

# Damaged words in a row that are still repaired.
RUN = 3
# Pairs of words on either side that have to be in order, and how many there have to be in all.
NEIGHBORS, EVIDENCE = 10, 10


@dataclass(frozen=True)
class TimeWord:
    """Where a format keeps the (high bits of the) time.

    Attributes:
        type_shift: Lowest bit of the type of a word.
        type_mask: Bits of the type; 0 where every word carries a time.
        kind: Type of the words that carry it.
        shift: Lowest bit of the time.
        bits: Number of its bits.
        unit: Its step, in us.
        tolerance: Steps that a word may be early or late without being taken for damaged.
    """

    type_shift: int
    type_mask: int
    kind: int
    shift: int
    bits: int
    unit: int
    tolerance: int

    def places(self, words: Words) -> npt.NDArray[np.intp]:
        """Positions of the words that carry a time."""
        if not self.type_mask:
            return np.arange(len(words))
        return np.flatnonzero((words >> self.type_shift & self.type_mask) == self.kind)

    def values(self, words: Words) -> Integers:
        """The times of such words, in steps."""
        return (words >> self.shift & ((1 << self.bits) - 1)).astype(np.int64)

    def replaced(self, words: Words, values: Integers) -> Words:
        """Such words with other times."""
        kept = words & words.dtype.type(~(((1 << self.bits) - 1) << self.shift) & np.iinfo(words.dtype).max)
        return kept | values.astype(words.dtype) << self.shift
