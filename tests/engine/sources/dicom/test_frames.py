"""Where frames lie, with every kind of table, against the frames that were put in."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from hypothesis import given, strategies as st
from pydicom.encaps import encapsulate, encapsulate_extended

from wholefield.sources.dicom.frames import packed_frame, packed_places
from wholefield.sources.dicom.layout import HeaderError, PixelElement, PixelLayout
from wholefield.sources.dicom.syntaxes import JPEG

START = b"\xff\xd8"
BEFORE = 10


def read(data: bytes, position: int, count: int) -> bytes:
    """As a file does that refuses to end early."""
    if position < 0 or count < 0 or position + count > len(data):
        raise HeaderError("too short")
    return data[position : position + count]


def packed(data: bytes, frames: int) -> tuple[bytes, PixelLayout]:
    """A file with encapsulated pixels, and the layout of it."""
    element = PixelElement(BEFORE, len(data), encapsulated=True)
    layout = PixelLayout(
        element, f"{JPEG}50", True, frames, 4, 4, 1, 8, 8, 7, False, "MONOCHROME2", False
    )  # fmt: skip
    return bytes(BEFORE) + data, layout


def found(data: bytes, layout: PixelLayout, extended: tuple[bytes, bytes] | None = None) -> list[bytes]:
    reader = partial(read, data)
    offsets, lengths = packed_places(reader, layout, extended)
    return [packed_frame(reader, int(at), int(size)) for at, size in zip(offsets, lengths, strict=True)]


# No byte within a stream looks like the beginning of another.
insides = st.lists(st.integers(16, 127), min_size=4, max_size=30).map(bytes)
streams = st.lists(insides.map(START.__add__), min_size=1, max_size=6)


def padded(frames: list[bytes]) -> list[bytes]:
    return [each + bytes(len(each) % 2) for each in frames]


@given(streams, st.integers(1, 3), st.booleans())
def test_frames_of_one_or_more_items(frames: list[bytes], parts: int, table: bool) -> None:
    data = encapsulate(frames, fragments_per_frame=parts, has_bot=table)
    assert found(*packed(data, len(frames))) == padded(frames)


@given(streams)
def test_the_extended_table(frames: list[bytes]) -> None:
    data, offsets, lengths = encapsulate_extended(frames)
    assert found(*packed(data, len(frames)), (offsets, lengths)) == padded(frames)


@given(streams, st.booleans(), st.data())
def test_damaged_items_are_read_or_refused(frames: list[bytes], table: bool, chosen: st.DataObject) -> None:
    data = bytearray(encapsulate(frames, has_bot=table))
    for place in chosen.draw(st.lists(st.integers(0, len(data) - 1), min_size=1, max_size=4)):
        data[place] = chosen.draw(st.integers(0, 255))
    refused = False
    try:
        parts = found(*packed(bytes(data), len(frames)))
    except HeaderError:
        refused = True
    assert refused or sum(map(len, parts)) <= len(data)


@pytest.mark.parametrize("entry", [2**31, 2**63 - 8, 2**64 - 8])
def test_tables_that_lead_out_of_the_file(entry: int) -> None:
    frames = [START + bytes(8), START + bytes(6)]
    data, offsets, lengths = encapsulate_extended(frames)
    wrong = np.frombuffer(offsets, "<u8").copy()
    wrong[1] = entry
    with pytest.raises(HeaderError, match=r"damaged|cut off"):
        found(*packed(data, 2), (wrong.tobytes(), lengths))
    with pytest.raises(HeaderError, match="is incomplete"):
        found(*packed(data, 2), (offsets[:8], lengths))


def test_too_few_items() -> None:
    data, layout = packed(encapsulate([START, START], has_bot=False), 2)
    with pytest.raises(HeaderError, match="it has 2 parts for 3 frames"):
        found(data, replace(layout, frames=3))
