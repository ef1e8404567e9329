"""The header of AEDAT4: compression, where packets lie, and the streams that its XML describes."""

from __future__ import annotations

import struct
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from typing import BinaryIO

from wholefield.sources.events.formats.flatbuffers import BadBuffer, root_table

FIRST_LINE = b"#!AER-DAT4.0\r\n"
LARGEST_HEADER = 1 << 24
COMPRESSIONS = 5
KINDS = {"EVTS": "events", "TRIG": "triggers", "IMUS": "IMU", "FRME": "frames"}


@dataclass(frozen=True)
class Header:
    """What the header says.

    Attributes:
        compression: One of the numbers of the format.
        begin: Place of the first packet.
        end: Place behind the last packet.
        kinds: Types of the streams, such as "EVTS".
        sizes: (width, height) of the streams that have one, in px.
        sources: Names of cameras by stream.
        warnings: Sentences about what could not be read.
    """

    compression: int
    begin: int
    end: int
    kinds: dict[int, str] = field(default_factory=dict)
    sizes: dict[int, tuple[int, int]] = field(default_factory=dict)
    sources: dict[int, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def named(self, number: int) -> str:
        """A stream for people, such as "events (DAVIS346_00001)"."""
        kind = KINDS.get(self.kinds[number], self.kinds[number])
        return f"{kind} ({self.sources[number]})" if number in self.sources else kind


def read_header(file: BinaryIO, size: int) -> Header:
    """Read the header of a file of `size` bytes.

    Raises:
        BadBuffer: It does not hold together.
        struct.error: It is cut off.
    """
    if file.read(len(FIRST_LINE)) != FIRST_LINE:
        raise BadBuffer("its first line is not that of AEDAT4")
    length = struct.unpack("<I", file.read(4))[0]
    begin = len(FIRST_LINE) + 4 + length
    if length > LARGEST_HEADER or begin > size:
        raise BadBuffer(f"it says that it is {length} bytes long")
    table = root_table(file.read(length))
    compression = table.number(0, "<i")
    if not 0 <= compression < COMPRESSIONS:
        raise BadBuffer(f"compression {compression} is not one of the format")
    packets_end = table.number(1, "<q", -1)
    end = packets_end if begin <= packets_end <= size else size
    return _described(Header(compression, begin, end), table.bytes_of(2))


def _described(header: Header, text: bytes) -> Header:
    """Add what the XML says of streams."""
    try:
        # No XML of a camera declares entities, and those of a hostile one grow without end.
        root = ElementTree.fromstring(text) if b"<!" not in text else None
    except (ElementTree.ParseError, ValueError, LookupError):
        root = None
    if root is None:
        told = "The description of the streams cannot be read; what they hold was found from the packets."
        return Header(header.compression, header.begin, header.end, warnings=(told,))
    for node in root.iterfind("./node[@name='outInfo']/node"):
        number = node.get("name", "")
        if number.isdecimal() and len(number) < 9:
            _describe(header, int(number), node)
    return header


def _describe(header: Header, number: int, node: ElementTree.Element) -> None:
    kind = _attribute(node, "typeIdentifier")
    header.kinds[number] = kind
    info = node.find("./node[@name='info']")
    if info is None:
        return
    if source := _attribute(info, "source"):
        header.sources[number] = source
    sides = (_attribute(info, "sizeX"), _attribute(info, "sizeY"))
    if all(side.isdecimal() and len(side) < 10 for side in sides):
        header.sizes[number] = int(sides[0]), int(sides[1])


def _attribute(node: ElementTree.Element, key: str) -> str:
    found = node.find(f"./attr[@key='{key}']")
    return (found.text or "").strip() if found is not None else ""
