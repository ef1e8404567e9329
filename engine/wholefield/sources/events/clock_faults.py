"""Compiled loops that find damaged values of a clock; see `wholefield.sources.events.clock_repair`."""

from __future__ import annotations

import numpy as np

from wholefield.kernels.compiled import compiled
from wholefield.sources.events.time_word import EVIDENCE, NEIGHBORS, RUN, Integers, Words

# Steps back among the neighbors count as order up to this share of the jump.
ORDERLY_SHARE = 16
# A jump is larger than that many usual steps.
USUAL_STEPS = 8


@compiled
def count_jumps(
    words: Words, type_shift: int, type_mask: int, kind: int, shift: int, mask: int, tolerance: int
) -> tuple[int, int]:
    """How many words carry a time, and how many of those differ from the one before by more than tolerance."""
    times, jumps = 0, 0
    last = np.int64(-1)
    for i in range(words.shape[0]):
        word = np.uint64(words[i])
        if (word >> np.uint64(type_shift)) & np.uint64(type_mask) == np.uint64(kind):
            value = np.int64(word >> np.uint64(shift)) & mask
            if last >= 0 and (value - last + tolerance) & mask > 2 * tolerance:
                jumps += 1
            last = value
            times += 1
    return times, jumps


@compiled
def _step(first: int, second: int, mask: int) -> int:
    """The nearest way from one value of the clock to another."""
    step = (second - first) & mask
    return step if step <= mask >> 1 else step - mask - 1


@compiled
def repair(values: Integers, mended: Integers, mask: int, tolerance: int) -> None:
    """Replace damaged values in `mended`, a copy of the values."""
    i = 1
    while i < values.shape[0]:
        step = _step(values[i - 1], values[i], mask)
        run = 0
        if step < -tolerance or step > tolerance:
            run = _damaged(values, i, mask, tolerance)
        if run:
            ahead = max(_step(values[i - 1], values[i + run], mask), 0)
            middle = ahead // 2 if ahead <= 2 * tolerance else 0
            for j in range(run):
                mended[i + j] = (values[i - 1] + middle) & mask
        i += run + 1


@compiled
def _damaged(values: Integers, i: int, mask: int, tolerance: int) -> int:
    """How many values from i on are damaged, or 0."""
    for run in range(1, RUN + 1):
        if i + run >= values.shape[0]:
            return 0
        ahead = _step(values[i - 1], values[i + run], mask)
        low, high = min(ahead, 0), max(ahead, 0)
        out = mask
        for j in range(run):
            step = _step(values[i - 1], values[i + j], mask)
            out = min(out, max(low - step, step - high))
        if out > tolerance and -ahead <= out // ORDERLY_SHARE and _orderly(values, i, run, mask, out):
            return 0 if _next_is_wrong(values, i, run, mask) else run
    return 0


@compiled
def _next_is_wrong(values: Integers, i: int, run: int, mask: int) -> bool:
    """Whether rather the one word behind the run is damaged: what comes then continues the run after a silence."""
    last = i + run - 1
    if last + 2 >= values.shape[0] or _step(values[i - 1], values[i], mask) < 0:
        return False
    here, there = _step(values[last], values[last + 2], mask), _step(values[last + 1], values[last + 2], mask)
    return here >= 0 and (run > 1 or here <= there // ORDERLY_SHARE)


@compiled
def _orderly(values: Integers, i: int, run: int, mask: int, out: int) -> bool:
    """Whether the values before i and from i + run on advance, by steps that are small beside the jump."""
    steps = np.zeros(2 * NEIGHBORS, np.int64)
    pairs = 0
    for j in range(NEIGHBORS):
        for first in (i - 2 - j, i + run + j):
            if first >= 0 and first + 1 < values.shape[0]:
                steps[pairs] = _step(values[first], values[first + 1], mask)
                if steps[pairs] < -(out // ORDERLY_SHARE):
                    return False
                pairs += 1
    return pairs >= EVIDENCE and bool(np.median(steps[:pairs]) * USUAL_STEPS < out)
