"""Feature files: written features are read back, other writers too, and damage is reported."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from wholefield.errors import SettingError, SourceError
from wholefield.flow.features import FeatureFile, write_features
from wholefield.flow.representations import make_features


def test_written_features_are_read_back(
    recording: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wholefield.flow.features.CHUNK_BYTES", 10_000)
    path, steps = tmp_path / "a.h5", []
    bins = write_features(
        path, recording, "event_cube", 10_000, 1, progress=lambda *step: steps.append(step), num_utbins=2
    )
    expected = make_features(recording, "event_cube", 10_000, 0, 10, 23, 37, 1, num_utbins=2)
    assert bins == 10
    assert steps[-1] == (10, 10)
    assert len(steps) > 1
    with FeatureFile(path) as file:
        assert (len(file), file.delta_t, file.preprocess) == (10, 10_000, "event_cube")
        assert (file.shape, file.sensor) == ((10, 4, 12, 19), (23, 37))
        assert file.arguments["num_utbins"] == 2
        np.testing.assert_array_equal(file.read(0, 10), expected)
        np.testing.assert_array_equal(file.read(7, 9), expected[7:9])
        with pytest.raises(IndexError):
            file.read(5, 11)


def test_the_last_event_is_in_the_last_bin(recording: Any, tmp_path: Path) -> None:
    delta = recording.duration_us - 1
    assert write_features(tmp_path / "a.h5", recording, "histo", delta, max_incr_per_pixel=1e6) == 2
    with FeatureFile(tmp_path / "a.h5") as file:
        assert file.read(0, 2).sum(dtype=np.float64) * 1e6 == pytest.approx(
            len(recording.all_events), abs=0.01
        )


def test_bytes_stand_for_values_up_to_one(recording: Any, tmp_path: Path) -> None:
    write_features(tmp_path / "a.h5", recording, "histo", 10_000, store_as_uint8=True)
    expected = make_features(recording, "histo", 10_000, 0, 10, 23, 37)
    with FeatureFile(tmp_path / "a.h5") as file:
        np.testing.assert_allclose(file.read(0, 10), expected, atol=0.5 / 255 + 1e-6)
    with pytest.raises(SettingError, match="diff leaves the range"):
        write_features(tmp_path / "b.h5", recording, "diff", 10_000, store_as_uint8=True)


def test_a_file_of_another_writer(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "other.h5", "w") as file:
        data = file.create_dataset("data", data=np.full((5, 2, 6, 8), 255, np.uint8))
        data.attrs["events_to_tensor"] = np.bytes_(b"histo")
        data.attrs["delta_t"] = np.int64(50_000)
    with FeatureFile(tmp_path / "other.h5") as other:
        assert (other.preprocess, other.delta_t, other.sensor) == ("histo", 50_000, (6, 8))
        np.testing.assert_array_equal(other.read(0, 5), np.ones((5, 2, 6, 8), np.float32))


def test_stopping_leaves_no_file(recording: Any, tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        write_features(tmp_path / "a.h5", recording, "histo", 10_000, progress=stop)
    assert not list(tmp_path.iterdir())


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "text.h5").write_text("no")
    with pytest.raises(SourceError, match=r"text\.h5 cannot be opened as HDF5"):
        FeatureFile(tmp_path / "text.h5")
    with h5py.File(tmp_path / "flat.h5", "w") as file:
        file["data"] = np.zeros(3)
    with pytest.raises(SourceError, match="not a feature file"):
        FeatureFile(tmp_path / "flat.h5")
    with h5py.File(tmp_path / "timeless.h5", "w") as file:
        file["data"] = np.zeros((1, 2, 3, 4), np.float32)
    with pytest.raises(SourceError, match="how long its time bins are"):
        FeatureFile(tmp_path / "timeless.h5")
