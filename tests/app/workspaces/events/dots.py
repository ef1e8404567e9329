"""Dots that drift to the right: a small recording, its exact flow, and both in the window."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from app.window.main_window import MainWindow
from app.workspaces.events.workspace import EventsWorkspace
from engine.export.events import write_events_hdf5
from engine.export.flow import labels_path, write_flow_hdf5
from engine.sources.recording import EVENT_DTYPE

WIDTH, HEIGHT, DURATION_US, STEP_US = 48, 32, 100_000, 10_000
SPEED = 100.0  # px per s, to the right


def drifting_dots() -> np.ndarray:
    """Dots that drift to the right at `SPEED`; each gives an event whenever it enters a pixel."""
    random = np.random.default_rng(1)
    first = np.zeros((150, 2), int)
    first[:, 0], first[:, 1] = random.integers(0, WIDTH - 12, 150), random.integers(0, HEIGHT, 150)
    steps = np.arange(10)
    events = np.zeros((150, 10), EVENT_DTYPE)
    events["x"] = first[:, :1] + steps
    events["y"] = first[:, 1:]
    events["p"] = random.integers(0, 2, 150)[:, None]
    events["t"] = steps * round(1e6 / SPEED) + random.integers(0, 9_000, 150)[:, None]
    events = events.ravel()
    events["t"][0], events["t"][-1] = 0, DURATION_US - 1
    return events[np.argsort(events["t"], kind="stable")]


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """A recording without labels."""
    path = tmp_path / "dots.hdf5"
    write_events_hdf5(path, [drifting_dots()], WIDTH, HEIGHT)
    return path


@pytest.fixture
def labels(clip: Path) -> Path:
    """The exact flow beside the recording."""
    flow = np.zeros((2, HEIGHT, WIDTH))
    flow[0] = SPEED * STEP_US / 1e6
    count = DURATION_US // STEP_US
    path = labels_path(clip)
    write_flow_hdf5(path, [flow] * count, (count, HEIGHT, WIDTH), STEP_US)
    return path


@pytest.fixture
def open_clip(window: MainWindow, space: EventsWorkspace, clip: Path, qtbot) -> Callable[[], None]:
    """Opens the recording and waits until its first frame is there."""

    def do() -> None:
        window.open(clip)
        qtbot.waitUntil(lambda: space.view.frame is not None and window.quiet, timeout=20_000)

    return do


@pytest.fixture
def open_labels(window: MainWindow, space: EventsWorkspace, labels: Path, qtbot) -> Callable[[], None]:
    """Shows the exact flow over the recording."""

    def do() -> None:
        space.handlers.open_flow(labels)
        qtbot.waitUntil(lambda: space.view.flow.provider is not None and window.quiet, timeout=20_000)

    return do
