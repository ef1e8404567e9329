"""The compiled state machine of Event Stream files; see `event_stream` for the layout."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from wholefield.kernels.compiled import compiled

Bytes = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.int64]
Pairs = npt.NDArray[np.uint64]

# Numbers of the state: bytes of an event that were read, its time in us, its flags (polarity, 2: exposure), the
# place that is being read, and the sum of its weighted colors.
PHASE, TIME, FLAGS, PLACE, GRAY = range(5)
ATIS, COLOR = 2, 4


def fresh() -> Integers:
    """The state before the first byte."""
    return np.zeros(5, np.int64)


@compiled
def walk(data: Bytes, state: Integers, kind: int, pairs: Pairs) -> int:
    """Fill rows (x | y << 16 | flags << 32 | gray << 40, time in us); gives how many."""
    n = 0
    phase, time, flags, place, gray = state[PHASE], state[TIME], state[FLAGS], state[PLACE], state[GRAY]
    length = 8 if kind == COLOR else 5
    for i in range(data.shape[0]):
        byte = np.int64(data[i])
        if phase == 0:
            if kind == ATIS and byte >= 252:
                time += 63 * (byte - 252)
            elif kind == COLOR and byte >= 254:
                time += 254 * (byte - 254)
            elif kind != ATIS and kind != COLOR and byte >= 254:
                time += 127 * (byte - 254)
            else:
                if kind == ATIS:
                    time += byte >> 2
                    flags = byte >> 1 & 1 | (byte & 1) << 1
                elif kind == COLOR:
                    time += byte
                    flags = 0
                else:
                    time += byte >> 1
                    flags = byte & 1
                phase, place, gray = 1, 0, 0
            continue
        if phase < 5:
            place |= byte << 8 * (phase - 1)
        else:
            # Luma of Rec. 601, in thousandths.
            gray += byte * (299 if phase == 5 else 587 if phase == 6 else 114)
        phase += 1
        if phase == length:
            pairs[n, 0] = np.uint64(place | flags << 32 | gray // 1000 << 40)
            pairs[n, 1] = np.uint64(time)
            n += 1
            phase = 0
    state[PHASE], state[TIME], state[FLAGS], state[PLACE], state[GRAY] = phase, time, flags, place, gray
    return n


@compiled
def brightening(
    x: Integers, y: Integers, gray: Integers, width: int, height: int, last: npt.NDArray[np.int16]
) -> Integers:
    """1 where a pixel is not darker than it was before, in the order of events; `last` is read and written."""
    found = np.ones(x.shape[0], np.int64)
    for i in range(x.shape[0]):
        if x[i] < width and y[i] < height:
            place = y[i] * width + x[i]
            found[i] = 1 if gray[i] >= last[place] else 0
            last[place] = gray[i]
    return found
