"""N-MNIST and N-Caltech101 (.bin): five bytes an event, without any header.

x, y, then big-endian 24 bits: polarity and the time in us. Its 23 bits are not all used: a row of 240, which no
sensor of these sets has, is no event but adds 2**13 us to all that follow.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from wholefield.sources.choices import Reading
from wholefield.sources.events.formats.gathering import Gathering
from wholefield.sources.events.table import TableRecording

OVERFLOW_ROW, OVERFLOW_US = 240, 1 << 13
NMNIST_SIZE = (34, 34)
LARGEST_SIDE = 240
PROBED = 4000
# Steps back in time that a file may have and still be one of these; they are recorded in order.
DISORDER = 0.01
BATCH = 1 << 20

Rows = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.int64]


def is_nmnist(path: Path) -> bool:
    """Whether a file of no signature can be one of these: its times rise and its places fit a sensor of 240 px."""
    size = path.stat().st_size
    if not size or size % 5:
        return False
    with path.open("rb") as file:
        rows = np.frombuffer(file.read(5 * PROBED), np.uint8).reshape(-1, 5)
    # Five letters look like an event, and so do five zeros.
    if len(rows) < 2 or ((rows >= 9) & (rows < 127)).all() or (rows == rows[0]).all():
        return False
    event = rows[:, 1] != OVERFLOW_ROW
    steps = np.diff(_times(rows, 0)[1][event])
    inside = (rows[event, :2] < LARGEST_SIDE).all()
    return bool(inside and (steps < 0).sum() <= DISORDER * len(rows))


def open_nmnist(path: Path, reading: Reading | None = None) -> TableRecording:
    """Open a recording of N-MNIST or N-Caltech101.

    Raises:
        SourceError: It holds no events.
    """
    (reading or Reading()).only(path)
    size = _size(path)
    told = []
    if size is not None:
        told.append(
            f"The size of the sensor is not in the file; it is taken to be the {size[0]} x {size[1]} px of N-MNIST."
        )
    with path.open("rb") as file, Gathering(path, size) as gathering:
        before = 0
        while content := file.read(5 * BATCH):
            rows = np.frombuffer(content, np.uint8, len(content) // 5 * 5).reshape(-1, 5)
            before, times = _times(rows, before)
            event = rows[:, 1] != OVERFLOW_ROW
            kept = rows[event].astype(np.int64)
            gathering.add(kept[:, 0], kept[:, 1], kept[:, 2] >> 7, times[event])
        rest = path.stat().st_size % 5
        if rest:
            told.append(f"It ends in the middle of an event; its last {rest} bytes are left out.")
        return gathering.recording("N-MNIST", {}, told)


def _times(rows: Rows, before: int) -> tuple[int, Integers]:
    """What overflows add after these rows, and the times of the rows, in us."""
    added = before + np.cumsum(rows[:, 1] == OVERFLOW_ROW) * OVERFLOW_US
    wide = rows[:, 2:].astype(np.int64)
    times = (wide[:, 0] & 127) << 16 | wide[:, 1] << 8 | wide[:, 2]
    return int(added[-1]) if len(added) else before, times + added


def _size(path: Path) -> tuple[int, int] | None:
    """The size of N-MNIST where all events lie within it, or None."""
    with path.open("rb") as file:
        while content := file.read(5 * BATCH):
            rows = np.frombuffer(content, np.uint8, len(content) // 5 * 5).reshape(-1, 5)
            rows = rows[rows[:, 1] != OVERFLOW_ROW]
            if (rows[:, 0] >= NMNIST_SIZE[0]).any() or (rows[:, 1] >= NMNIST_SIZE[1]).any():
                return None
    return NMNIST_SIZE
