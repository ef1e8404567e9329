"""The words of a recording behind its header, memory-mapped."""

from __future__ import annotations

import mmap
import os
from pathlib import Path
from typing import Any

import numpy as np

from wholefield.errors import SourceError
from wholefield.sources.events.codec import Words

# Where a page is asked for, a system maps up to that many bytes around it that it holds already: a huge page.
AT_ONCE = 2 * 2**20


class WordFile:
    """Reads words by position from any thread; what has been read does not stay in this process' memory.

    Attributes:
        rest: Bytes at the end of the file that do not make a whole word.
    """

    def __init__(self, path: Path, offset: int, word: np.dtype[Any]) -> None:
        """Map what lies behind the first `offset` bytes."""
        self._name = path.name
        self._offset = offset
        self._word = word
        self._file = path.open("rb")
        size = os.fstat(self._file.fileno()).st_size
        self._length, self.rest = divmod(max(size - offset, 0), word.itemsize)
        self._map: mmap.mmap | None = None
        if self._length:
            self._map = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)

    def __len__(self) -> int:
        return self._length

    def read(self, begin: int, end: int) -> Words:
        """The words [begin, end), cut at the end of the file; a copy, so that nothing else depends on the map.

        Raises:
            SourceError: The file is closed, or has become shorter since it was opened.
        """
        begin, end = max(begin, 0), min(end, self._length)
        mapped = self._map
        if begin >= end:
            return np.zeros(0, self._word)
        first = self._offset + begin * self._word.itemsize
        last = self._offset + end * self._word.itemsize
        try:
            # A mapped page behind the end of a file that was cut would end the process.
            whole = os.fstat(self._file.fileno()).st_size >= last
            if mapped is None or not whole:
                raise SourceError(f"{self._name} has become shorter since it was opened; open it again.")
            words = np.frombuffer(mapped[first:last], self._word)
            self._release(mapped, first, last)
        except (ValueError, OSError) as error:
            raise SourceError(f"{self._name} is closed or cannot be read; open it again.") from error
        return words

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        if self._map is not None:
            self._map.close()

    @staticmethod
    def _release(mapped: mmap.mmap, first: int, last: int) -> None:
        """Give the pages back, so that playing a recording does not fill the memory of this process with it."""
        if hasattr(mmap, "MADV_DONTNEED"):
            begin = first // AT_ONCE * AT_ONCE
            end = min(-(-last // AT_ONCE) * AT_ONCE, len(mapped))
            mapped.madvise(mmap.MADV_DONTNEED, begin, end - begin)
