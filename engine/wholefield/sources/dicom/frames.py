"""Where the frames of a DICOM file lie, and their bytes."""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from wholefield.sources.dicom.decoding import decode
from wholefield.sources.dicom.headers import inflated
from wholefield.sources.dicom.layout import ITEM_BYTES, AnyArray, HeaderError, PixelLayout
from wholefield.sources.dicom.syntaxes import DEFLATED

ITEM = (0xFFFE, 0xE000)
# A stream of JPEG, JPEG-LS or JPEG XL, or of JPEG 2000 begins so; used where a file has no table of its frames.
STREAM_STARTS = (b"\xff\xd8", b"\xff\x4f\xff\x51", b"\xff\x0a", b"\0\0\0\x0c")

Read = Callable[[int, int], bytes]
"""From a position in the file and a count to exactly so many bytes."""
Numbers = npt.NDArray[np.int64]
Places = tuple[Numbers, Numbers]
"""Where the items of each frame begin, and how many bytes they take together with the heads of the items."""


def read_frame(path: Path, layout: PixelLayout, frame: int) -> AnyArray:
    """Values of one frame of a file that is opened for it; see `decode`.

    Args:
        path: The file.
        layout: How its pixels are stored.
        frame: Number of the frame.

    Returns:
        (rows, columns), or (rows, columns, 3) in red, green and blue.

    Raises:
        ValueError: The pixels are missing, too few, or not as the header says.
        OSError: The file cannot be read.
    """
    with path.open("rb") as file:
        source: BinaryIO = BytesIO(inflated(file)) if layout.syntax == DEFLATED else file
        data = frame_bytes(partial(_read_at, source), layout, frame)
    return decode(data, layout, frame)


def frame_bytes(read: Read, layout: PixelLayout, frame: int) -> bytes:
    """The bytes that one frame is decoded from; frames of single bits may begin within the first.

    Raises:
        HeaderError: They are not in the file.
    """
    if not layout.element.encapsulated:
        return plain_frame(read, layout, frame)
    offsets, lengths = packed_places(read, layout)
    return packed_frame(read, int(offsets[frame]), int(lengths[frame]))


def plain_frame(read: Read, layout: PixelLayout, frame: int) -> bytes:
    """The bytes of a frame that is not in items."""
    begin, end = frame * layout.frame_bits // 8, -(-(frame + 1) * layout.frame_bits // 8)
    if layout.swapped:
        begin, end = begin - begin % 2, end + end % 2
    return read(layout.element.offset + begin, end - begin)


def packed_frame(read: Read, position: int, length: int) -> bytes:
    """The bytes of a frame in items, put together.

    Args:
        read: Reads from the file.
        position: Of its first item.
        length: Bytes of all of its items.
    """
    parts, end = [], position + length
    while position < end:
        tag, size = _item(read, position)
        if tag != ITEM or position + ITEM_BYTES + size > end:
            raise HeaderError("its table of frames leads to no frame")
        parts.append(read(position + ITEM_BYTES, size))
        position += ITEM_BYTES + size
    return b"".join(parts)


def packed_places(read: Read, layout: PixelLayout, extended: tuple[bytes, bytes] | None = None) -> Places:
    """Where encapsulated frames lie, from a table if there is one, else by walking over their items.

    Args:
        read: Reads from the file.
        layout: How its pixels are stored.
        extended: The extended table of offsets and that of lengths, where the header has them.

    Raises:
        HeaderError: They are not all in the file.
    """
    start, end = layout.element.offset, layout.element.offset + layout.element.length
    tag, table = _item(read, start)
    first = start + ITEM_BYTES + table
    if tag != ITEM or first > end:
        raise HeaderError("its table of frames is damaged")
    if extended is not None:
        offsets, lengths = (np.frombuffer(part, "<u8").astype(np.int64) for part in extended)
        # The table gives the length of the stream; a frame is one item, padded to an even length.
        places = offsets + first, lengths + lengths % 2 + ITEM_BYTES
    elif table:
        offsets = np.frombuffer(read(start + ITEM_BYTES, table), "<u4").astype(np.int64) + first
        places = offsets, np.append(offsets[1:], _end_of_items(read, int(offsets[-1]), end)) - offsets
    else:
        places = _walked(read, first, end, layout.frames)
    return _checked(places, layout.frames, first, end)


def _checked(places: Places, frames: int, first: int, end: int) -> Places:
    if min(map(len, places)) < frames:
        raise HeaderError("its table of frames is incomplete")
    offsets, lengths = (part[:frames] for part in places)
    if int(offsets.min()) < first or int(lengths.min()) < 0:
        raise HeaderError("its table of frames is damaged")
    if int(offsets.max()) > end or int(lengths.max()) > end or int((offsets + lengths).max()) > end:
        raise HeaderError("it is cut off: its last frame is not complete")
    return offsets, lengths


def _end_of_items(read: Read, position: int, end: int) -> int:
    while position + ITEM_BYTES <= end:
        tag, length = _item(read, position)
        if tag != ITEM:
            return position
        position += ITEM_BYTES + length
    return position


def _walked(read: Read, position: int, end: int, frames: int) -> Places:
    places = []
    while position + ITEM_BYTES <= end:
        tag, length = _item(read, position)
        if tag != ITEM:
            break
        places.append((position, length))
        position += ITEM_BYTES + length
    if frames == 1:
        begins = places[:1]
    elif len(places) > frames:
        begins = [
            place
            for place in places
            if read(place[0] + ITEM_BYTES, min(4, place[1])).startswith(STREAM_STARTS)
        ]
    else:
        begins = places
    if len(begins) != frames:
        raise HeaderError(f"it has {len(places)} parts for {frames} frames")
    offsets = np.array([place for place, _length in begins], np.int64)
    return offsets, np.append(offsets[1:], position) - offsets


def _item(read: Read, position: int) -> tuple[tuple[int, int], int]:
    group, element, length = struct.unpack("<HHI", read(position, ITEM_BYTES))
    return (group, element), length


def _read_at(file: BinaryIO, position: int, count: int) -> bytes:
    file.seek(position)
    data = file.read(count)
    if len(data) < count:
        raise HeaderError("some of its pixels are missing")
    return data
