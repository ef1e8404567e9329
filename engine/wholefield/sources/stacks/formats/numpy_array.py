"""Arrays of NumPy: .npy, and .npz with one or several; object arrays, which would run code, are never read."""

from __future__ import annotations

import io
import math
import struct
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy

from wholefield.errors import SourceError
from wholefield.sources.choices import Answer, Question, Reading, UnclearFileError
from wholefield.sources.reading import damaged, unreadable
from wholefield.sources.stacks.answers import COMMON, NOTHING, answered, common_questions
from wholefield.sources.stacks.axes import AxisOrder, axes_question, order_of
from wholefield.sources.stacks.packing import Packing
from wholefield.sources.stacks.raw_volume import Part, RawLayout, RawVolume
from wholefield.sources.stacks.stack import NUMBERS, StackDescription, checked_dtype

# numpy.save writes 128 bytes; the largest version allows more, which nothing needs.
HEADER_BYTES = 2**16
LOCAL_HEADER = 30
# A table of events has at most this many columns.
TABLE_COLUMNS = 8


@dataclass(frozen=True)
class NumpyHeader:
    """What an array says about itself.

    Attributes:
        shape: Its shape.
        fortran: Whether the first axis is the fastest.
        dtype: Type of the numbers, with their byte order.
        length: Bytes before the numbers.
    """

    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype[Any]
    length: int

    @property
    def is_volume(self) -> bool:
        """Whether it can be a stack or a picture, and is no table."""
        plain = self.dtype.kind in NUMBERS and self.dtype.fields is None and 0 not in self.shape
        return plain and (len(self.shape) > 2 or (len(self.shape) == 2 and min(self.shape) > TABLE_COLUMNS))


def read_header(file: IO[bytes]) -> NumpyHeader:
    """The header of an array.

    Raises:
        ValueError: It is damaged.
    """
    stream = io.BytesIO(file.read(HEADER_BYTES))
    version = npy.read_magic(stream)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, fortran, dtype = read(stream)
    if any(not isinstance(side, int) or side < 0 for side in shape):
        raise ValueError(f"its shape is {shape}")
    return NumpyHeader(shape, fortran, dtype, stream.tell())


def is_numpy_volume(path: Path) -> bool:
    """Whether a .npy or .npz holds an array that can be a stack; tables of events do not."""
    try:
        with path.open("rb") as file:
            if file.read(6) == npy.MAGIC_PREFIX:
                file.seek(0)
                return _can_be_shown(read_header(file))
        return bool(_members(path))
    except Exception:  # damaged headers raise errors of many kinds; the reader says which
        return path.suffix.lower() == ".npy"


def _can_be_shown(header: NumpyHeader) -> bool:
    # Object arrays are refused by the reader, in a sentence of its own.
    return header.is_volume or header.dtype.hasobject


def open_npy(path: Path, reading: Reading = NOTHING) -> RawVolume:
    """Open an array of two to five axes.

    Args:
        path: A .npy.
        reading: May answer `axes`.

    Raises:
        UnclearFileError: It has more than three axes, and no one says what they are.
        SourceError: It holds Python objects, is damaged or cut off.
    """
    reading.only(path, "axes", *COMMON)
    try:
        with path.open("rb") as file:
            header = read_header(file)
    except OSError:
        raise
    except Exception as error:  # damaged headers raise errors of many kinds
        raise unreadable(path, "a NumPy array", error) from error
    return _volume(path, header, Part(path, header.length), Packing.RAW, reading)


def open_npz(path: Path, reading: Reading = NOTHING) -> RawVolume:
    """Open an array of an archive.

    Args:
        path: A .npz.
        reading: May answer `dataset`, which of several arrays it is, and `axes`.

    Raises:
        UnclearFileError: It holds several arrays, or one of more than three axes.
        SourceError: It holds none that can be a stack, or is damaged.
    """
    reading.only(path, "dataset", "axes", *COMMON)
    try:
        members = _members(path)
    except Exception as error:  # damaged archives raise errors of many kinds
        raise unreadable(path, "a NumPy archive", error) from error
    if not members:
        raise SourceError(
            f"{path} holds no array of two or more axes of numbers; save the volume with numpy.save."
        )
    if "dataset" not in reading and len(members) > 1:
        question = _dataset_question(members)
        raise UnclearFileError(
            f"{path} holds {len(members)} arrays; choose one of them, for example dataset={question.start}.",
            (question,),
        )
    name = reading.get("dataset", next(iter(members)))
    if name not in members:
        raise SourceError(f"{path} has no array named {name}; choose one of {', '.join(list(members)[:6])}.")
    header, entry = members[name]
    try:
        part, packing = _place(path, entry)
    except (OSError, struct.error, ValueError) as error:
        raise damaged(path, error) from error
    if packing is Packing.RAW:
        part = Part(path, part.offset + header.length)
    else:
        part = Part(path, part.offset, header.length)
    return _volume(path, header, part, packing, reading, name)


def npz_questions(path: Path, reading: Reading) -> tuple[Question, ...]:
    """Which array is read, what its axes are, its time and its spacing.

    Raises:
        SourceError: The archive cannot be read.
    """
    try:
        members = _members(path)
    except Exception as error:  # damaged archives raise errors of many kinds
        raise unreadable(path, "a NumPy archive", error) from error
    questions = [_dataset_question(members)] if len(members) > 1 else []
    name = reading.get("dataset", next(iter(members), ""))
    if name in members and len(members[name][0].shape) > 3:
        questions.append(axes_question(members[name][0].shape))
    try:
        with open_npz(path, reading) as stack:
            return (*questions, *common_questions(stack))
    except SourceError:
        return tuple(questions)


def _volume(
    path: Path, header: NumpyHeader, part: Part, packing: Packing, reading: Reading, name: str | None = None
) -> RawVolume:
    if header.dtype.hasobject:
        raise SourceError(
            f"{path} holds Python objects, which can run code when they are read and are never opened; save an array "
            "of numbers."
        )
    if len(header.shape) < 2:
        raise SourceError(f"{path} is an array of {len(header.shape)} axes, not a volume.")
    dtype = checked_dtype(path, header.dtype)
    order = order_of(path, header.shape, reading)
    stored = AxisOrder(order.letters[::-1], order.lengths[::-1]) if header.fortran else order
    layout = RawLayout((part,), stored, header.dtype, packing)
    layout.refuse_impossible(path)
    description = StackDescription(
        "NumPy array" if name is None else "NumPy archive",
        order.shape,
        order.channels,
        dtype,
        warnings=order.left_out(),
        dataset=name,
        times=order.times,
    )
    return answered(RawVolume(path, description, layout), reading)


Members = dict[str, tuple[NumpyHeader, zipfile.ZipInfo]]


def _members(path: Path) -> Members:
    """The arrays of an archive that can be a stack, the largest first."""
    found: Members = {}
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            if entry.filename.endswith(".npy"):
                with archive.open(entry) as file:
                    header = read_header(file)
                if header.is_volume:
                    found[entry.filename.removesuffix(".npy")] = header, entry
    return dict(sorted(found.items(), key=lambda item: -math.prod(item[1][0].shape)))


def _place(path: Path, entry: zipfile.ZipInfo) -> tuple[Part, Packing]:
    """Where the bytes of a member begin: behind its local header, whose name and extra field differ in length."""
    with path.open("rb") as file:
        file.seek(entry.header_offset)
        name, extra = struct.unpack("<26x2H", file.read(LOCAL_HEADER))
    packings = {zipfile.ZIP_STORED: Packing.RAW, zipfile.ZIP_DEFLATED: Packing.DEFLATE}
    if entry.compress_type not in packings or entry.flag_bits & 1:
        raise ValueError("it is packed in a way that NumPy does not use")
    return Part(path, entry.header_offset + LOCAL_HEADER + name + extra), packings[entry.compress_type]


def _dataset_question(members: Members) -> Question:
    answers = tuple(
        Answer(name, f"{name}, {' x '.join(map(str, header.shape))} {header.dtype}")
        for name, (header, _) in members.items()
    )
    return Question("dataset", "Array", answers, help="The archive holds several arrays.", needed=True)
