"""A lazily read volume: what a CT scan, a TIFF stack or a folder of slices looks like to the rest."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import psutil

from wholefield.errors import SourceError
from wholefield.sources.reading import closed
from wholefield.sources.stacks.geometry import StackGeometry

AnyArray = npt.NDArray[Any]
Box = tuple[slice, slice, slice]
NUMBERS = "buif"
# Below this, nothing is asked of the system before memory is taken.
MANY_BYTES = 2**28


@dataclass(frozen=True)
class DatasetInfo:
    """One of the volumes in a file that holds several.

    Attributes:
        name: What the file calls it.
        shape: (z, y, x), or (z, y, x, channels).
        dtype: Type of the values.

    Example:
        >>> import numpy as np
        >>> from wholefield.sources import DatasetInfo
        >>> DatasetInfo("entry/data/data", (5, 40, 30), np.dtype(np.uint16)).shape
        (5, 40, 30)
    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]


@dataclass(frozen=True)
class StackDescription:
    """What is known of a stack before any of its voxels is read.

    Attributes:
        format_name: Name of the file format, such as "NIfTI".
        shape: (z, y, x).
        channels: Values per voxel; 1 for gray.
        dtype: Type of the values as they are read, in the byte order of this machine.
        geometry: Where the voxels lie.
        warnings: Sentences that the user should read before trusting the stack.
        metadata: What else the file tells, as text.
        dataset: Which volume of the file this is, where it holds several.
        window: Lowest and highest value to show, where the file says so.
        channel_names: What the channels are called, one for each; empty where the file does not say.
        times: How many volumes follow each other in time; 1 where there is no axis of time.
        inverted: Whether low values are meant to be shown bright.
    """

    format_name: str
    shape: tuple[int, int, int]
    channels: int
    dtype: np.dtype[Any]
    geometry: StackGeometry = field(default_factory=StackGeometry)
    warnings: tuple[str, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    dataset: str | None = None
    window: tuple[float, float] | None = None
    channel_names: tuple[str, ...] = ()
    times: int = 1
    inverted: bool = False


class _Users:
    """Counts the stacks that read one open file."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._count = 1

    def join(self) -> bool:
        """Add one more; False where the last has gone."""
        with self._lock:
            self._count += self._count > 0
            return self._count > 0

    def leave(self) -> bool:
        """Take one away; True for the last."""
        with self._lock:
            self._count -= 1
            return self._count == 0


class StackSource(ABC):
    """A volume read box by box. Every method may be called from several threads at once.

    A file with several times holds one volume for each; a source reads one of them, and `at_time` gives those of the
    others, which share the open file.

    Attributes:
        path: The file or folder that is read.
        name: Its name without folders.
        time: Which of the times is read, counted from 0.
        format_name, shape, channels, dtype, geometry, warnings, metadata, dataset, window, channel_names, times,
            inverted: See `StackDescription`.

    Example:
        >>> import numpy as np, tifffile
        >>> from wholefield.sources import open_stack
        >>> tifffile.imwrite("scan.tif", np.zeros((5, 40, 30), np.uint16), photometric="minisblack")
        >>> with open_stack("scan.tif") as stack:
        ...     stack.plane(axis=1, index=20).shape
        (5, 30)
    """

    def __init__(self, path: Path, description: StackDescription) -> None:
        """Take over what a reader found out.

        Args:
            path: The file or folder that is read.
            description: What is known of the stack.
        """
        self.path = path
        self.name = path.name
        self.format_name = description.format_name
        self.shape = description.shape
        self.channels = description.channels
        self.dtype = description.dtype
        self.geometry = description.geometry
        self.warnings = (*description.warnings, *times_told(description.times))
        self.metadata = description.metadata
        self.dataset = description.dataset
        self.window = description.window
        self.channel_names = description.channel_names
        self.times = description.times
        self.inverted = description.inverted
        self.time = 0
        self._users = _Users()
        self._closed = False

    def read(self, z: slice = slice(None), y: slice = slice(None), x: slice = slice(None)) -> AnyArray:
        """Voxels of a box; no more of the file is read than its format makes necessary.

        Args:
            z: Planes, with step 1; like every slice it is cut at the border and may count from the end.
            y: Rows.
            x: Columns.

        Returns:
            A new array (dz, dy, dx), or (dz, dy, dx, channels) where there are several channels.

        Raises:
            ValueError: A slice has a step other than 1.
            SourceError: The file is damaged, has disappeared, or has been closed.
        """
        if self._closed:
            raise closed(self.name)
        box = normalized((z, y, x), self.shape)
        lengths = tuple(side.stop - side.start for side in box)
        tail = (self.channels,) if self.channels > 1 else ()
        if 0 in lengths:
            return np.empty(lengths + tail, self.dtype)
        self._refuse_too_large(math.prod(lengths + tail) * self.dtype.itemsize)
        values = self._read_box(box)
        return np.ascontiguousarray(values.reshape(lengths + tail), self.dtype)

    def _refuse_too_large(self, size: int) -> None:
        """Refuse a box that no memory holds: a header of some bytes can tell of planes of terabytes."""
        if size < MANY_BYTES:
            return
        free = psutil.virtual_memory().available
        if size > free:
            raise SourceError(
                f"{self.path} would need {size / 1e9:.1f} GB of memory for what is to be read of it, and "
                f"{free / 1e9:.1f} GB are free; read a smaller part, or check whether its header is right."
            )

    def plane(self, axis: int, index: int) -> AnyArray:
        """One plane of the stack.

        Args:
            axis: The axis across the plane: 0 gives (y, x), 1 gives (z, x), 2 gives (z, y).
            index: Its position.

        Returns:
            A 2-D array; (..., channels) where there are several channels.

        Raises:
            IndexError: There is no such axis or plane.
            SourceError: As for `read`.
        """
        if axis not in (0, 1, 2) or not 0 <= index < self.shape[axis]:
            raise IndexError(f"{self.name} of shape {self.shape} has no plane {index} across axis {axis}")
        box = [slice(None)] * 3
        box[axis] = slice(index, index + 1)
        return self.read(*box).squeeze(axis)

    def at_time(self, index: int) -> Self:
        """The volume of another time, of the same shape and type.

        It shares the open file, what has been unpacked and what is cached with this source. Each is closed on its own;
        the file is released when the last of them is closed.

        Args:
            index: The time, counted from 0.

        Returns:
            A new open source, also where `index` is the time of this one.

        Raises:
            IndexError: There is no such time.
            SourceError: This source has been closed.

        Example:
            >>> import numpy as np, tifffile
            >>> from wholefield.sources import open_stack
            >>> voxels = np.zeros((2, 5, 40, 30), np.uint16)
            >>> tifffile.imwrite("scan.tif", voxels, imagej=True, metadata={"axes": "TZYX"})
            >>> with open_stack("scan.tif") as first, first.at_time(1) as second:
            ...     first.times, second.time, second.shape
            (2, 1, (5, 40, 30))
        """
        if not 0 <= index < self.times:
            raise IndexError(f"{self.name} has times 0 to {self.times - 1}, not {index}")
        if self._closed or not self._users.join():
            raise closed(self.name)
        other = copy(self)
        other.time = index
        return other

    def close(self) -> None:
        """Close this source; reading from it is refused afterwards. The last one of a file releases the file."""
        if not self._closed:
            self._closed = True
            if self._users.leave():
                self._release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _release(self) -> None:  # noqa: B027  # a stack in memory has nothing to release
        """Release what the sources of all times share; called once."""

    @abstractmethod
    def _read_box(self, box: Box) -> AnyArray:
        """Voxels at `time` of a box, neither empty nor beyond the stack; an axis of one channel may be left out."""


def times_told(times: int) -> tuple[str, ...]:
    """What anyone who reads just one of several times should know."""
    if times == 1:
        return ()
    return (
        f"The file holds {times} times; the first is read unless another is chosen (time=0 to {times - 1}).",
    )


def normalized(box: Box, shape: tuple[int, int, int]) -> Box:
    """Slices with whole bounds inside the shape, none of them ending before it starts.

    Raises:
        ValueError: A step is not 1.
    """
    sides = []
    for side, length in zip(box, shape, strict=True):
        start, stop, step = side.indices(length)
        if step != 1:
            raise ValueError(f"a stack is read with step 1, not {step}")
        sides.append(slice(start, max(start, stop)))
    return sides[0], sides[1], sides[2]


def checked_dtype(path: Path, dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The type in the byte order of this machine; bits become uint8.

    Raises:
        SourceError: The values are not real numbers.
    """
    if dtype.kind not in NUMBERS:
        raise SourceError(
            f"{path} has voxels of type {dtype}; save it with integer or floating-point voxels."
        )
    return np.dtype(np.uint8) if dtype.kind == "b" else dtype.newbyteorder("=")
