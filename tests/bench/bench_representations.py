"""Events to frames: our kernels against numpy, in one process: python -m tests.bench representations [million events].

Each representation is made of one time bin after the other, as a network takes them. Pixels are drawn at random, which
is the worst case for the caches, or lie along a few edges, as in a recording.
"""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tests.bench.measure import machine
from wholefield.flow.representations import PREPROCESSORS, Events, event_cube, histo
from wholefield.sources.events.recording import EVENT_DTYPE

WIDTH, HEIGHT, BIN_US, MICRO = 640, 480, 20_000, 3
REPEATS = 5

Frame = npt.NDArray[np.floating]


def random_events(count: int, *, edges: bool) -> Events:
    """Events of one time bin, anywhere or along 40 lines three pixels wide."""
    rng = np.random.default_rng(0)
    events = np.zeros(count, EVENT_DTYPE)
    events["y"], events["p"] = rng.integers(0, HEIGHT, count), rng.integers(0, 2, count)
    events["x"] = (
        rng.integers(0, 40, count) * 16 + rng.integers(0, 3, count)
        if edges
        else rng.integers(0, WIDTH, count)
    )
    events["t"] = np.sort(rng.integers(0, BIN_US, count))
    return events


def numpy_histo(events: Events) -> Frame:
    """The histogram with bincount, the fastest way of numpy to add at indexes."""
    place = (events["p"].astype(np.int64) * HEIGHT + events["y"]) * WIDTH + events["x"]
    counts = np.bincount(place, minlength=2 * HEIGHT * WIDTH).reshape(2, HEIGHT, WIDTH)
    return np.minimum(counts / 5.0, 1)


def numpy_cube(events: Events) -> Frame:
    """The event cube with bincount."""
    position = np.clip(events["t"] * (MICRO / BIN_US) - 0.5, 0, MICRO - 1)
    low = np.minimum(position.astype(np.int64), MICRO - 2)
    later = position - low
    place = ((2 * low + events["p"]) * HEIGHT + events["y"]) * WIDTH + events["x"]
    size, plane = 2 * MICRO * HEIGHT * WIDTH, 2 * HEIGHT * WIDTH
    cube = np.bincount(place, 1 - later, size) + np.bincount(place + plane, later, size)
    return np.minimum(cube.reshape(2 * MICRO, HEIGHT, WIDTH) / 63.75, 1)


def rate(work: Callable[[], object], count: int) -> float:
    """Million events a second, the best of a few."""
    best = float("inf")
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return count / best / 1e6


def main(millions: float = 5.0) -> None:
    """Print the rates and the ratios."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=Path(__file__).parent, capture_output=True
    )
    print(
        f"{machine()}, commit {commit.stdout.decode().strip()}, {WIDTH}x{HEIGHT}, {millions:g} M events a bin"
    )
    count = int(millions * 1e6)
    slow = {"event_cube": numpy_cube, "histo": numpy_histo}
    for where in ("random", "edges"):
        events = random_events(count, edges=where == "edges")
        for function, other in ((event_cube, numpy_cube), (histo, numpy_histo)):
            np.testing.assert_allclose(
                function(events, 1, BIN_US, HEIGHT, WIDTH)[0], other(events), atol=2e-4
            )
        for name, one in PREPROCESSORS.items():
            arguments = one.defaults
            bin_us = BIN_US - BIN_US % MICRO

            def ours() -> object:
                return one.function(events, 1, bin_us, HEIGHT, WIDTH, **arguments)  # noqa: B023

            ours()
            text = f"{where:7} {name:26} {rate(ours, count):6.0f} M/s"
            if name in slow:
                reference = rate(lambda: slow[name](events), count)  # noqa: B023
                text += f"   numpy {reference:5.1f} M/s, ratio {rate(ours, count) / reference:5.1f}"
            print(text)


if __name__ == "__main__":
    main(*(float(word) for word in sys.argv[1:]))
