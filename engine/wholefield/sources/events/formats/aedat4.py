"""AEDAT4 recordings of iniVation's DV: packets of FlatBuffers, each compressed by itself, behind a header.

`#!AER-DAT4.0\\r\\n`, then a header (u32 size, FlatBuffer "IOHE": compression, place of the table of packets or -1, XML
that describes the streams), then packets (i32 stream, i32 size, compressed: u32 size and a FlatBuffer): "EVTS" of
events of 16 bytes (t i64, x i16, y i16, on u8), "TRIG", "IMUS" of tables, "FRME" of one frame. Nothing is
trusted: every size and place is checked against the bytes there are, and no packet may grow beyond `LARGEST_PACKET`.
"""

from __future__ import annotations

import os
import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from wholefield.errors import SourceError
from wholefield.sources.choices import Answer, Question, Reading
from wholefield.sources.events.formats.aedat4_header import Header, read_header
from wholefield.sources.events.formats.flatbuffers import BadBuffer, identifier, root_table
from wholefield.sources.events.formats.gathering import Gathering
from wholefield.sources.events.table import TableRecording

EVENT = np.dtype(
    {"names": ["t", "x", "y", "on"], "formats": ["<i8", "<i2", "<i2", "u1"], "offsets": [0, 8, 10, 12], "itemsize": 16}
)  # fmt: skip
NONE, LZ4, LZ4_HIGH, ZSTD, ZSTD_HIGH = range(5)
LARGEST_PACKET = 1 << 27
# Types of triggers: of an external signal and of a generator, its rise, fall and pulse.
RISING, FALLING, PULSE, GENERATOR_RISING, GENERATOR_FALLING = 1, 2, 3, 4, 5
EXTERNAL = (RISING, FALLING, PULSE, GENERATOR_RISING, GENERATOR_FALLING)
NAMES = {b"EVTS": "events", b"TRIG": "triggers", b"IMUS": "IMU samples", b"FRME": "frames"}


@dataclass
class _Damage:
    """What could not be read: packets, and why nothing could be read any more from some place on."""

    packets: int = 0
    end: str = ""


def open_aedat4(path: Path, reading: Reading | None = None) -> TableRecording:
    """Open an AEDAT4 recording; the events of one of its streams are unpacked into a temporary file.

    Args:
        path: The file.
        reading: May answer `dataset`, the number of the stream of events.

    Raises:
        SourceError: It is damaged from the start, or holds no events.
    """
    reading = (reading or Reading()).only(path, "dataset")
    with path.open("rb") as file:
        header = _header(path, file)
        stream = _chosen(path, header, reading)
        damage, counts = _Damage(), Counter[tuple[int, str]]()
        with Gathering(path, header.sizes.get(stream) if stream is not None else None) as gathering:
            for number, kind, buffer in _packets(file, header, damage):
                if kind == b"EVTS" and stream is None:
                    stream = number
                try:
                    counts[number, NAMES.get(kind, "other packets")] += _take(
                        kind, buffer, gathering, number == stream
                    )
                except BadBuffer:
                    damage.packets += 1
            warnings = [*header.warnings, *_sentences(damage, gathering.length)]
            warnings += _other_streams(counts, stream)
            return gathering.recording("AEDAT4", _metadata(header, counts), warnings)


def ask_aedat4(path: Path, reading: Reading) -> tuple[Question, ...]:
    """What may be chosen: the stream, where the file describes several of events."""
    with path.open("rb") as file:
        header = _header(path, file)
    streams = [number for number, kind in header.kinds.items() if kind == "EVTS"]
    if len(streams) < 2:
        return ()
    answers = tuple(Answer(str(number), header.named(number)) for number in streams)
    return (Question("dataset", "Stream of events", answers),)


def _header(path: Path, file: BinaryIO) -> Header:
    size = os.fstat(file.fileno()).st_size
    try:
        return read_header(file, size)
    except (BadBuffer, ValueError, struct.error) as error:
        raise SourceError(
            f"{path} is damaged: its header cannot be read ({error}); copy it again."
        ) from error


def _chosen(path: Path, header: Header, reading: Reading) -> int | None:
    """The stream of events to read, or None if the header describes none."""
    streams = [number for number, kind in header.kinds.items() if kind == "EVTS"]
    if "dataset" not in reading:
        return streams[0] if streams else None
    if reading["dataset"] not in map(str, streams):
        known = ", ".join(map(str, streams)) or "none"
        raise SourceError(f"{path} has no stream of events {reading['dataset']}; choose among {known}.")
    return int(reading["dataset"])


def _packets(file: BinaryIO, header: Header, damage: _Damage) -> Iterator[tuple[int, bytes, memoryview]]:
    """Stream, type and FlatBuffer of each packet that can be read."""
    position = header.begin
    buffer = bytearray(1 << 20)
    while position < header.end:
        file.seek(position)
        head = file.read(8)
        number, size = struct.unpack("<ii", head) if len(head) == 8 else (0, -1)
        if size < 0 or position + 8 + size > header.end:
            damage.end = (
                "a packet is cut off" if size >= 0 or len(head) < 8 else "a packet has no sensible size"
            )
            return
        position += 8 + size
        try:
            buffer, content = _unpacked(file.read(size), header.compression, buffer)
            length = struct.unpack_from("<I", content)[0]
            if length + 4 > len(content):
                raise BadBuffer("cut off")
            body = content[4 : 4 + length]
        except (ValueError, struct.error, RuntimeError):
            damage.packets += 1
            continue
        yield number, identifier(body), body


def _unpacked(content: bytes, compression: int, buffer: bytearray) -> tuple[bytearray, memoryview]:
    """A packet without its compression, in a buffer that grows where it has to."""
    if compression == NONE:
        return buffer, memoryview(content)
    import imagecodecs

    decode = imagecodecs.lz4f_decode if compression in (LZ4, LZ4_HIGH) else imagecodecs.zstd_decode
    while True:
        try:
            found = memoryview(decode(content, out=buffer))
        except imagecodecs.ZstdError as error:
            if "too small" not in str(error):
                raise
        else:
            # A full buffer may be one that was too small.
            if len(found) < len(buffer):
                return buffer, found
        if len(buffer) >= LARGEST_PACKET:
            raise BadBuffer("a packet is larger than any camera writes")
        buffer = bytearray(4 * len(buffer))


def _take(kind: bytes, body: memoryview, gathering: Gathering, wanted: bool) -> int:
    """Take what a packet holds; gives how many of its kind there are."""
    table = root_table(body)
    if kind == b"EVTS":
        begin, length = table.vector(0, EVENT.itemsize)
        if wanted and length:
            rows = np.frombuffer(body, EVENT, length, begin)
            gathering.add(rows["x"], rows["y"], rows["on"], rows["t"])
        return length
    if kind == b"TRIG":
        found = [(item.number(0, "<q"), item.number(1, "<b")) for item in table.tables(0)]
        outer = [(time, of) for time, of in found if of in EXTERNAL]
        times, kinds = np.array(outer, np.int64).reshape(-1, 2).T
        falling = (kinds == FALLING) | (kinds == GENERATOR_FALLING)
        gathering.add_triggers(
            (~falling).astype(np.int64), times, (kinds >= GENERATOR_RISING).astype(np.int64)
        )
        return len(outer)
    return table.vector(0, 4)[1] if kind == b"IMUS" else 1


def _sentences(damage: _Damage, length: int) -> list[str]:
    told = []
    if damage.packets:
        packets = "1 packet is" if damage.packets == 1 else f"{damage.packets} packets are"
        told.append(f"The file is damaged: {packets} unreadable and left out.")
    if damage.end:
        told.append(
            f"The file is damaged after its first {length} events, and the rest is left out ({damage.end})."
        )
    return told


def _other_streams(counts: Counter[tuple[int, str]], stream: int | None) -> list[str]:
    others = [number for number, kind in counts if kind == "events" and number != stream]
    if not others:
        return []
    numbers = ", ".join(map(str, sorted(others)))
    return [f"Stream {stream} is shown; the reading dataset=NUMBER opens the events of stream {numbers}."]


def _metadata(header: Header, counts: Counter[tuple[int, str]]) -> dict[str, str]:
    metadata = {f"stream {number}": header.named(number) for number in header.kinds}
    for kind in NAMES.values():
        if kind not in ("events", "triggers"):
            metadata[kind] = str(sum(count for (_, name), count in counts.items() if name == kind))
    return metadata
