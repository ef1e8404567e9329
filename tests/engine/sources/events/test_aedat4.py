"""AEDAT4: the real file, cut off and damaged; nothing else writes the format."""

from pathlib import Path

import numpy as np
import pytest

from wholefield.errors import SourceError
from wholefield.sources.events.aedat4 import open_aedat4

pytestmark = pytest.mark.data
NAME = "dvxplorer_320x240.aedat4"


@pytest.mark.parametrize("share", [0.0001, 0.01, 0.5, 0.99])
def test_cut_off(data_folder: Path, tmp_path: Path, share: float) -> None:
    whole = data_folder / "events" / NAME
    path = tmp_path / "a.aedat4"
    content = whole.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    told = ""
    try:
        with open_aedat4(path) as cut, open_aedat4(whole) as recording:
            expected = recording.events(0, recording.duration_us)
            np.testing.assert_array_equal(cut.events(0, cut.duration_us), expected[: cut.num_events])
            assert cut.num_events > (0.3 * len(expected) if share >= 0.5 else 0)
            told = " ".join(cut.warnings)
            assert "damaged after its first" in told
    except SourceError as error:
        told = str(error)
        assert share < 0.5
    assert told


@pytest.mark.parametrize("seed", range(8))
def test_noise(data_folder: Path, tmp_path: Path, seed: int) -> None:
    content = bytearray((data_folder / "events" / NAME).read_bytes())
    random = np.random.default_rng(seed)
    for place in random.integers(0, len(content), 40).tolist():
        content[place] = int(random.integers(0, 256))
    path = tmp_path / "a.aedat4"
    path.write_bytes(content)
    told = "a.aedat4"
    try:
        with open_aedat4(path) as recording:
            assert len(recording.events(0, recording.duration_us)) <= recording.num_events
    except SourceError as error:
        told = str(error)
    assert "a.aedat4" in told
