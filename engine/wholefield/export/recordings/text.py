"""Writer of events as text: Prophesee's CSV, a line `x,y,p,t` an event, with the size of the sensor before them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from wholefield.export.recordings.about import About
from wholefield.files import replacing
from wholefield.kernels.compiled import compiled
from wholefield.sources.events.codec import Integer
from wholefield.sources.events.recording import Events, words_of

# Characters of the longest line: two coordinates, a polarity, a time of 20 digits, commas and the end.
LONGEST = 5 + 5 + 1 + 20 + 4
LINES = 1 << 18


def write_csv(path: Path, chunks: Iterable[Events], about: About) -> int:
    """Write x, y in px, polarity 0 or 1 and time in us on the clock of `about`.

    Args:
        path: The file.
        chunks: Events (`EVENT_DTYPE`), ascending in time.
        about: Sensor and clock.

    Returns:
        Events written.

    Raises:
        OSError: The file cannot be written.
    """
    count = 0
    text = np.empty(LINES * LONGEST, np.uint8)
    with replacing(path) as temporary, temporary.open("wb") as file:
        file.write(f"%geometry:{about.width},{about.height}\n% x,y,p,t [us]\n".encode("ascii"))
        for chunk in chunks:
            pairs = words_of(chunk)
            for begin in range(0, len(pairs), LINES):
                length = _lines(pairs[begin : begin + LINES], about.start_us, text)
                file.write(text[:length].data)
            count += len(chunk)
    return count


@compiled
def _lines(pairs: npt.NDArray[np.uint64], start: int, text: npt.NDArray[np.uint8]) -> int:
    """Write a line for every event and give the number of characters."""
    n = 0
    for i in range(pairs.shape[0]):
        value = pairs[i, 0]
        n = _number(np.int64(value & np.uint64(0xFFFF)), text, n)
        text[n] = 44
        n = _number(np.int64(value >> np.uint64(16) & np.uint64(0xFFFF)), text, n + 1)
        text[n] = 44
        text[n + 1] = 48 + np.int64(value >> np.uint64(32) & np.uint64(1))
        text[n + 2] = 44
        n = _number(np.int64(pairs[i, 1]) + start, text, n + 3)
        text[n] = 10
        n += 1
    return n


@compiled
def _number(value: Integer, text: npt.NDArray[np.uint8], at: int) -> int:
    """Write a whole number in decimal digits and give the place behind it."""
    if value < 0:
        text[at] = 45
        at, value = at + 1, -value
    digits, rest = 1, value // 10
    while rest:
        digits, rest = digits + 1, rest // 10
    for place in range(at + digits - 1, at - 1, -1):
        text[place] = 48 + value % 10
        value //= 10
    return at + digits
