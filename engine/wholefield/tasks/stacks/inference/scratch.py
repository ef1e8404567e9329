"""A volume on disk that is there for as long as it takes to fill and read it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from wholefield.sources.stacks.stack import AnyArray, Box

SCRATCH = "volume.npy"
"""What a run calls such a file in its folder."""


class ScratchVolume:
    """A volume of zeros at first, in a file. Nothing stays mapped between calls: Windows removes no mapped file.

    Attributes:
        path: the file.
        shape: (slices, rows, columns).
        dtype: type of the values.
    """

    def __init__(self, path: Path, shape: tuple[int, int, int], dtype: npt.DTypeLike) -> None:
        """Make the file; raises OSError where there is no room."""
        self.path, self.shape, self.dtype = path, shape, np.dtype(dtype)
        self._mapped("w+")

    def put(self, box: Box, values: AnyArray) -> None:
        """Write a box."""
        self._mapped("r+")[box] = values

    def add(self, box: Box, values: AnyArray) -> None:
        """Add to a box."""
        self._mapped("r+")[box] += values

    def planes(self) -> Iterator[AnyArray]:
        """The slices, first to last, (rows, columns)."""
        for at in range(self.shape[0]):
            yield np.array(self._mapped("r")[at])

    def _mapped(self, mode: Any) -> AnyArray:
        return np.memmap(self.path, self.dtype, mode, shape=self.shape)


@contextmanager
def scratch_volume(path: Path, shape: tuple[int, int, int], dtype: npt.DTypeLike) -> Iterator[ScratchVolume]:
    """A volume in a file that is removed at the end, whatever happens.

    Raises:
        OSError: the disk is full or may not be written to.
    """
    try:
        yield ScratchVolume(path, shape, dtype)
    finally:
        path.unlink(missing_ok=True)
