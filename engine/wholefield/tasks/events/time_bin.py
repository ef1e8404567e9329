"""The time bin that fits the motion of a recording, for flow by bins of any length. Imports no torch."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from wholefield.flow.representations.registry import SizedEventSource

Motion = Callable[[int, int], npt.NDArray[np.float32]]
"""Gives the displacements (2, H, W) in px of the sensor within the bin that begins at a moment, both in us."""
# Motion that a bin should hold, in px of the sensor.
WANTED_PX = 5.0
# Of the speeds where there are events, this quantile counts: noise is slow.
QUANTILE = 0.75
SHORTEST_US, LONGEST_US = 100, 100_000
# The first guess holds that many events per pixel.
EVENTS_PER_PIXEL = 0.05
# Looked at are the busiest of these moments: the same ones however much of a recording is indexed.
MOMENTS_US = tuple(10_000 * 2**k for k in range(10))
BUSIEST, SAMPLE_US = 3, 10_000
ROUNDS, MOST_CHANGE = 4, 4.0
STEPS = (1, 2, 5)


def fitting_bin(recording: SizedEventSource, motion: Motion) -> int | None:
    """The length of a bin in which things move by about `WANTED_PX`, in us: 1, 2 or 5 times a power of ten.

    A first guess by the event rate is corrected by the motion that is measured with it, a few times over.

    Args:
        recording: The recording; only moments of its first seconds are looked at.
        motion: Gives the flow that is measured in a bin.

    Returns:
        The time bin in us; None if there are no events.

    Raises:
        SourceError: The recording cannot be read.
    """
    counts = {at: len(recording.events(at, at + SAMPLE_US)) for at in (0, *MOMENTS_US)}
    moments = [at for at in sorted(counts, key=lambda at: -counts[at])[:BUSIEST] if counts[at]]
    if not moments:
        return None
    pixels = recording.width * recording.height
    rate = np.median([counts[at] for at in moments]) / SAMPLE_US / pixels
    length = _limited(EVENTS_PER_PIXEL / rate)
    for _ in range(ROUNDS):
        moved = [_moved(recording, motion, at, round(length)) for at in moments]
        change = np.clip(WANTED_PX / max(float(np.median(moved)), 1e-6), 1 / MOST_CHANGE, MOST_CHANGE)
        length = _limited(length * float(change))
    return _round(length)


def _moved(recording: SizedEventSource, motion: Motion, start_us: int, length: int) -> float:
    """How far things move within a bin in px of the sensor: a high quantile where there are events."""
    events = recording.events(start_us, start_us + length)
    if not len(events):
        return 0.0
    speeds = np.hypot(*motion(start_us, length)[:, events["y"], events["x"]])
    return float(np.quantile(speeds, QUANTILE))


def _limited(length: float) -> float:
    return float(np.clip(length, SHORTEST_US, LONGEST_US))


def _round(length: float) -> int:
    """The nearest of 1, 2 and 5 times a power of ten, in the logarithm."""
    known = [step * 10**power for power in range(6) for step in STEPS]
    return min(known, key=lambda each: abs(np.log(each / length)))
