"""Dots that drift to the right: the events of a small recording."""

import numpy as np

from wholefield.sources.events.recording import EVENT_DTYPE, Events

WIDTH, HEIGHT, DURATION_US, STEP_US = 48, 32, 100_000, 10_000
SPEED = 100.0  # px per s, to the right


def drifting_dots() -> Events:
    """Dots that drift to the right at `SPEED`; each gives an event whenever it enters a pixel."""
    random = np.random.default_rng(1)
    first = np.zeros((150, 2), int)
    first[:, 0], first[:, 1] = random.integers(0, WIDTH - 12, 150), random.integers(0, HEIGHT, 150)
    steps = np.arange(10)
    events: Events = np.zeros((150, 10), EVENT_DTYPE)
    events["x"] = first[:, :1] + steps
    events["y"] = first[:, 1:]
    events["p"] = random.integers(0, 2, 150)[:, None]
    events["t"] = steps * round(1e6 / SPEED) + random.integers(0, 9_000, 150)[:, None]
    events = events.ravel()
    events["t"][0], events["t"][-1] = 0, DURATION_US - 1
    return events[np.argsort(events["t"], kind="stable")]
