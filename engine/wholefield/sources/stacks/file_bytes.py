"""Bytes of open files, read at any place by many threads at once, and never by a memory map.

A mapped file that is cut short while it is open kills the process at the next touch; here it gives a sentence. Boxes of
an array are gathered in runs: a gap between two wanted pieces is read along where a further call would take longer.
"""

from __future__ import annotations

import math
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import IO, Any

import numpy as np

from wholefield.errors import SourceError
from wholefield.sources.reading import closed, readable
from wholefield.sources.stacks.stack import AnyArray

# Measured by tests/bench/bench_file_bytes.py: a call costs about as much as copying this many bytes.
GAP_BYTES = 4096
# A run is held in memory beside the array that it goes into.
RUN_BYTES = 4 * 2**20


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
    def read_into(self, target: memoryview, offset: int) -> None:
        """Fill `target` with the bytes from `offset` on.

        Raises:
            SourceError: There are not as many, or they cannot be read.
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

    def read_into(self, target: memoryview, offset: int) -> None:
        """See `FileBytes`."""
        with self._lock:
            if self._closed:
                raise closed(self._path.name)
            self._readers += 1
        try:
            with readable(self._path):
                self._fill(target, self._start + offset)
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

    def _fill(self, target: memoryview, place: int) -> None:
        done = 0
        while done < len(target):
            count = self._read_at(target[done:], place + done)
            if not count:
                raise SourceError(
                    f"{self._path} has become shorter since it was opened; put the whole file back and open it again."
                )
            done += count

    def _read_at(self, target: memoryview, place: int) -> int:
        if hasattr(os, "preadv"):
            return os.preadv(self._file.fileno(), [target], place)
        with self._lock:  # Windows has one position for all threads
            self._file.seek(place)
            return self._file.readinto(target)  # type: ignore[attr-defined]  # every binary file has it


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

    def read_into(self, target: memoryview, offset: int) -> None:
        """See `FileBytes`."""
        done = 0
        while done < len(target):
            part, inside = divmod(offset + done, self._length)
            count = min(len(target) - done, self._length - inside)
            each = self._parts[part]
            with readable(each.path):
                file = OpenFile(each.path, each.path.open("rb", 0), each.offset + each.skip)
            try:
                file.read_into(target[done : done + count], inside)
            finally:
                file.close()
            done += count

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
        SourceError: As for `FileBytes.read_into`.
    """
    steps = tuple(math.prod(shape[axis + 1 :]) * dtype.itemsize for axis in range(len(shape)))
    lengths = tuple(side.stop - side.start for side in selection)
    values = np.empty(lengths, dtype)
    axis = _run_axis(lengths, steps, dtype.itemsize)
    first = sum(side.start * step for side, step in zip(selection, steps, strict=True))
    for index in np.ndindex(lengths[:axis]):
        start = first + sum(place * step for place, step in zip(index, steps[:axis], strict=True))
        _read_run(source, start, values[index], steps[axis:])
    return values


def _run_axis(lengths: tuple[int, ...], steps: tuple[int, ...], itemsize: int) -> int:
    """The outermost axis along which the wanted pieces lie so close that they are read in one go."""
    axis, span = len(lengths) - 1, lengths[-1] * itemsize
    while axis and span <= RUN_BYTES:
        near = lengths[axis - 1] == 1 or steps[axis - 1] - span <= GAP_BYTES
        if not near:
            break
        axis -= 1
        span += (lengths[axis] - 1) * steps[axis]
    return axis


def _read_run(source: FileBytes, start: int, target: AnyArray, steps: tuple[int, ...]) -> None:
    """Fill an array from one stretch of bytes, in pieces of bounded size along its first axis."""
    span = _span(target.shape[1:], steps[1:], target.itemsize)
    each = max((RUN_BYTES - span) // steps[0] + 1, 1)
    for begin, piece in _pieces(target, each):
        place = start + begin * steps[0]
        if _is_dense(piece.shape, steps, piece.itemsize):
            source.read_into(piece.reshape(-1).view(np.uint8).data, place)
            continue
        buffer = bytearray(span + (len(piece) - 1) * steps[0])
        source.read_into(memoryview(buffer), place)
        piece[...] = np.ndarray(piece.shape, piece.dtype, buffer, 0, steps)


def _pieces(target: AnyArray, each: int) -> Iterator[tuple[int, AnyArray]]:
    for begin in range(0, len(target), each):
        yield begin, target[begin : begin + each]


def _span(lengths: tuple[int, ...], steps: tuple[int, ...], itemsize: int) -> int:
    """Bytes from the first to the last of some elements."""
    return sum((length - 1) * step for length, step in zip(lengths, steps, strict=True)) + itemsize


def _is_dense(lengths: tuple[int, ...], steps: tuple[int, ...], itemsize: int) -> bool:
    return _span(lengths, steps, itemsize) == math.prod(lengths) * itemsize
