"""Recordings as HDF5 that needs no plugin: events, index, triggers, clock; whole or absent."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from tests.engine.sources.events.writers import STREAMS, random_events, write_stream
from wholefield.export import events as export
from wholefield.export.events import write_events_hdf5, write_recording
from wholefield.sources import open_recording
from wholefield.sources.events.recording import TRIGGER_DTYPE

EVENTS = random_events(9000, 123_456)


@pytest.mark.parametrize("gzip", [False, True])
@pytest.mark.parametrize("chunk", [1, 777, 9000])
def test_layout(tmp_path: Path, gzip: bool, chunk: int) -> None:
    events = EVENTS[:300] if chunk == 1 else EVENTS
    chunks = (events[i : i + chunk] for i in range(0, len(events), chunk))
    triggers = np.array([(1, 5, 6), (0, 5000, 6)], TRIGGER_DTYPE)
    count = write_events_hdf5(tmp_path / "a.h5", chunks, 640, 480, start_us=77, triggers=triggers, gzip=gzip)
    assert count == len(events)
    with h5py.File(tmp_path / "a.h5") as file:
        stored, index = file["CD/events"][:], file["CD/indexes"][:]
        filters = file["CD/events"].id.get_create_plist()
        codes = {filters.get_filter(i)[0] for i in range(filters.get_nfilters())}
        assert codes == ({h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_DEFLATE} if gzip else set())
        np.testing.assert_array_equal(stored["t"], events["t"] + 77)
        np.testing.assert_array_equal(index["id"], np.searchsorted(stored["t"], index["ts"]))
        assert (np.diff(index["ts"]) == 2000).all()
        assert index["ts"][0] <= 77
        assert index["ts"][-1] + 2000 > stored["t"][-1]
    with open_recording(tmp_path / "a.h5") as recording:
        assert (recording.width, recording.height, recording.start_us) == (640, 480, 77)
        np.testing.assert_array_equal(recording.events(0, 10**9), events)
        np.testing.assert_array_equal(recording.triggers, triggers)


@pytest.mark.parametrize("name", sorted(STREAMS))
def test_every_stream_survives(tmp_path: Path, name: str) -> None:
    seen: list[float] = []

    def note(done: int, total: int) -> None:
        seen.append(done / total)

    with open_recording(write_stream(tmp_path, name, EVENTS, 5_000_000)) as recording:
        assert write_recording(tmp_path / "b.h5", recording, note) == len(EVENTS)
    assert seen[-1] == 1
    with open_recording(tmp_path / "b.h5") as recording:
        assert recording.start_us == 5_000_000
        np.testing.assert_array_equal(recording.events(0, 10**9), EVENTS)


def test_stopped_or_wrong_it_leaves_nothing(tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        raise InterruptedError

    (tmp_path / "in").mkdir()
    with (
        open_recording(write_stream(tmp_path / "in", "evt3", EVENTS, 0)) as recording,
        pytest.raises(InterruptedError),
    ):
        write_recording(tmp_path / "a.h5", recording, stop)
    with pytest.raises(ValueError, match="not in order of time"):
        write_events_hdf5(tmp_path / "a.h5", [EVENTS, EVENTS], 640, 480)
    with pytest.raises(ValueError, match="not in order of time"):
        write_events_hdf5(tmp_path / "a.h5", [EVENTS[::-1]], 640, 480)
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_a_leap_of_the_clock_does_not_fill_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "LARGEST_INDEX", 100)
    events = EVENTS[:10].copy()
    events["t"][-1] = 2**50
    write_events_hdf5(tmp_path / "a.h5", [events], 640, 480)
    with h5py.File(tmp_path / "a.h5") as file:
        assert len(file["CD/indexes"]) == 100
