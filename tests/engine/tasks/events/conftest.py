"""A small simulated recording with labels."""

from pathlib import Path

import pytest

from wholefield.export.events import write_events_hdf5
from wholefield.export.flow import labels_path, write_flow_hdf5
from wholefield.flow.simulator import SceneSettings, simulate

DELTA_T = 10_000


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """160 ms on 40 x 32 px, with the exact flow of every 10 ms."""
    settings = SceneSettings(40, 32, 160_000, planes=1, label_delta_us=DELTA_T)
    events, labels = simulate(settings, 0)
    path = tmp_path_factory.mktemp("clip") / "clip.hdf5"
    write_events_hdf5(path, [events], 40, 32)
    write_flow_hdf5(labels_path(path), labels, (len(labels), 32, 40), DELTA_T)
    return path
