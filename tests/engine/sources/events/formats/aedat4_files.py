"""Writes AEDAT4: a FlatBuffers writer of a few lines, and files of every kind of stream."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from pathlib import Path

import imagecodecs
import numpy as np

from wholefield.sources.events.recording import Events

# A field: (format, number), bytes with their item size, tables, or nothing.
Field = tuple[str, int] | tuple[bytes, int] | Sequence["Fields"] | None
Fields = Sequence[Field]

ROW = np.dtype(
    {"names": ["t", "x", "y", "on"], "formats": ["<i8", "<i2", "<i2", "u1"], "offsets": [0, 8, 10, 12], "itemsize": 16}
)  # fmt: skip
COMPRESSORS: dict[int, Callable[[bytes], bytes | bytearray]] = {
    0: bytes,
    1: imagecodecs.lz4f_encode,
    2: imagecodecs.lz4f_encode,
    3: imagecodecs.zstd_encode,
    4: imagecodecs.zstd_encode,
}


def flat(identifier: bytes, root: Fields) -> bytes:
    """A FlatBuffer with its size before it."""
    out = bytearray(12)
    out[8:12] = identifier
    start = _table(out, root)
    struct.pack_into("<II", out, 0, len(out) - 4, start - 4)
    return bytes(out)


def _table(out: bytearray, fields: Fields) -> int:
    out += bytes(-len(out) % 8)
    listed = len(out)
    out += bytes(4 + 2 * len(fields))
    out += bytes((-len(out) - 4) % 8)
    start = len(out)
    out += struct.pack("<i", start - listed)
    pending: list[tuple[int, Field]] = []
    for index, value in enumerate(fields):
        if value is None:
            continue
        form = value[0] if isinstance(value, tuple) and isinstance(value[0], str) else "<I"
        out += bytes(-len(out) % struct.calcsize(form))
        struct.pack_into("<H", out, listed + 4 + 2 * index, len(out) - start)
        if isinstance(value, tuple) and isinstance(value[0], str):
            out += struct.pack(form, value[1])
        else:
            pending.append((len(out), value))
            out += bytes(4)
    struct.pack_into("<HH", out, listed, 4 + 2 * len(fields), len(out) - start)
    for place, value in pending:
        _child(out, place, value)
    return start


def _child(out: bytearray, place: int, value: Field) -> None:
    out += bytes((-len(out) - 4) % 8)
    struct.pack_into("<I", out, place, len(out) - place)
    if isinstance(value, tuple) and isinstance(value[0], bytes):
        size = int(value[1])
        out += struct.pack("<I", len(value[0]) // size) + value[0]
        return
    assert value is not None
    out += struct.pack("<I", len(value))
    places = len(out)
    out += bytes(4 * len(value))
    for i, child in enumerate(value):
        at = places + 4 * i
        struct.pack_into("<I", out, at, _table(out, child) - at)  # type: ignore[arg-type]


def events_packet(events: Events) -> bytes:
    rows = np.zeros(len(events), ROW)
    for name, of in zip(ROW.names or (), "txyp", strict=True):
        rows[name] = events[of]
    return flat(b"EVTS", [(rows.tobytes(), ROW.itemsize)])


def triggers_packet(triggers: Sequence[tuple[int, int]]) -> bytes:
    return flat(b"TRIG", [[[("<q", time), ("<b", kind)] for time, kind in triggers]])


def imu_packet(times: Sequence[int]) -> bytes:
    return flat(b"IMUS", [[[("<q", time)] for time in times]])


def frame_packet(time: int, width: int, height: int) -> bytes:
    size = [("<h", width), ("<h", height)]
    return flat(b"FRME", [("<q", time), *[None] * 4, None, *size, None, None, (bytes(width * height), 1)])


def header(streams: dict[int, tuple[str, tuple[int, int] | None]], compression: int = 0) -> bytes:
    """The lines and the buffer before the packets; streams are (type, size) by number."""
    nodes = ""
    for number, (kind, size) in streams.items():
        sides = "".join(
            f'<attr key="size{axis}" type="int">{side}</attr>'
            for axis, side in zip("XY", size or (), strict=False)
        )
        nodes += (
            f'<node name="{number}" path="/o/{number}/"><attr key="typeIdentifier" type="string">{kind}</attr>'
            f'<node name="info" path="/o/{number}/info/">{sides}<attr key="source" type="string">CAM{number}</attr>'
            "</node></node>"
        )
    xml = f'<dv version="2.0"><node name="outInfo" path="/o/">{nodes}</node></dv>'.encode() + b"\0"
    text = flat(b"IOHE", [("<i", compression), ("<q", -1), (xml[:-1], 1)])
    return b"#!AER-DAT4.0\r\n" + text


def write_aedat4(
    path: Path,
    packets: Sequence[tuple[int, bytes]],
    streams: dict[int, tuple[str, tuple[int, int] | None]],
    compression: int = 0,
) -> Path:
    content = header(streams, compression)
    for number, packet in packets:
        packed = COMPRESSORS[compression](packet)
        content += struct.pack("<ii", number, len(packed)) + packed
    path.write_bytes(content)
    return path
