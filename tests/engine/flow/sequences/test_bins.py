"""Bins of recordings and of feature files are the same."""

from pathlib import Path

import numpy as np
import pytest

from wholefield.errors import SettingError
from wholefield.flow.features import write_features
from wholefield.flow.sequences import Crop, Flip, open_bins, split_in_time
from wholefield.flow.sequences.bins import event_files, halvings, is_feature_file
from wholefield.flow.sequences.loader import demand_alike
from wholefield.sources.events.opening import open_recording


def test_a_recording_gives_what_its_feature_file_holds(recording_file: Path, feature_file: Path) -> None:
    assert is_feature_file(feature_file)
    assert not is_feature_file(recording_file)
    crop = Crop(3, 5, 20, 20, Flip(True, False, True))
    with (
        open_bins(recording_file, "event_cube", 10_000) as live,
        open_bins(feature_file, "event_cube", 10_000) as stored,
    ):
        assert (live.bins, live.channels, live.height, live.width) == (10, 6, 30, 40)
        assert (stored.bins, stored.channels, stored.height, stored.width) == (10, 6, 30, 40)
        for part in (None, crop):
            a, b = live.read(4, 3, part), stored.read(4, 3, part)
            np.testing.assert_allclose(a.features, b.features, atol=1e-6)
            assert a.events is not None
            assert b.events is None
        assert live.has_events
        assert not stored.has_events


def test_events_are_those_of_the_bins(recording_file: Path) -> None:
    with open_bins(recording_file, "histo", 10_000) as source:
        bins = source.read(2, 3)
        assert bins.events is not None
        assert 0 <= bins.events["t"].min() <= bins.events["t"].max() < 30_000
        assert bins.features.sum() * 5 == pytest.approx(len(bins.events), rel=1e-5)


def test_downsampled_bins_hold_the_same_events(recording_file: Path) -> None:
    with (
        open_bins(recording_file, "histo", 10_000, size=(15, 20)) as half,
        open_bins(recording_file, "histo", 10_000) as whole,
    ):
        assert (half.height, half.width) == (15, 20)
        crop = Crop(4, 2, 10, 10, Flip(False, True))
        a, b = half.read(1, 2, crop), whole.read(1, 2, crop.enlarged(2))
        expected = b.features.reshape(2, 2, 10, 2, 10, 2).mean((3, 5))
        np.testing.assert_allclose(a.features, expected, atol=1e-6)
        assert a.factor == 1


def test_files_and_recordings_know_how_often_the_sensor_was_halved(
    recording_file: Path, tmp_path: Path
) -> None:
    with open_recording(recording_file) as recording:
        write_features(tmp_path / "half.h5", recording, "event_cube", 10_000, downsampling_factor=1)
    with (
        open_bins(tmp_path / "half.h5", "event_cube", 10_000) as stored,
        open_bins(recording_file, "event_cube", 10_000, downsampling_factor=1) as live,
        open_bins(recording_file, "event_cube", 10_000) as whole,
    ):
        train, kept = split_in_time(live, 0.2, 2)
        assert [source.factor for source in (stored, live, train, kept, whole)] == [1, 1, 1, 1, 0]
        np.testing.assert_allclose(stored.read(2, 2).features, live.read(2, 2).features, atol=1e-6)
        with pytest.raises(SettingError, match="differ in channels, time bins or downsampling"):
            demand_alike((live, whole), 2, 10)


def test_what_does_not_fit_is_refused(recording_file: Path, feature_file: Path) -> None:
    with pytest.raises(SettingError, match="delta_t 10000, not 5000"):
        open_bins(feature_file, "event_cube", 5000)
    with pytest.raises(SettingError, match="preprocess event_cube, not histo"):
        open_bins(feature_file, "histo", 10_000)
    with pytest.raises(SettingError, match="cannot be halved to 7 x 7"):
        open_bins(recording_file, "histo", 10_000, size=(7, 7))
    assert [halvings(480, 640, size) for size in ((480, 640), (240, 320), (15, 20))] == [0, 1, 5]


def test_files_of_a_folder_are_recordings_and_features_without_labels(tmp_path: Path) -> None:
    for name in ("b.raw", "a_td.dat", "a_flow.h5", "c.H5", "notes.md"):
        (tmp_path / name).touch()
    assert [path.name for path in event_files(tmp_path)] == ["a_td.dat", "b.raw", "c.H5"]
