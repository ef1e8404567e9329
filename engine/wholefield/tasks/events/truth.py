"""A field of true flow of a benchmark, read when it is its turn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt


class KnownFlow(NamedTuple):
    """True displacements (2, H, W) in px, and the pixels (H, W) that count."""

    flow: npt.NDArray[np.float32]
    known: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Truth:
    """When it holds, on the clock of the recording in us, and what reads it."""

    start_us: int
    end_us: int
    read: Callable[[], tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]]

    def load(self) -> KnownFlow:
        """The flow and the pixels that count."""
        return KnownFlow(*self.read())
