"""Prophesee RAW and DAT files: the header, and which words follow it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wholefield.errors import SourceError
from wholefield.sources.choices import Question, Reading
from wholefield.sources.events.codec import Codec
from wholefield.sources.events.columns.decision import SIZE_QUESTION, stated_size
from wholefield.sources.events.dat import DAT
from wholefield.sources.events.evt2 import EVT2
from wholefield.sources.events.evt3 import EVT3
from wholefield.sources.events.evt21 import EVT21, EVT21_LEGACY, looks_legacy
from wholefield.sources.events.recording import RecordingDescription
from wholefield.sources.events.sensors import possible_sensor, size_from, stated_sides
from wholefield.sources.events.stream import StreamRecording

HEADER_BYTES = 64 * 1024
PROBED_WORDS = 1 << 16
# Types of events and their bytes in a DAT file: the older and the usual form of contrast events. The same 8 bytes.
DAT_EVENTS = {(0, 8), (12, 8)}
END = "end"


@dataclass(frozen=True)
class Header:
    """The lines `% key value` before the data, and the bytes they take."""

    fields: dict[str, str]
    size: int


def read_header(head: bytes) -> Header:
    """Parse the header; `% end` closes it where there is one, otherwise the first line that is none does."""
    fields: dict[str, str] = {}
    position = 0
    while head.startswith(b"%", position):
        stop = head.find(b"\n", position)
        line = head[position + 1 : stop]
        if (
            stop < 0
            or not line.startswith(b" ")
            or not all(32 <= byte < 127 or byte in b"\t\r" for byte in line)
        ):
            break
        position = stop + 1
        key, _, value = line.decode("ascii").strip().partition(" ")
        if key.lower() == END:
            break
        if key:
            fields[key] = value.strip()
    return Header(fields, position)


def open_raw(
    path: Path, reading: Reading | None = None, index_at_once: bool | None = None
) -> StreamRecording:
    """Open a RAW file of EVT 2.0, 2.1 or 3.0.

    Args:
        path: The file.
        reading: May answer `size` where the header does not say it.
        index_at_once: Whether to read all of it now; None: if it is small.

    Raises:
        SourceError: It is another format, or holds no events.
    """
    reading = (reading or Reading()).only(path, "size")
    header = read_header(_head(path))
    return open_words(path, header, _raw_codec(path, header), reading, index_at_once)


def open_dat(
    path: Path, reading: Reading | None = None, index_at_once: bool | None = None
) -> StreamRecording:
    """Open a DAT file of contrast events.

    Args:
        path: The file.
        reading: May answer `size` where the header does not say it.
        index_at_once: Whether to read all of it now; None: if it is small.

    Raises:
        SourceError: It holds events of another type, or none.
    """
    reading = (reading or Reading()).only(path, "size")
    head = _head(path)
    header = read_header(head)
    kind = tuple(head[header.size : header.size + 2])
    if kind not in DAT_EVENTS:
        held = f"of type {kind[0]} with {kind[1]} bytes" if len(kind) == 2 else "of no type"
        raise SourceError(
            f"{path} holds events {held}, not contrast events (type 0 or 12); choose another file."
        )
    return open_words(path, Header(header.fields, header.size + 2), DAT, reading, index_at_once)


def ask_size(path: Path, reading: Reading) -> tuple[Question, ...]:
    """What may be chosen for RAW and DAT: the size of the sensor, where the header does not say it."""
    return () if size_from(read_header(_head(path)).fields) else (SIZE_QUESTION,)


def open_words(
    path: Path, header: Header, codec: Codec, reading: Reading, index_at_once: bool | None = None
) -> StreamRecording:
    """Open the words behind a header.

    Raises:
        SourceError: They hold no events, or no camera has the size of the header.
    """
    size = stated_size(path, reading) or _header_size(path, header)
    description = RecordingDescription(codec.format_name, *(size or (0, 0)), header.fields)
    try:
        return StreamRecording(path, header.size, codec, description, index_at_once)
    except SourceError as error:
        if path.name in str(error):
            raise
        raise SourceError(f"{path} {error}.") from error


def _header_size(path: Path, header: Header) -> tuple[int, int] | None:
    """The size that the header says, or None.

    Raises:
        SourceError: No camera has it.
    """
    stated = stated_sides(header.fields)
    if stated is not None and not possible_sensor(*stated):
        raise SourceError(
            f"{path} says that its sensor has {stated[0]} x {stated[1]} px, which no camera has; "
            "set size=width,height, or copy it again."
        )
    return size_from(header.fields)


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEADER_BYTES)


def _raw_codec(path: Path, header: Header) -> Codec:
    """The format that the header names; files older than that line are EVT 2.0."""
    written = f"{header.fields.get('format', '')};evt {header.fields.get('evt', '')}".upper()
    if "EVT21" in written or "EVT 2.1" in written:
        return _evt21(path, header, written)
    if "EVT3" in written or "EVT 3" in written:
        return EVT3
    if "EVT2" in written or "EVT 2" in written or not ("format" in header.fields or "evt" in header.fields):
        return EVT2
    name = header.fields.get("format") or f"evt {header.fields['evt']}"
    raise SourceError(f"{path} is written as {name}; only EVT 2.0, 2.1 and 3.0 can be read, so convert it.")


def _evt21(path: Path, header: Header, written: str) -> Codec:
    """The order of the halves: what the header says, or what the clock in the first words says."""
    if "ENDIANNESS=" in written:
        return EVT21_LEGACY if "ENDIANNESS=LEGACY" in written else EVT21
    with path.open("rb") as file:
        file.seek(header.size, os.SEEK_SET)
        content = file.read(PROBED_WORDS * EVT21.word.itemsize)
    whole = len(content) // EVT21.word.itemsize
    words = np.frombuffer(content, EVT21.word, whole)
    return EVT21_LEGACY if looks_legacy(words) else EVT21
