"""One array of a Zarr store as a stack, read chunk by chunk."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from wholefield.errors import SourceError
from wholefield.sources.reading import damaged
from wholefield.sources.stacks.axes import AxisOrder
from wholefield.sources.stacks.stack import AnyArray, Box, StackDescription, StackSource

# A chunk is decoded whole, whatever is read of it.
MOST_CHUNK_BYTES = 2**31


class ZarrStack(StackSource):
    """An array whose axes are known."""

    def __init__(
        self, path: Path, description: StackDescription, store: Any, array: Any, order: AxisOrder
    ) -> None:
        super().__init__(path, description)
        self._store = store
        self._array = array
        self._order = order

    def _release(self) -> None:
        self._store.close()

    def _read_box(self, box: Box) -> AnyArray:
        try:
            return self._order.arranged(np.asarray(self._array[self._order.selection(self.time, box)]))
        except Exception as error:  # stores and codecs raise errors of their own kinds
            raise damaged(self.path, error) from error


def refuse_impossible(path: Path, array: Any) -> None:
    """Refuse an array without voxels, or with chunks that no memory holds.

    Raises:
        SourceError: It is one.
    """
    if 0 in array.shape:
        raise SourceError(
            f"{path} holds an array of {' x '.join(map(str, array.shape))} voxels; there is nothing to show."
        )
    chunk = math.prod(array.chunks) * np.dtype(array.dtype).itemsize
    if chunk > MOST_CHUNK_BYTES:
        raise SourceError(
            f"{path} keeps its voxels in chunks of {chunk / 1e9:.1f} GB, each of which has to be read whole; store "
            "it in smaller chunks."
        )
