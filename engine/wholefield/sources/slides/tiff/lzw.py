"""Checks an LZW stream before it is decoded: the decoder of imagecodecs 2026.3.6 crashes on some damaged ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from wholefield.kernels.compiled import compiled

CLEAR, END, FIRST = 256, 257, 258
TABLE = 4096


def refuse_damaged_lzw(data: bytes) -> None:
    """Raise ValueError if a stream of TIFF's LZW uses a code before it exists, or goes on where its table is full.

    Args:
        data: Codes of 9 to 12 bits, most significant bit first; the width grows one code early. Streams of programs
            before 1992 have their bits the other way round.
    """
    if not _is_sound(np.frombuffer(data, np.uint8)):
        raise ValueError("its LZW codes make no sense")


@compiled
def _is_sound(data: npt.NDArray[Any]) -> bool:
    # Before version 6 of TIFF the lowest bit came first; such a stream begins with the clear code 256 as 00 x1.
    reverse = data.size > 1 and data[0] == 0 and (data[1] & 1) == 1
    width, following, last = 9, FIRST, -1
    bits, held, at = 0, 0, 0
    while True:
        while held < width:
            if at == data.size:
                # Some writers leave out the code for the end.
                return True
            if reverse:
                bits |= int(data[at]) << held
            else:
                bits = (bits << 8) | int(data[at])
            held += 8
            at += 1
        if reverse:
            code = bits & ((1 << width) - 1)
            bits >>= width
        else:
            code = (bits >> (held - width)) & ((1 << width) - 1)
            bits &= (1 << (held - width)) - 1
        held -= width
        if code == END:
            return True
        if code == CLEAR:
            width, following, last = 9, FIRST, -1
            continue
        if last < 0:
            if code > CLEAR:
                return False
            last = code
            continue
        if code > following or following >= TABLE:
            return False
        following += 1
        last = code
        # One code early: libtiff's and everyone's reading of the standard.
        early = following if reverse else following + 1
        if early >= (1 << width) and width < 12:
            width += 1
