"""A recording held in memory: a point that moves to the right, and noise."""

from pathlib import Path

import numpy as np

from wholefield.sources.events.recording import EVENT_DTYPE, Events, RecordingDescription
from wholefield.sources.events.table import ArrayTable, TableRecording

WIDTH, HEIGHT = 64, 48


def make_events(count: int = 4000, duration_us: int = 100_000, seed: int = 0) -> Events:
    """Events at random on a sensor of 64 x 48 px, the first at 0 and the last in the last us."""
    random = np.random.default_rng(seed)
    events = np.zeros(count, EVENT_DTYPE)
    events["x"] = random.integers(0, WIDTH, count)
    events["y"] = random.integers(0, HEIGHT, count)
    events["p"] = random.integers(0, 2, count)
    events["t"] = np.sort(random.integers(0, duration_us, count))
    events["t"][[0, -1]] = 0, duration_us - 1
    return events


def recording_of(
    events: Events, width: int = WIDTH, height: int = HEIGHT, name: str = "memory.npz"
) -> TableRecording:
    """A recording of these events."""
    return TableRecording(Path(name), RecordingDescription("memory", width, height), ArrayTable(events))


def make_recording(count: int = 4000, duration_us: int = 100_000, seed: int = 0) -> TableRecording:
    """A recording of random events."""
    return recording_of(make_events(count, duration_us, seed))
