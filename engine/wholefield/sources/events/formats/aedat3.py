"""AEDAT 3.0 and 3.1 of cAER: packets of one kind of event each, behind lines of `#`. All is little-endian.

A packet begins with type i16, source i16, bytes of an event i32, place of its time i32, rounds of the clock i32,
capacity i32, number i32 and number of valid ones i32. Type 1, polarity: u32 (valid 0, polarity 1, y 16:2, x 31:17) and
time i32 in us; the rounds count 2**31 us each. Type 0, special: valid 0, kind 7:1. Type 2 are frames, 3 and 4 samples
of the IMU. Version 3.0 counts y from the bottom.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import BinaryIO

import numpy as np

from wholefield.errors import SourceError
from wholefield.sources.choices import Reading
from wholefield.sources.events.formats.aedat_lines import camera_size, read_lines
from wholefield.sources.events.formats.gathering import Gathering
from wholefield.sources.events.table import TableRecording

NUMBERS = ("size", "at", "rounds", "capacity", "number", "valid")
HEADER = np.dtype([("type", "<i2"), ("source", "<i2"), *((name, "<i4") for name in NUMBERS)])
PAIR = np.dtype([("data", "<u4"), ("time", "<i4")])
SPECIAL, POLARITY, FRAME, IMU6, IMU9 = range(5)
NAMES = {
    SPECIAL: "special events",
    POLARITY: "events",
    FRAME: "frames",
    IMU6: "IMU samples",
    IMU9: "IMU samples",
}
RISING, FALLING, PULSE = 2, 3, 4
LARGEST_PACKET = 1 << 28


def open_aedat3(path: Path, reading: Reading | None = None) -> TableRecording:
    """Open an AEDAT 3 recording; its events are unpacked into a temporary file.

    Raises:
        SourceError: It is packed, or holds no events.
    """
    (reading or Reading()).only(path)
    lines = read_lines(path)
    packed = lines.after("format")
    if packed and packed.upper() != "RAW":
        raise SourceError(
            f"{path} is AEDAT 3 packed as {packed}, which cannot be opened here; record it as RAW."
        )
    camera = next((line.partition(":")[2] for line in lines.lines if line.startswith("Source ")), "").strip()
    size = camera_size(camera)
    turned = lines.version == "3.0"
    if turned and size is None:
        raise SourceError(
            f"{path} counts y from the bottom of a camera ({camera}) whose height is not known."
        )
    counts: Counter[str] = Counter()
    with path.open("rb") as file, Gathering(path, size) as gathering:
        file.seek(lines.size)
        warnings = _unpack(file, gathering, counts, (size or (0, 0))[1] if turned else 0)
        metadata = {"camera": camera, **{name: str(counts[name]) for name in ("IMU samples", "frames")}}
        return gathering.recording(f"AEDAT {lines.version}", metadata, warnings)


def _unpack(file: BinaryIO, gathering: Gathering, counts: Counter[str], height: int) -> list[str]:
    """Take all packets; sentences about what could not be read."""
    end = os.fstat(file.fileno()).st_size
    sources: set[int] = set()
    while file.tell() < end:
        place = file.tell()
        head = np.frombuffer(file.read(HEADER.itemsize), np.uint8)
        if len(head) < HEADER.itemsize:
            return [_damage(gathering, "a packet is cut off"), *_sources(sources)]
        packet = head.view(HEADER)[0]
        length = int(packet["size"]) * int(packet["capacity"])
        sane = (
            packet["size"] >= 0 and 0 <= packet["number"] <= packet["capacity"] and length <= LARGEST_PACKET
        )
        if not sane or place + HEADER.itemsize + length > end:
            reason = "a packet is cut off" if sane else "a packet has no sensible size"
            return [_damage(gathering, reason), *_sources(sources)]
        if packet["type"] == POLARITY:
            sources.add(int(packet["source"]))
        _take(packet, file.read(length), gathering, counts, height)
    left = counts["invalid"]
    told = [f"{left} events are marked as invalid in the file and left out."] if left else []
    return [*told, *_sources(sources)]


def _take(packet: np.void, content: bytes, gathering: Gathering, counts: Counter[str], height: int) -> None:
    kind, number = int(packet["type"]), int(packet["number"])
    counts[NAMES.get(kind, "others")] += number
    if kind not in (SPECIAL, POLARITY) or packet["size"] != PAIR.itemsize:
        return
    rows = np.frombuffer(content, PAIR, number)
    data, times = rows["data"].astype(np.int64), rows["time"].astype(np.int64) + (int(packet["rounds"]) << 31)
    valid = data & 1 == 1
    counts["invalid"] += number - int(valid.sum()) if kind == POLARITY else 0
    data, times = data[valid], times[valid]
    if kind == POLARITY:
        y = data >> 2 & 0x7FFF
        gathering.add(data >> 17 & 0x7FFF, height - 1 - y if height else y, data >> 1 & 1, times)
        return
    edge = data >> 1 & 0x7F
    outer = (edge >= RISING) & (edge <= PULSE)
    gathering.add_triggers((edge[outer] != FALLING).astype(np.int64), times[outer], 0)


def _damage(gathering: Gathering, reason: str) -> str:
    return (
        f"The file is damaged after its first {gathering.length} events, and the rest is left out ({reason})."
    )


def _sources(sources: set[int]) -> list[str]:
    if len(sources) < 2:
        return []
    return [f"Events of {len(sources)} cameras are in the file; they are shown in one picture."]
