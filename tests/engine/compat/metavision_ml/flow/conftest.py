"""Small recordings in the folders of a training, and a quiet trainer."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lightning.pytorch import Trainer

from wholefield.export.dat import write_dat
from wholefield.export.events import write_events_hdf5
from wholefield.export.flow import write_flow_hdf5
from wholefield.flow.features import write_features
from wholefield.sources.events.opening import open_recording
from wholefield.sources.events.recording import EVENT_DTYPE

SETTINGS: dict[str, Any] = {
    "delta_t": 5000,
    "array_dim": (2, 6, 24, 32),
    "learning_rate": 1e-3,
    "network_kwargs": {"base": 2},
}


def moving_bar(seed: int) -> np.ndarray:
    """60 ms of a bar of events that crosses 32 x 24 px, with noise."""
    random = np.random.default_rng(seed)
    events = np.zeros(3000, EVENT_DTYPE)
    events["t"] = np.sort(random.integers(0, 60_000, 3000))
    events["x"] = (events["t"] // 2500 + random.integers(0, 2, 3000)) % 32
    events["y"], events["p"] = random.integers(0, 24, 3000), random.integers(0, 2, 3000)
    return events


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """train has a recording and its features, val a recording, test a DAT file with labels."""
    root = tmp_path_factory.mktemp("flow")
    for part in ("train", "val", "test"):
        (root / part).mkdir()
    write_events_hdf5(root / "train" / "a.hdf5", [moving_bar(0)], 32, 24)
    write_events_hdf5(root / "val" / "b.hdf5", [moving_bar(1)], 32, 24)
    with open_recording(root / "train" / "a.hdf5") as recording:
        write_features(root / "train" / "c.h5", recording, "event_cube", 5000)
    write_dat(root / "test" / "d_td.dat", [moving_bar(2)], 32, 24)
    rows = np.tile(np.array([2.0, 0.0], np.float32)[:, None, None], (12, 1, 24, 32))
    write_flow_hdf5(root / "test" / "d_flow.h5", rows, (12, 24, 32), 5000)
    return root


def trainer(folder: Path, **options: Any) -> Trainer:
    quiet: dict[str, Any] = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    quiet |= {"enable_checkpointing": False, "accelerator": "cpu", "num_sanity_val_steps": 0}
    return Trainer(default_root_dir=folder, **quiet, **options)
