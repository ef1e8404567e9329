"""Xradia (Zeiss) .txrm, .txm and .xrm: X-ray projections and reconstructions, one stream per picture in an OLE file."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import olefile

from wholefield.errors import SourceError
from wholefield.sources.choices import Reading
from wholefield.sources.reading import closed, damaged, unreadable
from wholefield.sources.stacks.answers import COMMON, NOTHING, answered
from wholefield.sources.stacks.geometry import StackGeometry
from wholefield.sources.stacks.sliced_stack import SlicedStack
from wholefield.sources.stacks.stack import AnyArray, StackDescription

SUFFIXES = (".txrm", ".txm", ".xrm")
# The numbers of types in ImageInfo/DataType.
TYPES = {5: "<u2", 10: "<f4"}
PER_FOLDER = 100
RECONSTRUCTION = "ReconSettings"


@dataclass(frozen=True)
class XradiaHeader:
    """What ImageInfo says.

    Attributes:
        width, height, count: Of the pictures.
        dtype: Type of the stored numbers.
        pixel: Side of a pixel in micrometers; None where the file does not say.
        angles: Of the projections, in degrees; empty where there are none.
    """

    width: int
    height: int
    count: int
    dtype: np.dtype[Any]
    pixel: float | None
    angles: tuple[float, ...]


class XradiaStack(SlicedStack):
    """Projections or slices, each in a stream of its own. The file serves one thread at a time."""

    def __init__(self, path: Path, description: StackDescription, file: Any, header: XradiaHeader) -> None:
        super().__init__(path, description)
        self._file = file
        self._header = header
        self._lock = Lock()

    def _release(self) -> None:
        super()._release()
        with self._lock:
            self._file.close()

    def _decode_plane(self, z: int) -> AnyArray:
        header = self._header
        with self._lock:
            if self._closed:
                raise closed(self.name)
            try:
                data = self._file.openstream(stream_of(z)).read()
            except Exception as error:  # olefile raises errors of many kinds
                raise damaged(self.path, error) from error
        needed = header.width * header.height * header.dtype.itemsize
        if len(data) < needed:
            raise damaged(self.path, f"picture {z + 1} has {len(data)} of {needed} bytes")
        values = np.frombuffer(data, header.dtype, header.width * header.height)
        return values.reshape(header.height, header.width).astype(self.dtype, copy=False)


def stream_of(z: int) -> str:
    """The name of the stream of a picture: a hundred lie in each of ImageData1, ImageData2 and so on."""
    return f"ImageData{z // PER_FOLDER + 1}/Image{z + 1}"


def open_xradia(path: Path, reading: Reading = NOTHING) -> XradiaStack:
    """Open the pictures of an Xradia file.

    Raises:
        SourceError: It is damaged, holds none, or has pixels of another type.
    """
    reading.only(path, *COMMON)
    try:
        file = olefile.OleFileIO(path)
    except OSError as error:
        if isinstance(error, FileNotFoundError | PermissionError):
            raise
        raise unreadable(path, "an Xradia file", error) from error
    except Exception as error:  # olefile raises errors of many kinds
        raise unreadable(path, "an Xradia file", error) from error
    try:
        return answered(_from_file(path, file), reading)
    except SourceError:
        file.close()
        raise
    except Exception as error:  # damaged tables raise errors of many kinds
        file.close()
        raise unreadable(path, "an Xradia file", error) from error


def _from_file(path: Path, file: Any) -> XradiaStack:
    header, warnings = _header(path, file)
    reconstructed = path.suffix.lower() == ".txm" or file.exists(RECONSTRUCTION)
    metadata = {"pixel size": f"{header.pixel:g} um"} if header.pixel else {}
    if header.angles and not reconstructed:
        metadata["angles"] = f"{min(header.angles):g} to {max(header.angles):g} degrees"
    description = StackDescription(
        "Xradia reconstruction" if reconstructed else "Xradia projections",
        (header.count, header.height, header.width),
        1,
        header.dtype.newbyteorder("="),
        # Steps between projections are angles, no distances.
        StackGeometry((header.pixel,) * 3, "um") if reconstructed and header.pixel else StackGeometry(),
        warnings,
        metadata,
    )
    return XradiaStack(path, description, file, header)


def _header(path: Path, file: Any) -> tuple[XradiaHeader, tuple[str, ...]]:
    width, height = (_number(file, f"ImageInfo/Image{side}", "I") for side in ("Width", "Height"))
    planned = _number(file, "ImageInfo/NoOfImages", "I")
    taken = _number(file, "ImageInfo/ImagesTaken", "I") or planned
    kind = _number(file, "ImageInfo/DataType", "I")
    if not width or not height or not taken or kind is None:
        raise unreadable(path, "an Xradia file", "it does not say how large its pictures are")
    if int(kind) not in TYPES:
        raise SourceError(
            f"{path} has pixels of Xradia's type {int(kind)}, which cannot be opened here; export it as TIFF."
        )
    dtype = np.dtype(TYPES[int(kind)])
    # What the header claims is there is looked for: the last pictures are missing where a scan was stopped.
    count = _there(file, int(taken), int(width) * int(height) * dtype.itemsize)
    if not count:
        raise SourceError(
            f"{path} holds none of the {int(taken)} pictures that its header tells; copy it again."
        )
    warnings = []
    if count < int(taken) or (planned and count < planned):
        most = int(max(taken, planned or 0))
        warnings.append(
            f"The file holds {count} of {most} pictures; the others are missing, as when a scan is stopped."
        )
    pixel = _number(file, "ImageInfo/PixelSize", "f")
    sound = pixel is not None and math.isfinite(pixel) and pixel > 0
    angles = _numbers(file, "ImageInfo/Angles", count)
    return XradiaHeader(int(width), int(height), count, dtype, pixel if sound else None, angles), tuple(
        warnings
    )


def _there(file: Any, claimed: int, size: int) -> int:
    """How many pictures in front are there, whole."""
    count = 0
    while count < claimed and file.exists(stream_of(count)) and file.get_size(stream_of(count)) >= size:
        count += 1
    return count


def _number(file: Any, name: str, code: str) -> float | None:
    numbers = _numbers(file, name, 1, code)
    return numbers[0] if numbers else None


def _numbers(file: Any, name: str, count: int, code: str = "f") -> tuple[float, ...]:
    """The first numbers of a stream; fewer where it holds fewer."""
    if not file.exists(name):
        return ()
    data = file.openstream(name).read()
    return struct.unpack_from(f"<{min(count, len(data) // 4)}{code}", data)
