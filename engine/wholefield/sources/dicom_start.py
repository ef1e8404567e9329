"""How DICOM files begin, with their preamble or, as old programs wrote them, without."""

from __future__ import annotations

import struct

PREFIX = b"DICM"
PREFIX_AT = 128
VALUE_KINDS = (
    b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FL", b"FD", b"IS", b"LO", b"LT", b"OB", b"OW", b"PN", b"SH",
    b"SL", b"SQ", b"SS", b"ST", b"TM", b"UI", b"UL", b"UN", b"US", b"UT",
)  # fmt: skip
LONG_KINDS = (b"OB", b"OW", b"SQ", b"UN", b"UT")
# Elements that files begin with: meta information, or the length, character set and type of image of the first group.
FIRST_ELEMENTS = (
    (2, 0),
    (2, 1),
    (2, 2),
    (2, 0x10),
    (8, 0),
    (8, 1),
    (8, 5),
    (8, 8),
    (8, 0x12),
    (8, 0x16),
    (8, 0x18),
)
# So many elements in a row are no accident.
ENOUGH = 3
LONGEST = 4096


def is_dicom(head: bytes) -> bool:
    """Whether a file that begins so is DICOM.

    Args:
        head: The first bytes of a file, 512 or more, so that those without the usual preamble are recognized.
    """
    if head[PREFIX_AT : PREFIX_AT + 4] == PREFIX:
        return True
    return any(_elements(head, order, implicit) for order in "<>" for implicit in (False, True))


def _elements(head: bytes, order: str, implicit: bool) -> bool:
    """Whether bytes begin with elements of DICOM: known first ones, ascending tags, sound lengths."""
    at, last, found = 0, (0, 0), 0
    while at + 8 <= len(head) and found < ENOUGH:
        tag = struct.unpack(order + "HH", head[at : at + 4])
        if tag <= last or (found == 0 and tag not in FIRST_ELEMENTS) or tag[0] not in (2, 8):
            return False
        length = _length(head, at, order, implicit)
        if length is None or length[1] % 2 or length[1] > LONGEST:
            return False
        at, last, found = at + sum(length), tag, found + 1
    return found == ENOUGH


def _length(head: bytes, at: int, order: str, implicit: bool) -> tuple[int, int] | None:
    """Bytes of an element before its value, and of the value; None where it is no element."""
    if implicit:
        return 8, struct.unpack(order + "I", head[at + 4 : at + 8])[0]
    kind = head[at + 4 : at + 6]
    if kind not in VALUE_KINDS:
        return None
    if kind not in LONG_KINDS:
        return 8, struct.unpack(order + "H", head[at + 6 : at + 8])[0]
    return (12, struct.unpack(order + "I", head[at + 8 : at + 12])[0]) if at + 12 <= len(head) else None
