"""Bytes of open files, read at any place by many threads at once, and never by a memory map.

A mapped file that is cut short while it is open kills the process at the next touch; here it gives a sentence. Boxes of
an array are gathered in runs: a gap between two wanted pieces is read along where a further call would take longer.
"""

from __future__ import annotations

import math
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from wholefield.errors import SourceError
from wholefield.sources.reading import closed, readable
from wholefield.sources.stacks.stack import AnyArray

# Measured by tests/bench/bench_file_bytes.py: a call costs about as much as copying this many bytes.
GAP_BYTES = 4096
# A run is held in memory beside the array that it goes into.
RUN_BYTES = 2**20


@dataclass(frozen=True)
class Part:
    """One file with some of the voxels.

    Attributes:
        path: The file.
        offset: Where its bytes, raw or compressed, begin.
        skip: How many bytes to leave out after decompressing.
    """

    path: Path
    offset: int = 0
    skip: int = 0


class FileBytes(ABC):
    """A row of bytes in one or several files."""

    @abstractmethod
    def read_runs(self, target: memoryview, starts: Sequence[int], length: int) -> None:
        """Read equally long stretches of bytes, one after the other, into `target`.

        Args:
            target: As long as all of them together.
            starts: Where each begins.
            length: Bytes of each.

        Raises:
            SourceError: There are not as many bytes, or they cannot be read.
        """

    @abstractmethod
    def close(self) -> None:
        """Release the files once no thread reads from them."""


class OpenFile(FileBytes):
    """The bytes of one open file from a place on."""

    def __init__(self, path: Path, file: IO[bytes], start: int = 0) -> None:
        """Read from a file.

        Args:
            path: What sentences call it.
            file: Open for reading; closed by `close`.
            start: Where offset 0 is.
        """
        self._path = path
        self._file = file
        self._start = start
        self._lock = Lock()
        self._readers = 0
        self._closed = False

    def read_runs(self, target: memoryview, starts: Sequence[int], length: int) -> None:
        """See `FileBytes`."""
        with self._lock:
            if self._closed:
                raise closed(self._path.name)
            self._readers += 1
        try:
            with readable(self._path):
                self._fill(target, starts, length)
        finally:
            with self._lock:
                self._readers -= 1
                self._end()

    def close(self) -> None:
        """See `FileBytes`."""
        with self._lock:
            self._closed = True
            self._end()

    def _end(self) -> None:
        if self._closed and not self._readers:
            self._file.close()

    def _fill(self, target: memoryview, starts: Sequence[int], length: int) -> None:
        # Every name is looked up once: a plane across rows takes a call for each of them.
        read_at, begin, done = self._reader(), self._start, 0
        for start in starts:
            end, place = done + length, begin + start
            while done < end:
                count = read_at(target[done:end], place)
                if not count:
                    raise SourceError(
                        f"{self._path} has become shorter since it was opened; put the whole file back and "
                        "open it again."
                    )
                done += count
                place += count

    def _reader(self) -> Callable[[memoryview, int], int]:
        """Reads into a buffer from a place in the file; gives how many bytes there were."""
        if hasattr(os, "preadv"):
            number, preadv = self._file.fileno(), os.preadv
            return lambda buffer, place: preadv(number, (buffer,), place)
        return self._seek_and_read

    def _seek_and_read(self, buffer: memoryview, place: int) -> int:
        with self._lock:  # Windows has one position for all threads
            self._file.seek(place)
            return self._file.readinto(buffer)  # type: ignore[attr-defined]  # every binary file has it


class ManyFiles(FileBytes):
    """Equally long pieces of several files, one after the other; each is opened when it is read."""

    def __init__(self, parts: tuple[Part, ...], length: int) -> None:
        """Read from files.

        Args:
            parts: The files, raw.
            length: Bytes that each holds.
        """
        self._parts = parts
        self._length = length

    def read_runs(self, target: memoryview, starts: Sequence[int], length: int) -> None:
        """See `FileBytes`."""
        with ExitStack() as opened:
            number, file = -1, None
            done = 0
            for place in starts:
                end = done + length
                offset = place
                while done < end:
                    part, inside = divmod(offset, self._length)
                    if part != number or file is None:
                        opened.close()
                        file, number = self._open(self._parts[part]), part
                        opened.callback(file.close)
                    count = min(end - done, self._length - inside)
                    file.read_runs(target[done : done + count], (inside,), count)
                    done += count
                    offset += count

    def _open(self, part: Part) -> OpenFile:
        with readable(part.path):
            return OpenFile(part.path, part.path.open("rb", 0), part.offset + part.skip)

    def close(self) -> None:
        """Nothing is open between two reads."""


def read_array(
    source: FileBytes, shape: tuple[int, ...], dtype: np.dtype[Any], selection: tuple[slice, ...]
) -> AnyArray:
    """A box of an array that lies in files in C order.

    Args:
        source: Where the array begins at offset 0.
        shape: Its shape.
        dtype: Type of its numbers as they are stored.
        selection: A slice with whole bounds inside the shape, and step 1, for every axis; none of them empty.

    Returns:
        A new array of the stored type.

    Raises:
        SourceError: As for `FileBytes.read_runs`.
    """
    steps = tuple(math.prod(shape[axis + 1 :]) * dtype.itemsize for axis in range(len(shape)))
    lengths = tuple(side.stop - side.start for side in selection)
    values = np.empty(lengths, dtype)
    axis = _run_axis(lengths, steps, dtype.itemsize)
    first = sum(side.start * step for side, step in zip(selection, steps, strict=True))
    starts = _starts(first, lengths[:axis], steps[:axis])
    if _is_dense(lengths[axis:], steps[axis:], dtype.itemsize):
        length = math.prod(lengths[axis:]) * dtype.itemsize
        source.read_runs(values.reshape(-1).view(np.uint8).data, starts, length)
        return values
    buffer = np.empty(0, np.uint8)
    for start, run in zip(starts, values.reshape(-1, *lengths[axis:]), strict=True):
        buffer = _read_along(source, start, run, steps[axis:], buffer)
    return values


def _starts(first: int, lengths: tuple[int, ...], steps: tuple[int, ...]) -> list[int]:
    """Where runs begin, in the order of an array of these lengths."""
    places = np.array([first], np.int64)
    for length, step in zip(lengths, steps, strict=True):
        places = (places[:, np.newaxis] + np.arange(length, dtype=np.int64) * step).reshape(-1)
    return [int(place) for place in places]


def _run_axis(lengths: tuple[int, ...], steps: tuple[int, ...], itemsize: int) -> int:
    """The outermost axis along which the wanted pieces lie so close that they are read in one go."""
    axis, span = len(lengths) - 1, lengths[-1] * itemsize
    while axis:
        gap = 0 if lengths[axis - 1] == 1 else steps[axis - 1] - span
        if gap > GAP_BYTES or (gap and span > RUN_BYTES):
            break
        axis -= 1
        span += (lengths[axis] - 1) * steps[axis]
    return axis


def _read_along(
    source: FileBytes, start: int, target: AnyArray, steps: tuple[int, ...], buffer: npt.NDArray[np.uint8]
) -> npt.NDArray[np.uint8]:
    """Fill an array from one stretch of bytes with gaps, in pieces of bounded size along its first axis.

    Returns:
        The buffer, or a longer one, for the next stretch.
    """
    span = _span(target.shape[1:], steps[1:], target.itemsize)
    each = max((RUN_BYTES - span) // steps[0] + 1, 1)
    longest = span + (min(each, len(target)) - 1) * steps[0]
    if len(buffer) < longest:
        buffer = np.empty(longest, np.uint8)
    for begin in range(0, len(target), each):
        piece = target[begin : begin + each]
        length = span + (len(piece) - 1) * steps[0]
        source.read_runs(buffer[:length].data, (start + begin * steps[0],), length)
        piece[...] = np.ndarray(piece.shape, piece.dtype, buffer.data, 0, steps)
    return buffer


def _span(lengths: tuple[int, ...], steps: tuple[int, ...], itemsize: int) -> int:
    """Bytes from the first to the last of some elements."""
    return sum((length - 1) * step for length, step in zip(lengths, steps, strict=True)) + itemsize


def _is_dense(lengths: tuple[int, ...], steps: tuple[int, ...], itemsize: int) -> bool:
    return _span(lengths, steps, itemsize) == math.prod(lengths) * itemsize
