"""Transfer syntaxes: which are decoded, and true sentences about those that are not."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, BinaryIO

import imagecodecs
from pydicom.uid import UID

from wholefield.sources.dicom.layout import ITEM_BYTES, PixelElement, UnsupportedError

IMPLICIT, EXPLICIT, DEFLATED, BIG = (f"1.2.840.10008.1.2{end}" for end in ("", ".1", ".1.99", ".2"))
PLAIN = (IMPLICIT, EXPLICIT, DEFLATED, BIG)
# Uncompressed frames in items of their own.
IN_ITEMS = "1.2.840.10008.1.2.1.98"
RLE = "1.2.840.10008.1.2.5"
JPEG = "1.2.840.10008.1.2.4."
# Compressed transfer syntaxes (DICOM PS3.5, section 10) and who decodes them.
DECODERS: dict[str, Callable[[bytes], Any]] = {
    f"{JPEG}50": imagecodecs.jpeg_decode,
    f"{JPEG}51": imagecodecs.jpeg_decode,
    f"{JPEG}57": imagecodecs.jpeg_decode,
    f"{JPEG}70": imagecodecs.jpeg_decode,
    f"{JPEG}80": imagecodecs.jpegls_decode,
    f"{JPEG}81": imagecodecs.jpegls_decode,
    f"{JPEG}90": imagecodecs.jpeg2k_decode,
    f"{JPEG}91": imagecodecs.jpeg2k_decode,
    f"{JPEG}92": imagecodecs.jpeg2k_decode,
    f"{JPEG}93": imagecodecs.jpeg2k_decode,
    f"{JPEG}201": imagecodecs.jpeg2k_decode,
    f"{JPEG}202": imagecodecs.jpeg2k_decode,
    f"{JPEG}203": imagecodecs.jpeg2k_decode,
    # JPEG XL: lossless, JPEG packed again, and the rest.
    f"{JPEG}110": imagecodecs.jpegxl_decode,
    f"{JPEG}111": imagecodecs.jpegxl_decode,
    f"{JPEG}112": imagecodecs.jpegxl_decode,
}
BASELINE = ALWAYS_LOSSY = (f"{JPEG}50", f"{JPEG}51")
# These decoders turn what they hold into red, green and blue by themselves.
JPEG_XL = tuple(f"{JPEG}{number}" for number in (110, 111, 112))
VIDEO = ("MPEG", "HEVC", "SMPTE")
JPEG_START, JPEG_2000_START, JPEG_2000_BOX = b"\xff\xd8", b"\xff\x4f\xff\x51", b"\0\0\0\x0c"
MOST_BOXES = 2**16
# Markers that begin a frame of JPEG (ITU T.81, table B.1; JPEG-LS from T.87), and what they say of the coding.
FRAMES = {0xC0: "50", 0xC1: "51", 0xC2: "51", 0xC3: "70", 0xF7: "80"}
REMEDY = "export it with an uncompressed transfer syntax, such as Explicit VR Little Endian"


def check_syntax(syntax: UID) -> None:
    """Refuse a transfer syntax that is not read.

    Raises:
        UnsupportedError: The text names it.
    """
    if syntax in PLAIN or syntax in DECODERS or syntax in (RLE, IN_ITEMS):
        return
    if not syntax.is_transfer_syntax or syntax.is_private:
        raise UnsupportedError(
            f"its transfer syntax {syntax} is private to its maker and not described in the standard; {REMEDY}."
        )
    if any(word in syntax.name for word in VIDEO):
        raise UnsupportedError(f"it is a video ({syntax.name}), not a stack of images.")
    raise UnsupportedError(f"its pixels are compressed as {syntax.name}, which is not decoded; {REMEDY}.")


def guessed_syntax(file: BinaryIO, pixels: PixelElement, implicit: bool, little: bool) -> str:
    """The transfer syntax of a file that does not name one, by how its data is written.

    Raises:
        UnsupportedError: The pixels are compressed in a way that they do not show.
    """
    if not pixels.encapsulated:
        return IMPLICIT if implicit else EXPLICIT if little else BIG
    file.seek(pixels.offset)
    head = file.read(4096)
    table = struct.unpack("<I", head[4:8])[0] if len(head) >= ITEM_BYTES else 0
    data = head[2 * ITEM_BYTES + table :] if table < len(head) else b""
    if data.startswith(JPEG_2000_START):
        return f"{JPEG}91"
    marker = jpeg_frame(data)
    if marker in FRAMES:
        return JPEG + FRAMES[marker]
    raise UnsupportedError(f"it does not name its transfer syntax, and its pixels are compressed; {REMEDY}.")


def jpeg_frame(data: bytes) -> int:
    """The marker that begins the frame of a JPEG; 0 where there is none."""
    return _frame_header(data)[0]


def codestream_size(data: bytes) -> tuple[int, int] | None:
    """Rows and columns that compressed pixels say they have; None where they do not."""
    if data.startswith(JPEG_2000_BOX):
        # Some wrap the stream in the boxes of JP2, which begin with short ones.
        data = data[max(data.find(JPEG_2000_START, 0, MOST_BOXES), 0) :]
    if data.startswith(JPEG_2000_START):
        if len(data) < 24:
            return None
        right, bottom, left, top = struct.unpack(">4I", data[8:24])
        return bottom - top, right - left
    marker, at = _frame_header(data)
    return struct.unpack(">HH", data[at + 5 : at + 9]) if marker and len(data) >= at + 9 else None


def _frame_header(data: bytes) -> tuple[int, int]:
    """Marker and place of the frame header of a JPEG; (0, 0) where there is none."""
    at = 2
    if not data.startswith(JPEG_START):
        return 0, 0
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], struct.unpack(">H", data[at + 2 : at + 4])[0]
        if marker in FRAMES or (0xC5 <= marker <= 0xCF and marker not in (0xC8, 0xCC)):
            return marker, at
        at += 1 if marker == 0xFF else 2 + length
    return 0, 0


def marked_luma(data: bytes) -> bool | None:
    """Whether the colors of a JPEG are YCbCr, by its markers or as they are subsampled; None where neither says so."""
    luma, subsampled = jpeg_components(data)
    return True if subsampled else luma


def jpeg_components(data: bytes) -> tuple[bool | None, bool]:
    """Whether the markers of a JPEG say that it is YCbCr (None: they do not say), and whether colors are subsampled."""
    at, luma = 2, None
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], struct.unpack(">H", data[at + 2 : at + 4])[0]
        if marker == 0xE0 and data[at + 4 : at + 8] == b"JFIF":
            luma = True
        if marker == 0xEE and data[at + 4 : at + 9] == b"Adobe" and length >= 14:
            luma = data[at + 15] == 1
        if marker in FRAMES:
            return luma, data[at + 9] == 3 and data[at + 11] != 0x11
        at += 1 if marker == 0xFF else 2 + length
    return luma, False
