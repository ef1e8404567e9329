"""Recordings as text: a line an event with time, x, y and polarity, separated by spaces or commas.

Times with a decimal point or exponent are seconds, whole numbers microseconds. A line of names gives another order of
the columns, a first line of two whole numbers the size of the sensor.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from wholefield.errors import SourceError
from wholefield.sources.events.recording import EVENT_DTYPE, Events, RecordingDescription
from wholefield.sources.events.sensors import LARGEST_SIDE, likely_sensor
from wholefield.sources.events.table import ArrayTable, Spool, TableRecording

LINES = 1 << 17
HEAD_BYTES = 4096
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
NAMES = {
    "t": "t", "ts": "t", "time": "t", "timestamp": "t", "timestamps": "t", "x": "x", "xs": "x", "y": "y", "ys": "y",
    "p": "p", "ps": "p", "pol": "p", "polarity": "p", "polarities": "p", "on": "p",
}  # fmt: skip


@dataclass(frozen=True)
class TextLayout:
    """What the first lines say.

    Attributes:
        skip: Lines before the events.
        order: Columns of t, x, y and p.
        seconds: Whether times are in s.
        size: (width, height) in px, or None.
    """

    skip: int
    order: tuple[int, int, int, int]
    seconds: bool
    size: tuple[int, int] | None


def text_layout(head: bytes) -> TextLayout | None:
    """The layout of a text that begins so, or None if these are not events."""
    lines = head.decode("ascii", errors="replace").splitlines()
    order, size = (0, 1, 2, 3), None
    for skip, line in enumerate(lines):
        words = _words(line)
        if not words:
            continue
        names = [NAMES.get(word.lower()) for word in words]
        if sorted(filter(None, names)) == ["p", "t", "x", "y"]:
            order = (names.index("t"), names.index("x"), names.index("y"), names.index("p"))
        elif len(words) == 2 and all(word.isdecimal() for word in words):
            size = int(words[0]), int(words[1])
        elif len(words) >= 4 and all(NUMBER.fullmatch(word) for word in words):
            return TextLayout(skip, order, not words[order[0]].lstrip("+-").isdecimal(), size)
        elif not line.startswith("#"):
            return None
    return None


def open_text(path: Path) -> TableRecording:
    """Open a recording in text; its events are unpacked into a temporary file.

    Raises:
        SourceError: It holds no events.
    """
    with path.open("rb") as file:
        layout = text_layout(file.read(HEAD_BYTES))
    if layout is None:
        raise SourceError(f"{path} holds no lines of time, x, y and polarity; choose another file.")
    spool = Spool()
    try:
        damage = _unpack(path, layout, spool)
        events = spool.array()
        if not events.size:
            raise SourceError(
                f"{path} holds no events that can be read; choose another file. {damage}".rstrip()
            )
        warnings = [damage] if damage else []
        size = layout.size
        if size is None:
            size = likely_sensor([events], whole=True)
            warnings.append(
                f"The size of the sensor is not in the file; {size[0]} x {size[1]} px was taken from the events."
            )
        description = RecordingDescription("Event text", *size, {}, tuple(warnings))
        return TableRecording(path, description, ArrayTable(events))
    finally:
        spool.close()


def _unpack(path: Path, layout: TextLayout, spool: Spool) -> str:
    """Parse all lines; a sentence about the first that is none, where it stops, or ''."""
    number = layout.skip
    with path.open(encoding="ascii", errors="replace") as file:
        next(islice(file, layout.skip, layout.skip), None)
        while lines := list(islice(file, LINES)):
            events = _parsed(lines, layout)
            if events is None:
                good = _good_lines(lines, layout)
                if good and (events := _parsed(lines[:good], layout)) is not None:
                    spool.append(events)
                return f"Line {number + good + 1} is not an event; it and everything after it are left out."
            spool.append(events)
            number += len(lines)
    return ""


def _good_lines(lines: Sequence[str], layout: TextLayout) -> int:
    """How many lines from the first on can be parsed, by bisection."""
    low, high = 0, len(lines)
    while high - low > 1:
        middle = (low + high) // 2
        if _parsed(lines[low:middle], layout) is None:
            high = middle
        else:
            low = middle
    return low


def _parsed(lines: Sequence[str], layout: TextLayout) -> Events | None:
    """Lines as events, or None if one of them is none."""
    rows = [row for line in lines if (row := line.replace(",", " ").strip()) and not row.startswith("#")]
    if not rows:
        return np.zeros(0, EVENT_DTYPE)
    try:
        t, x, y, p = np.loadtxt(rows, np.float64, usecols=layout.order, unpack=True, ndmin=2)
    except (ValueError, IndexError):
        return None
    sane = (
        np.isfinite(t) & (np.abs(t) < 2.0**52) & (x >= 0) & (x < LARGEST_SIDE) & (y >= 0) & (y < LARGEST_SIDE)
    )
    if not (sane & np.isfinite(p)).all():
        return None
    events = np.zeros(len(t), EVENT_DTYPE)
    events["t"] = np.rint(t * 1e6) if layout.seconds else t
    events["x"], events["y"], events["p"] = x, y, p > 0
    return events


def _words(line: str) -> list[str]:
    return line.strip().lstrip("#").replace(",", " ").split()
