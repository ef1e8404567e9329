"""Recordings in HDF5 of every layout, compressed in every way, whole and damaged."""

from pathlib import Path
from typing import Any

import h5py
import hdf5plugin
import numpy as np
import pytest

from tests.engine.sources.events.writers import ecf_chunk, random_events, write_ecf
from wholefield.errors import SourceError
from wholefield.sources.events.hdf5 import layout_of, open_hdf5
from wholefield.sources.events.hdf5_layouts import Layout
from wholefield.sources.events.recording import EVENT_DTYPE, Events

CHUNK = 1000


@pytest.fixture
def events() -> Events:
    return random_events(5400, 90_000)


def ecf_chunks(events: Events) -> list[bytes]:
    forms = ("yxp", "xp", "masked")
    return [ecf_chunk(events[i : i + CHUNK], forms[i // CHUNK % 3]) for i in range(0, len(events), CHUNK)]


def check(path: Path, events: Events, size: tuple[int, int] = (640, 480)) -> None:
    with open_hdf5(path) as recording:
        assert (recording.width, recording.height) == size
        assert recording.num_events == len(events)
        assert recording.duration_us == events["t"][-1] + 1
        np.testing.assert_array_equal(recording.events(0, recording.duration_us), events)
        for low, high in [(0, 1), (500, 501), (1234, 56_789), (80_000, 10**6), (-5, 0), (7, 7)]:
            expected = events[(events["t"] >= low) & (events["t"] < high)]
            np.testing.assert_array_equal(recording.events(low, high), expected)
            assert recording.count(low, high) == len(expected)
        np.testing.assert_array_equal(np.concatenate(list(recording.chunks(700))), events)


def test_ecf(tmp_path: Path, events: Events) -> None:
    shifted = events.copy()
    shifted["t"] += 7_000_000
    write_ecf(tmp_path / "a.hdf5", events, ecf_chunks(shifted))
    check(tmp_path / "a.hdf5", events)
    with open_hdf5(tmp_path / "a.hdf5") as recording:
        assert recording.start_us == 7_000_000


@pytest.mark.parametrize("options", [{}, {"compression": "gzip"}, dict(hdf5plugin.Blosc())])
def test_compounds(tmp_path: Path, events: Events, options: dict[str, Any]) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.attrs["geometry"] = "640x480"
        file.create_dataset("CD/events", data=events, **({"chunks": (CHUNK,), **options} if options else {}))
    check(tmp_path / "a.h5", events)


def test_dsec(tmp_path: Path, events: Events) -> None:
    with h5py.File(tmp_path / "events.h5", "w") as file:
        for name in "xytp":
            column = events[name].astype({"t": "u4", "p": "u1"}.get(name, "u2"))
            file.create_dataset(f"events/{name}", data=column, chunks=(CHUNK,), **hdf5plugin.Blosc())
        file["t_offset"], file["ms_to_idx"] = 49_599_301_523, np.zeros(91, "u8")
    assert layout_of(tmp_path / "events.h5") is Layout.DSEC
    check(tmp_path / "events.h5", events)
    with open_hdf5(tmp_path / "events.h5") as recording:
        assert recording.start_us == 49_599_301_523


def test_mvsec(tmp_path: Path, events: Events) -> None:
    events["x"] %= 346
    events["y"] %= 260
    rows = np.stack([events["x"], events["y"], 1.5e9 + events["t"] / 1e6, events["p"] * 2.0 - 1], 1)
    with h5py.File(tmp_path / "outdoor_day1_data.hdf5", "w") as file:
        file.create_dataset("davis/left/events", data=rows, chunks=(CHUNK, 4))
    check(tmp_path / "outdoor_day1_data.hdf5", events, (346, 260))


def test_columns_of_a_stranger(tmp_path: Path, events: Events) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for name in "xytp":
            file[f"events/{name}"] = events[name]
    check(tmp_path / "a.h5", events)
    with open_hdf5(tmp_path / "a.h5") as recording:
        assert "640 x 480 px was taken from the events" in recording.warnings[0]


def test_a_damaged_chunk_costs_what_follows_in_it(tmp_path: Path, events: Events) -> None:
    chunks = ecf_chunks(events)
    chunks[3] = chunks[3][: len(chunks[3]) * 9 // 10]
    write_ecf(tmp_path / "a.h5", events, chunks)
    with open_hdf5(tmp_path / "a.h5") as recording:
        found = recording.events(0, 10**9)
        lost = len(events) - len(found)
        assert 0 < lost < CHUNK
        begin = 4 * CHUNK - lost
        expected = np.concatenate([events[:begin], events[4 * CHUNK :]])
        np.testing.assert_array_equal(found, expected)
        text = f"The file is damaged: events {begin} to {4 * CHUNK - 1} cannot be read and are left out."
        assert recording.warnings == (text,)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.9, 0.999])
def test_cut_off(tmp_path: Path, events: Events, share: float) -> None:
    path = tmp_path / "a.h5"
    write_ecf(path, events, ecf_chunks(events))
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(SourceError, match=r"a\.h5 is damaged .*; copy it again\.$"):
        open_hdf5(path)


@pytest.mark.parametrize("seed", range(40))
def test_noise_in_the_file(tmp_path: Path, events: Events, seed: int) -> None:
    path = tmp_path / "a.h5"
    write_ecf(path, events, ecf_chunks(events))
    content = bytearray(path.read_bytes())
    random = np.random.default_rng(seed)
    for place in random.integers(0, len(content), 30).tolist():
        content[place] = int(random.integers(0, 256))
    path.write_bytes(content)
    told = "a.h5"
    try:
        with open_hdf5(path) as recording:
            assert (np.diff(recording.events(0, recording.duration_us)["t"]) >= 0).all()
    except SourceError as error:
        told = str(error)
    assert "a.h5" in told


def test_what_holds_no_events(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["volume"] = np.zeros((3, 4, 5))
        file["events"] = 5
    assert layout_of(tmp_path / "a.h5") is None
    with pytest.raises(SourceError, match="holds no events where they are known to be"):
        open_hdf5(tmp_path / "a.h5")
    with h5py.File(tmp_path / "b.h5", "w") as file:
        file["CD/events"] = np.zeros(0, EVENT_DTYPE)
    with pytest.raises(SourceError, match="holds no events that can be read"):
        open_hdf5(tmp_path / "b.h5")


def test_closed(tmp_path: Path, events: Events) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["CD/events"] = events
    recording = open_hdf5(tmp_path / "a.h5")
    recording.close()
    recording.close()
    with pytest.raises(SourceError, match="is closed; open it again"):
        recording.events(0, 100)
