"""A small recording on disk, and its feature file."""

from pathlib import Path

import numpy as np
import pytest

from wholefield.export.events import write_events_hdf5
from wholefield.flow.features import write_features
from wholefield.sources.events.opening import open_recording
from wholefield.sources.events.recording import EVENT_DTYPE

WIDTH, HEIGHT, DURATION = 40, 30, 100_000


@pytest.fixture(scope="session")
def recording_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """100 ms of events at random on 40 x 30 px, the first at 0."""
    random = np.random.default_rng(0)
    events = np.zeros(5000, EVENT_DTYPE)
    events["x"], events["y"] = random.integers(0, WIDTH, 5000), random.integers(0, HEIGHT, 5000)
    events["p"], events["t"] = random.integers(0, 2, 5000), np.sort(random.integers(0, DURATION, 5000))
    events["t"][0], events["t"][-1] = 0, DURATION - 1
    path = tmp_path_factory.mktemp("recording") / "noise.hdf5"
    write_events_hdf5(path, [events], WIDTH, HEIGHT)
    return path


@pytest.fixture(scope="session")
def feature_file(recording_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The event cube of the recording in bins of 10 ms."""
    path = tmp_path_factory.mktemp("features") / "noise.h5"
    with open_recording(recording_file) as recording:
        write_features(path, recording, "event_cube", 10_000)
    return path
