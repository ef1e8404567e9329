"""A recording that is too large to be indexed when it is opened, with a burst that is stored 10 s behind its time."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from wholefield.sources.events.recording import Events
from wholefield.sources.events.table import EventTable, TableRecording

WIDTH, HEIGHT = 40, 32
EVENTS, BURST = 20_000, 40
# A place that has events of the burst only.
X, Y = 7, 5
BURST_US, STORED_US = 5_000_000, 15_000_000


class Windows:
    """What `TableRecording.events` gives: how much of the burst each window has, and how much it should have."""

    def __init__(self) -> None:
        self.found: list[int] = []
        self.expected: list[int] = []

    @property
    def right(self) -> bool:
        """Whether a window with all or part of the burst was read, and all windows have what they should have."""
        return sum(self.expected) > 0 and self.found == self.expected

    def watch(self, events: Callable[..., Events]) -> Callable[..., Events]:
        """The method, watched."""

        def watched(recording: TableRecording, start_us: int, end_us: int) -> Events:
            given = events(recording, start_us, end_us)
            times = BURST_US + np.arange(BURST)
            self.found.append(int(((given["x"] == X) & (given["y"] == Y)).sum()))
            self.expected.append(int(((times >= start_us) & (times < end_us)).sum()))
            return given

        return watched


def write_late_burst(folder: Path) -> Path:
    """An event every ms for 20 s, and the burst among those of 15 s."""
    random = np.random.default_rng(5)
    t = np.arange(EVENTS, dtype=np.int64) * 1000
    x, y = random.integers(0, WIDTH, EVENTS), random.integers(0, HEIGHT, EVENTS)
    x[(x == X) & (y == Y)] += 1
    x[0], y[0] = WIDTH - 1, HEIGHT - 1
    place = STORED_US // 1000
    path = folder / "late.npz"
    np.savez(
        path,
        t=np.insert(t, place, BURST_US + np.arange(BURST)),
        x=np.insert(x, place, np.full(BURST, X)),
        y=np.insert(y, place, np.full(BURST, Y)),
        p=np.insert(random.integers(0, 2, EVENTS), place, np.ones(BURST, np.int64)),
    )
    return path


def watch_late_burst(monkeypatch: pytest.MonkeyPatch) -> Windows:
    """Make small tables count as large ones, and watch what is read of them."""
    windows = Windows()
    monkeypatch.setattr("wholefield.sources.events.table.INDEX_AT_ONCE_EVENTS", 0)
    monkeypatch.setattr(EventTable, "block", 64)
    monkeypatch.setattr(TableRecording, "events", windows.watch(TableRecording.events))
    return windows
