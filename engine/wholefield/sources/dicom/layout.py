"""How the pixels of one DICOM file are stored, checked against what the file holds."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

AnyArray = npt.NDArray[Any]

UNDEFINED_LENGTH = 0xFFFFFFFF
# Value representations whose length has four bytes, after two reserved ones (PS3.5, section 7.1.2).
LONG_VALUES = (b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV")
# FloatPixelData, DoubleFloatPixelData and PixelData.
PIXEL_TAGS = (0x7FE00008, 0x7FE00009, 0x7FE00010)
BITS = (1, 8, 16, 32, 64)
# A frame that is larger than this must have at least so many compressed bytes: blank frames are small, bombs smaller.
LARGE_FRAME = 256 * 2**20
MOST_SQUEEZED = 2000
# An item of encapsulated pixels begins with a tag and a length.
ITEM_BYTES = 8
SUBSAMPLED = ("YBR_FULL_422", "YBR_PARTIAL_422")


class HeaderError(ValueError):
    """What a header says about the pixels cannot be true of its file; the text says how."""


class UnsupportedError(ValueError):
    """The file is sound, and this program cannot show it; the text is a whole sentence without the file's name."""


@dataclass(frozen=True)
class PixelElement:
    """Where the pixels of a file are.

    Attributes:
        offset: Of the first pixel, or of the first item of compressed pixels, from the beginning of the file.
        length: Bytes that the file really holds there.
        encapsulated: Whether they are in items, one or more a frame.
        words: Whether bytes were written as words of two; in big-endian files they are then swapped.
        real: Whether they are floating-point numbers.
    """

    offset: int
    length: int
    encapsulated: bool
    words: bool = False
    real: bool = False


@dataclass(frozen=True, eq=False)
class PixelLayout:
    """How the pixels of a file are stored; names are those of DICOM PS3.3, section C.7.6.3.

    Attributes:
        element: Where they are.
        syntax: UID of the transfer syntax.
        little: Whether numbers are little-endian.
        frames, rows, columns, samples, allocated, stored, high: Counts of planes, pixels and bits.
        signed: Whether stored values are signed.
        photometric: What they mean, such as "MONOCHROME2".
        planar: Whether colors follow each other plane by plane.
        palette: (entries, 3) uint8 colors of indices, with the index of the first in `palette_first`.
        table: Values of the modality that stored values stand for, the first of them `table_first`.
        tagged: Whether the tags say what the colors of a JPEG are even where its own markers say otherwise.
    """

    element: PixelElement
    syntax: str
    little: bool
    frames: int
    rows: int
    columns: int
    samples: int
    allocated: int
    stored: int
    high: int
    signed: bool
    photometric: str
    planar: bool
    palette: AnyArray | None = field(default=None, repr=False)
    palette_first: int = 0
    table: AnyArray | None = field(default=None, repr=False)
    table_first: int = 0
    tagged: bool = False

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of stored values, in the byte order of this machine."""
        if self.element.real:
            return np.dtype(f"f{self.allocated // 8}")
        return np.dtype(f"{'i' if self.signed else 'u'}{max(self.allocated, 8) // 8}")

    @property
    def channels(self) -> int:
        """Values per pixel after colors of a palette have been looked up."""
        return 3 if self.palette is not None else self.samples

    @property
    def shown(self) -> np.dtype[Any]:
        """Type of values after palettes and tables have been looked up."""
        if self.palette is not None:
            return self.palette.dtype
        return self.table.dtype if self.table is not None else self.dtype

    @property
    def shape(self) -> tuple[int, ...]:
        """(rows, columns), with samples behind in color."""
        return (self.rows, self.columns, *((self.samples,) if self.samples > 1 else ()))

    @property
    def subsampled(self) -> bool:
        """Whether two pixels share one pair of color differences, in pixels that are not compressed."""
        whole = self.rows * self.columns * 3 * self.frames * self.allocated // 8
        # Some writers name a subsampled kind and store all samples: the length decides.
        return (
            not self.element.encapsulated and self.photometric in SUBSAMPLED and self.element.length < whole
        )

    @property
    def swapped(self) -> bool:
        """Whether bytes were written as big-endian words."""
        return not self.little and self.allocated == 8 and self.element.words

    @property
    def frame_bits(self) -> int:
        """Bits of one frame, if it is not compressed."""
        return self.rows * self.columns * (2 if self.subsampled else self.samples) * self.allocated


def find_pixels(file: BinaryIO, size: int, implicit: bool, little: bool) -> PixelElement | None:
    """The element of pixels that begins where the file is at; None where there is none.

    Args:
        file: Just behind the last element of the header.
        size: Bytes of the file.
        implicit: Whether elements have no value representation.
        little: Whether they are little-endian.
    """
    order = "<" if little else ">"
    head = file.read(12)
    if len(head) < 8:
        return None
    group, element = struct.unpack(order + "HH", head[:4])
    tag = group << 16 | element
    if tag not in PIXEL_TAGS:
        return None
    start = file.tell() - len(head)
    if implicit:
        length, used, words = struct.unpack(order + "I", head[4:8])[0], 8, True
    elif head[4:6] in LONG_VALUES and len(head) == 12:
        length, used, words = struct.unpack(order + "I", head[8:12])[0], 12, head[4:6] == b"OW"
    else:
        length, used, words = struct.unpack(order + "H", head[6:8])[0], 8, True
    held = max(size - start - used, 0)
    encapsulated = length == UNDEFINED_LENGTH
    return PixelElement(
        start + used, held if encapsulated else min(length, held), encapsulated, words, tag < PIXEL_TAGS[-1]
    )


def check_layout(layout: PixelLayout) -> None:
    """Refuse what cannot be true, before any memory is taken for it.

    Raises:
        HeaderError: The file holds fewer pixels than its header promises, or the numbers of bits contradict.
    """
    size = f"{layout.frames} frames of {layout.columns} x {layout.rows} px"
    if min(layout.rows, layout.columns, layout.frames) < 1:
        raise HeaderError(f"it has {size}")
    if layout.allocated not in BITS or not 0 < layout.stored <= layout.allocated:
        raise HeaderError(f"it stores {layout.stored} of {layout.allocated} bits")
    if not layout.stored <= layout.high + 1 <= layout.allocated:
        raise HeaderError(f"its highest of {layout.stored} bits is bit {layout.high}")
    if layout.element.encapsulated:
        held = layout.element.length // ITEM_BYTES
        if layout.frames > held:
            raise HeaderError(
                f"its header promises {size}, and its pixels take {layout.element.length:,} bytes"
            )
        check_squeezed(layout, layout.element.length)
    else:
        needed = -(-layout.frame_bits * layout.frames // 8)
        if needed > layout.element.length:
            raise HeaderError(
                f"its header promises {size}, {needed:,} bytes, and it holds {layout.element.length:,} bytes of "
                "pixels: some are missing"
            )


def check_squeezed(layout: PixelLayout, held: int) -> None:
    """Refuse a large frame that would have to be in fewer compressed bytes than any encoder needs.

    Args:
        layout: How the pixels are stored.
        held: Compressed bytes that there are for the frame.

    Raises:
        HeaderError: The frame is not in them.
    """
    claimed = layout.frame_bits // 8
    if claimed > LARGE_FRAME and claimed > MOST_SQUEEZED * held:
        raise HeaderError(f"{held:,} bytes cannot hold {layout.columns} x {layout.rows} px")
