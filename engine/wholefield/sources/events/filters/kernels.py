"""The compiled loops of the filters: they mark the events that are removed, and carry their state from block to block.

Events are pairs of 64-bit words as `EVENT_DTYPE` lies in memory: x in bits 15:0, y 31:16, polarity 32 of the first, the
time in us in the second. `alive` is 0 for what an earlier filter has removed, which later ones do not see.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from wholefield.kernels.compiled import compiled
from wholefield.sources.events.codec import Integers

Pairs = npt.NDArray[np.uint64]
Alive = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.uint8]

# The time of a pixel that had no event: so long ago that no window reaches it.
NEVER = -(1 << 60)


@compiled
def by_mask(pairs: Pairs, alive: Alive, mask: Mask) -> None:
    """Keep the events of pixels where a mask (H, W) is not 0."""
    for i in range(pairs.shape[0]):
        word = pairs[i, 0]
        alive[i] &= mask[word >> np.uint64(16) & np.uint64(0xFFFF), word & np.uint64(0xFFFF)]


@compiled
def by_polarity(pairs: Pairs, alive: Alive, polarity: int) -> None:
    """Keep the events of one polarity."""
    for i in range(pairs.shape[0]):
        alive[i] &= np.uint8(np.int64(pairs[i, 0] >> np.uint64(32) & np.uint64(1)) == polarity)


@compiled
def invert_polarity(pairs: Pairs, alive: Alive) -> None:
    """Turn ON into OFF and OFF into ON."""
    for i in range(pairs.shape[0]):
        pairs[i, 0] ^= np.uint64(1 << 32)


@compiled
def move(pairs: Pairs, alive: Alive, matrix: Integers, divisor: int) -> None:
    """Put events elsewhere: (x, y) becomes (matrix (2, 3) times (x, y, 1)) // divisor."""
    for i in range(pairs.shape[0]):
        if alive[i]:
            word = pairs[i, 0]
            x, y = np.int64(word & np.uint64(0xFFFF)), np.int64(word >> np.uint64(16) & np.uint64(0xFFFF))
            to_x = (matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2]) // divisor
            to_y = (matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2]) // divisor
            pairs[i, 0] = word & np.uint64(0xFFFFFFFF00000000) | np.uint64(to_x | to_y << 16)


@compiled
def by_table(pairs: Pairs, alive: Alive, table: Integers) -> None:
    """Put events where a table (H, W) has their pixel, x | y << 16; negative entries remove them."""
    for i in range(pairs.shape[0]):
        if alive[i]:
            word = pairs[i, 0]
            place = table[word >> np.uint64(16) & np.uint64(0xFFFF), word & np.uint64(0xFFFF)]
            if place < 0:
                alive[i] = 0
            else:
                pairs[i, 0] = word & np.uint64(0xFFFFFFFF00000000) | np.uint64(place)


@compiled
def refractory(pairs: Pairs, alive: Alive, period: int, last: Integers) -> None:
    """Remove events less than `period` us after the last that was kept at their pixel; `last` (H, W)."""
    for i in range(pairs.shape[0]):
        if alive[i]:
            word, t = pairs[i, 0], np.int64(pairs[i, 1])
            y, x = word >> np.uint64(16) & np.uint64(0xFFFF), word & np.uint64(0xFFFF)
            if t - last[y, x] < period:
                alive[i] = 0
            else:
                last[y, x] = t


@compiled
def background(
    pairs: Pairs, alive: Alive, window: int, supporters: int, last: Integers, stride: np.uint64
) -> None:
    """Keep events that others within `window` us before, at enough of the 8 pixels around, support.

    `last` is the time of the last event of each pixel of a sensor with a border of one px, row after row of `stride`.
    """
    one, two = np.uint64(1), np.uint64(2)
    for i in range(pairs.shape[0]):
        if alive[i]:
            word, t = pairs[i, 0], np.int64(pairs[i, 1])
            # The pixel up and to the left.
            at = (word >> np.uint64(16) & np.uint64(0xFFFF)) * stride + (word & np.uint64(0xFFFF))
            since = t - window
            below = at + stride
            found = (last[at] >= since) + (last[at + one] >= since) + (last[at + two] >= since)
            found += (last[below] >= since) + (last[below + two] >= since)
            last[below + one] = t
            below += stride
            found += (last[below] >= since) + (last[below + one] >= since) + (last[below + two] >= since)
            alive[i] = found >= supporters


@compiled
def contrast(pairs: Pairs, alive: Alive, window: int, cut: bool, state: Integers) -> None:
    """Keep events that another of their polarity preceded at their pixel, at most `window` us before.

    `state` (H, W) is the last event as time << 2 | polarity << 1 | whether an event of its burst was kept; with `cut`
    no other of the burst is, until the polarity changes.
    """
    for i in range(pairs.shape[0]):
        if alive[i]:
            word, t = pairs[i, 0], np.int64(pairs[i, 1])
            y, x = word >> np.uint64(16) & np.uint64(0xFFFF), word & np.uint64(0xFFFF)
            p = np.int64(word >> np.uint64(32) & np.uint64(1))
            # Without branches, which no processor could foretell.
            before = state[y, x]
            same = np.int64((before >= 0) & ((before >> 1 & 1) == p))
            kept = same & before
            passes = same & np.int64(t - (before >> 2) <= window) & (1 - (kept & np.int64(cut)))
            alive[i] = passes
            state[y, x] = t << 2 | p << 1 | kept | passes


@compiled
def trail(pairs: Pairs, alive: Alive, window: int, state: Integers) -> None:
    """Keep events of another polarity than the last of their pixel, or at least `window` us after it.

    `state` (H, W) is the last event as time << 1 | polarity, negative where there was none.
    """
    for i in range(pairs.shape[0]):
        if alive[i]:
            word, t = pairs[i, 0], np.int64(pairs[i, 1])
            y, x = word >> np.uint64(16) & np.uint64(0xFFFF), word & np.uint64(0xFFFF)
            p = np.int64(word >> np.uint64(32) & np.uint64(1))
            before = state[y, x]
            alive[i] = 1 - ((before >= 0) & ((before & 1) == p) & (t - (before >> 1) < window))
            state[y, x] = t << 1 | p


@compiled
def flicker(
    pairs: Pairs, alive: Alive, shortest: int, longest: int, length: int, tolerance: int,
    state: Integers,
) -> None:  # fmt: skip
    """Remove the events of pixels while they flicker.

    `state` (H, W, 2): the time of the last change from OFF to ON; the period before it << 9 | number of periods that
    agree << 1 | last polarity.
    """
    for i in range(pairs.shape[0]):
        if alive[i]:
            word, t = pairs[i, 0], np.int64(pairs[i, 1])
            y, x = word >> np.uint64(16) & np.uint64(0xFFFF), word & np.uint64(0xFFFF)
            p = np.int64(word >> np.uint64(32) & np.uint64(1))
            rise, now = state[y, x, 0], state[y, x, 1]
            since, period, count = t - rise, now >> 9, now >> 1 & 255
            if p > (now & 1):
                in_band = np.int64((shortest <= since) & (since <= longest))
                agrees = np.int64((count == 0) | (abs(since - period) <= tolerance))
                count = in_band * (agrees * min(count, 254) + 1)
                period = in_band * since
                state[y, x, 0] = t
                since = 0
            state[y, x, 1] = period << 9 | count << 1 | p
            alive[i] = (count < length) | (since > longest)


@compiled
def add_counts(pairs: Pairs, alive: Alive, counts: Integers) -> None:
    """Count the events of every pixel into `counts` (H, W)."""
    for i in range(pairs.shape[0]):
        word = pairs[i, 0]
        counts[word >> np.uint64(16) & np.uint64(0xFFFF), word & np.uint64(0xFFFF)] += alive[i]
