"""Arrays in the format of numpy (npy), read a few rows at a time from a file or from a place inside one.

What a header claims is compared with what the file holds: no memory is taken for it.
"""

from __future__ import annotations

import io
import math
import os
import threading
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from wholefield.sources.events.columns.names import order_of

# Tables have a column for each of t, x, y and p, and perhaps a few more.
FEWEST_COLUMNS, MOST_COLUMNS = 4, 7
LARGEST_HEADER = 1 << 16


class NpyTable:
    """Rows of a table or of one column.

    Attributes:
        length: Rows that the file holds.
        missing: Rows that the header promises beyond them.
        names: Names of its fields, or empty.
        columns: Number of columns.
    """

    def __init__(self, file: IO[bytes], begin: int = 0, size: int | None = None) -> None:
        """Read the header.

        Args:
            file: An open file of the operating system; is closed by `close`.
            begin: Where the array begins in it, in bytes.
            size: Bytes of the array with its header; None for all that follow.

        Raises:
            ValueError: It is no array of numbers in rows.
        """
        self._file = file
        self._lock = threading.Lock()
        held = os.fstat(file.fileno()).st_size - begin
        size = held if size is None else min(size, held)
        head = io.BytesIO(os.pread(file.fileno(), min(size, LARGEST_HEADER), begin))
        shape, fortran, self._dtype = _header(head)
        self._begin = begin + head.tell()
        self.names = tuple(self._dtype.names or ())
        rows, self.columns, self._by_column = _arrangement(shape, fortran, self._dtype)
        room = (size - head.tell()) // max(self._dtype.itemsize * (1 if self.names else self.columns), 1)
        if self._by_column and room < rows:
            raise ValueError("its end is missing")
        self.length = min(rows, max(room, 0))
        self.missing = rows - self.length
        self._rows = rows

    def read(self, begin: int, end: int) -> list[npt.NDArray[Any]]:
        """The columns of rows [begin, end).

        Raises:
            OSError: They cannot be read.
        """
        if self.names:
            rows = self._take(begin, end - begin)
            return [rows[name] for name in self.names]
        if self._by_column:
            return [self._take(number * self._rows + begin, end - begin) for number in range(self.columns)]
        count = self.columns * (end - begin)
        return list(self._take(self.columns * begin, count).reshape(-1, self.columns).T)

    def close(self) -> None:
        """Close the file; closing twice is harmless."""
        with self._lock:
            self._file.close()

    def _take(self, first: int, count: int) -> npt.NDArray[Any]:
        size = self._dtype.itemsize
        with self._lock:
            content = os.pread(self._file.fileno(), count * size, self._begin + first * size)
        if len(content) < count * size:
            raise OSError("the file was cut short")
        return np.frombuffer(content, self._dtype)


def shape_of(head: bytes) -> tuple[int, int] | None:
    """Rows and columns of an array that begins so; None for one that is no table.

    Raises:
        ValueError: Its header is damaged.
    """
    shape, fortran, dtype = _header(io.BytesIO(head))
    try:
        rows, columns, _ = _arrangement(shape, fortran, dtype)
    except ValueError:
        return None
    return (rows, columns) if columns > 1 else None


def _header(head: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, whether columns come one after the other, and type."""
    try:
        version = np.lib.format.read_magic(head)
        read = (
            np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        )
        shape, fortran, dtype = read(head)
    except Exception as error:  # the parser of headers has errors of many kinds
        raise ValueError(f"its header is damaged: {type(error).__name__}") from error
    if dtype.hasobject or any(side < 0 for side in shape):
        raise ValueError("it holds Python objects, which could run programs")
    return shape, fortran, dtype


def _arrangement(shape: tuple[int, ...], fortran: bool, dtype: np.dtype[Any]) -> tuple[int, int, bool]:
    """Rows, columns, and whether each column lies in one piece."""
    if dtype.names:
        if order_of(dtype.names) is None:
            raise ValueError("its fields are not t, x, y and p")
        return math.prod(shape), len(dtype.names), False
    if dtype.kind not in "iufb":
        raise ValueError("it holds no numbers")
    if len(shape) == 1 or (len(shape) == 2 and 1 in shape):
        return math.prod(shape), 1, False
    if len(shape) == 2 and FEWEST_COLUMNS <= shape[1] <= MOST_COLUMNS:
        return shape[0], shape[1], fortran
    if len(shape) == 2 and FEWEST_COLUMNS <= shape[0] <= MOST_COLUMNS:
        return shape[1], shape[0], not fortran
    raise ValueError("it is not a table of t, x, y and p")
