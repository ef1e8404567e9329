"""Event Stream (.es), version 2: bytes of a state machine, behind "Event Stream", version and type.

An event is one byte with the time since the last one, in us, and a place of two 16-bit numbers (then red, green and
blue in color streams). First bytes by type, `t` being the upper bits: DVS `t << 1 | polarity`, 255 adds 127 us; ATIS
`t << 2 | polarity << 1 | exposure`, 252 + n adds 63 n us; color `t`, 255 adds 254 us. A reset (254, or 252 of ATIS) is
passed over. Width and height are the 16-bit numbers before the first event.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from wholefield.errors import SourceError
from wholefield.sources.choices import Reading
from wholefield.sources.events.formats.gathering import Gathering
from wholefield.sources.events.table import TableRecording

SIGNATURE = b"Event Stream"
HEADER = struct.Struct("<12s3BBHH")
GENERIC, DVS, ATIS, DISPLAY, COLOR = range(5)
NAMES = {GENERIC: "generic", DVS: "DVS", ATIS: "ATIS", DISPLAY: "display", COLOR: "color"}
BATCH = 1 << 22

Pairs = npt.NDArray[np.uint64]


@dataclass
class _Taken:
    """What a color stream needs of the past, and what was left out."""

    exposures: int = 0
    gray: npt.NDArray[np.int16] | None = None


def open_event_stream(path: Path, reading: Reading | None = None) -> TableRecording:
    """Open an Event Stream file of version 2; its events are unpacked into a temporary file.

    Raises:
        SourceError: It is of another version or type, or holds no events.
    """
    (reading or Reading()).only(path)
    with path.open("rb") as file:
        head = file.read(HEADER.size)
        kind, size = _checked(path, head)
        taken = _Taken()
        with Gathering(path, size) as gathering:
            rest = _unpack(file, kind, size, gathering, taken)
            told = []
            if taken.exposures:
                told.append(f"{taken.exposures} measurements of exposure are in the file and not shown.")
            if kind == COLOR:
                told.append("Its events have colors; ON means that a pixel is not darker than it was before.")
            if rest:
                told.append(f"It ends in the middle of an event; its last {rest} bytes are left out.")
            version = ".".join(map(str, head[12:15]))
            return gathering.recording(f"Event Stream {version}", {"type": NAMES[kind]}, told)


def _checked(path: Path, head: bytes) -> tuple[int, tuple[int, int]]:
    """Type and (width, height) of a file of this header."""
    if len(head) < HEADER.size:
        if len(head) > 15 and head[12] == 2 and head[15] in (GENERIC, DISPLAY):
            return _refused(path, head[15])
        raise SourceError(f"{path} is cut off in its header; copy it again.")
    _, major, minor, patch, kind, width, height = HEADER.unpack(head)
    if major != 2:
        raise SourceError(
            f"{path} is Event Stream {major}.{minor}.{patch}; only version 2 is read, so convert it with the tools of "
            "the camera's maker."
        )
    if kind not in (DVS, ATIS, COLOR):
        return _refused(path, kind)
    return kind, (width, height)


def _refused(path: Path, kind: int) -> tuple[int, tuple[int, int]]:
    what = NAMES.get(kind, f"type {kind}")
    raise SourceError(
        f"{path} holds {what} events of Event Stream, not events of a camera; choose another file."
    )


def _unpack(file: BinaryIO, kind: int, size: tuple[int, int], gathering: Gathering, taken: _Taken) -> int:
    """Take all events; gives the bytes of an event that is cut off."""
    from wholefield.sources.events.formats.event_stream_walk import PHASE, fresh, walk

    state = fresh()
    left = os.fstat(file.fileno()).st_size - HEADER.size
    while left > 0:
        content = np.frombuffer(file.read(min(BATCH, left)), np.uint8)
        if not len(content):
            break
        left -= len(content)
        pairs = np.empty((len(content) // (8 if kind == COLOR else 5) + 1, 2), np.uint64)
        count = walk(content, state, kind, pairs)
        _add(pairs[:count], kind, size, gathering, taken)
    return int(state[PHASE])


def _add(pairs: Pairs, kind: int, size: tuple[int, int], gathering: Gathering, taken: _Taken) -> None:
    from wholefield.sources.events.formats.event_stream_walk import brightening

    if kind == ATIS:
        exposure = pairs[:, 0] >> np.uint64(33) & np.uint64(1) == 1
        taken.exposures += int(exposure.sum())
        pairs = pairs[~exposure]
    words = pairs[:, 0].astype(np.int64)
    x, y, p = words & 0xFFFF, words >> 16 & 0xFFFF, words >> 32 & 1
    if kind == COLOR:
        if taken.gray is None:
            taken.gray = np.full(size[0] * size[1], -1, np.int16)
        p = brightening(x, y, words >> 40, size[0], size[1], taken.gray)
    gathering.add(x, y, p, pairs[:, 1].astype(np.int64))
