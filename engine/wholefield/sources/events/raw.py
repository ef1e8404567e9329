"""Prophesee RAW and DAT files: the header, and which words follow it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wholefield.errors import SourceError
from wholefield.sources.events.codec import Codec
from wholefield.sources.events.dat import DAT
from wholefield.sources.events.evt2 import EVT2
from wholefield.sources.events.evt3 import EVT3
from wholefield.sources.events.evt21 import EVT21, EVT21_LEGACY, looks_legacy
from wholefield.sources.events.recording import RecordingDescription
from wholefield.sources.events.sensors import size_from
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


def open_raw(path: Path, index_at_once: bool | None = None) -> StreamRecording:
    """Open a RAW file of EVT 2.0, 2.1 or 3.0.

    Raises:
        SourceError: It is another format, or holds no events.
    """
    header = read_header(_head(path))
    return _open(path, header, _raw_codec(path, header), index_at_once)


def open_dat(path: Path, index_at_once: bool | None = None) -> StreamRecording:
    """Open a DAT file of contrast events.

    Raises:
        SourceError: It holds events of another type, or none.
    """
    head = _head(path)
    header = read_header(head)
    kind = tuple(head[header.size : header.size + 2])
    if kind not in DAT_EVENTS:
        held = f"of type {kind[0]} with {kind[1]} bytes" if len(kind) == 2 else "of no type"
        raise SourceError(
            f"{path} holds events {held}, not contrast events (type 0 or 12); choose another file."
        )
    return _open(path, Header(header.fields, header.size + 2), DAT, index_at_once)


def _open(path: Path, header: Header, codec: Codec, index_at_once: bool | None) -> StreamRecording:
    width, height = size_from(header.fields) or (0, 0)
    description = RecordingDescription(codec.format_name, width, height, header.fields)
    try:
        return StreamRecording(path, header.size, codec, description, index_at_once)
    except SourceError as error:
        if path.name in str(error):
            raise
        raise SourceError(f"{path} {error}.") from error


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
