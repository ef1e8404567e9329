"""The window with the events workspace in sight, and a small recording with its exact flow on disk."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from tests.app.spaces import events_of
from tests.app.workspaces.events.dots import DURATION_US, HEIGHT, SPEED, STEP_US, WIDTH, drifting_dots
from wholefield.export.events import write_events_hdf5
from wholefield.export.flow import labels_path, write_flow_hdf5
from wholefield.tasks.events.provider import FlowSource
from wholefield_app.window.main_window import MainWindow
from wholefield_app.workspaces.events.workspace import EventsWorkspace


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
def space(window: MainWindow) -> EventsWorkspace:
    """The events workspace."""
    window.go_to("events")
    return events_of(window)


@pytest.fixture
def open_clip(window: MainWindow, space: EventsWorkspace, clip: Path, qtbot: QtBot) -> Callable[[], None]:
    """Opens the recording and waits until its first frame is there."""

    def do() -> None:
        window.open(clip)
        qtbot.waitUntil(lambda: space.view.frame is not None and window.quiet, timeout=20_000)

    return do


@pytest.fixture
def open_labels(window: MainWindow, space: EventsWorkspace, labels: Path, qtbot: QtBot) -> Callable[[], None]:
    """Shows the exact flow over the recording."""

    def do() -> None:
        space.flow.open(FlowSource(labels))
        qtbot.waitUntil(lambda: space.view.flow.provider is not None and window.quiet, timeout=20_000)

    return do
