"""The words of a recording behind its header, read by position."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import numpy as np

from wholefield.errors import SourceError
from wholefield.sources.events.clock_repair import ClockRepair
from wholefield.sources.events.time_word import TimeWord, Words


class WordFile:
    """Reads words by position from any thread. The file is as long as it was when it was opened.

    Attributes:
        rest: Bytes at the end of the file that do not make a whole word.
        repair: Replaces damaged time words in what is read; None where the format keeps none.
    """

    def __init__(
        self, path: Path, offset: int, word: np.dtype[Any], time_word: TimeWord | None = None
    ) -> None:
        """Open what lies behind the first `offset` bytes."""
        self._name = path.name
        self._offset = offset
        self._word = word
        self._seeking = threading.Lock()
        self._file = path.open("rb", buffering=0)
        self._size = os.fstat(self._file.fileno()).st_size
        self._length, self.rest = divmod(max(self._size - offset, 0), word.itemsize)
        self.repair = ClockRepair(time_word, self._length, self._raw) if time_word is not None else None

    def __len__(self) -> int:
        return self._length

    @property
    def grown(self) -> int:
        """Bytes that were added since the file was opened, which are not read."""
        return os.fstat(self._file.fileno()).st_size - self._size

    def read(self, begin: int, end: int) -> Words:
        """The words [begin, end), cut at the end of the file, with damaged times repaired.

        Raises:
            SourceError: The file is closed, or has become shorter since it was opened.
        """
        begin = max(begin, 0)
        words = self._raw(begin, end)
        return words if self.repair is None or not words.size else self.repair.apply(words, begin)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _raw(self, begin: int, end: int) -> Words:
        """The words [begin, end) as they are in the file."""
        begin, end = max(begin, 0), min(end, self._length)
        if begin >= end:
            return np.zeros(0, self._word)
        content = np.empty((end - begin) * self._word.itemsize, np.uint8)
        place, filled, view = self._offset + begin * self._word.itemsize, 0, content.data
        try:
            # A mapped file that is cut short while it is open would end the process: it is read instead.
            while filled < len(content):
                count = self._read_into(view[filled:], place + filled)
                if not count:
                    raise SourceError(f"{self._name} has become shorter since it was opened; open it again.")
                filled += count
        except (ValueError, OSError) as error:
            raise SourceError(f"{self._name} is closed or cannot be read; open it again.") from error
        return content.view(self._word)

    def _read_into(self, view: memoryview, place: int) -> int:
        if hasattr(os, "preadv"):
            return os.preadv(self._file.fileno(), [view], place)
        with self._seeking:
            self._file.seek(place)
            return self._file.readinto(view) or 0
