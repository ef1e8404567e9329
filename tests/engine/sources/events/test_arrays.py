"""Numpy archives as recordings."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.engine.sources.events.writers import random_events
from wholefield.errors import SourceError
from wholefield.sources.events.arrays import is_event_archive, open_npz

EVENTS = random_events(500, 90_000)
TABLE = np.stack([EVENTS[name].astype(np.float64) for name in "txyp"], 1)
ARCHIVES = {
    "columns": {name: EVENTS[name] for name in "xytp"},
    "seconds": {"x": EVENTS["x"], "y": EVENTS["y"], "timestamps": EVENTS["t"] / 1e6, "pol": EVENTS["p"] > 0},
    "structured": {"events": EVENTS},
    "table": {"events": TABLE.astype(np.int64)},
    "table in seconds": {"events": TABLE * [1e-6, 1, 1, 1]},
}


@pytest.mark.parametrize("name", sorted(ARCHIVES))
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_every_archive(tmp_path: Path, name: str, save: Callable[..., None]) -> None:
    path = tmp_path / "a.npz"
    save(path, width=640, height=480, **ARCHIVES[name])
    assert is_event_archive(path)
    with open_npz(path) as recording:
        assert (recording.width, recording.height, recording.warnings) == (640, 480, ())
        np.testing.assert_array_equal(recording.events(0, 10**9), EVENTS)


def test_size_from_the_events(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", events=EVENTS)
    with open_npz(tmp_path / "a.npz") as recording:
        assert (recording.width, recording.height) == (EVENTS["x"].max() + 1, EVENTS["y"].max() + 1)
        assert "was taken from the events" in recording.warnings[0]


def test_other_archives(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", image=np.zeros((3, 3)))
    assert not is_event_archive(tmp_path / "a.npz")
    np.savez(tmp_path / "a.npz", events=np.zeros((3, 3)))
    with pytest.raises(SourceError, match="not a table of t, x, y and p"):
        open_npz(tmp_path / "a.npz")
    np.savez(tmp_path / "a.npz", events=EVENTS[:0])
    with pytest.raises(SourceError, match="holds no events"):
        open_npz(tmp_path / "a.npz")


@pytest.mark.parametrize("seed", range(20))
def test_noise_and_cuts(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "a.npz"
    np.savez_compressed(path, events=EVENTS)
    content = bytearray(path.read_bytes())
    random = np.random.default_rng(seed)
    for place in random.integers(0, len(content), 10).tolist():
        content[place] = int(random.integers(0, 256))
    path.write_bytes(content[: len(content) - seed * 50])
    with pytest.raises(SourceError, match=r"a\.npz"):
        open_npz(path)
