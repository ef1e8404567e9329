"""One array of a Zarr store as a stack, read chunk by chunk."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from wholefield.errors import SourceError
from wholefield.sources.reading import damaged
from wholefield.sources.stacks.axes import AxisOrder
from wholefield.sources.stacks.stack import AnyArray, Box, StackDescription, StackSource

# A chunk is decoded whole, whatever is read of it.
MOST_CHUNK_BYTES = 2**31
# What compression may add to numbers that cannot be compressed, and the index of a shard.
SPARE_BYTES = 2**22


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
    """Refuse an array without voxels, or with chunks that no memory holds or that are made to fill it.

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
    for name, size in _large_members(path, array, chunk):
        raise SourceError(
            f"{path} holds {name} of {size / 1e6:.0f} MB, more than the chunk of {chunk / 1e6:.1f} MB that it is; it "
            "is damaged, or made to fill the memory."
        )


def _large_members(path: Path, array: Any, chunk: int) -> Iterator[tuple[str, int]]:
    """Members of a zip file that unpack to much more than one chunk, or one shard of chunks, of an array."""
    if not path.is_file():
        return
    shard = math.prod(getattr(array, "shards", None) or array.chunks) * np.dtype(array.dtype).itemsize
    most = 2 * max(shard, chunk) + SPARE_BYTES
    with zipfile.ZipFile(path) as archive:
        for each in archive.infolist():
            if each.filename.startswith(array.path) and each.file_size > most:
                yield each.filename, each.file_size
