"""Windows of recordings of every format and any disorder: together they hold every event exactly once."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from tests.engine.sources.events.writers import random_events, write_stream
from wholefield.sources import Recording, open_recording
from wholefield.sources.events import table
from wholefield.sources.events.recording import EVENT_DTYPE, Events, RecordingDescription
from wholefield.sources.events.table import ArrayTable, TableRecording

SIZE = (640, 480)
BLOCK = 16


def _lines(events: Events, line: str) -> str:
    return "t,x,y,p\n" + "".join(line.format(x=x, y=y, p=p, t=t) for x, y, p, t in events.tolist())


def write_text(folder: Path, events: Events) -> Path:
    path = folder / "a.csv"
    path.write_text("# geometry 640x480\n" + _lines(events, "{t},{x},{y},{p}\n"))
    return path


def write_npz(folder: Path, events: Events) -> Path:
    path = folder / "a.npz"
    x, y, p, t = (events[name] for name in "xypt")
    np.savez_compressed(path, width=640, height=480, x=x, y=y, p=p, t_us=t)
    return path


def write_npy(folder: Path, events: Events) -> Path:
    path = folder / "a.npy"
    np.save(path, events)
    return path


def write_columns(folder: Path, events: Events) -> Path:
    path = folder / "columns.h5"
    with h5py.File(path, "w") as file:
        file.attrs["sensor_resolution"] = (480, 640)
        for name in "xytp":
            file[f"events/{name}s"] = events[name]
        file["events/ts"].attrs["unit"] = "us"
    return path


def write_compound(folder: Path, events: Events) -> Path:
    path = folder / "compound.h5"
    with h5py.File(path, "w") as file:
        file.attrs["geometry"] = "640x480"
        file.create_dataset("CD/events", data=events, maxshape=(None,), chunks=(BLOCK,))
    return path


def write_dsec(folder: Path, events: Events) -> Path:
    path = folder / "dsec.h5"
    with h5py.File(path, "w") as file:
        for name in "xytp":
            file[f"events/{name}"] = events[name]
        file["t_offset"] = np.int64(0)
    return path


TABLES: dict[str, Callable[[Path, Events], Path]] = {
    "text": write_text,
    "npz": write_npz,
    "npy": write_npy,
    "columns": write_columns,
    "compound": write_compound,
    "DSEC": write_dsec,
}


def restart(events: Events, random: np.random.Generator) -> None:
    """The clock starts again two times."""
    for part in np.array_split(np.arange(len(events)), 3):
        if len(part):
            events["t"][part] -= events["t"][part[0]]


def bursts_behind(events: Events, random: np.random.Generator) -> None:
    """Packets of later times in the middle."""
    parts = np.array_split(events["t"].copy(), 7)
    events["t"] = np.concatenate([parts[i] for i in (0, 1, 4, 5, 2, 3, 6)])


def jitter(events: Events, random: np.random.Generator) -> None:
    events["t"] = np.abs(events["t"] + random.integers(-50, 51, len(events)))


def shuffle(events: Events, random: np.random.Generator) -> None:
    random.shuffle(events["t"])


def backward(events: Events, random: np.random.Generator) -> None:
    events["t"] = events["t"][::-1].copy()


def one_far_late(events: Events, random: np.random.Generator) -> None:
    """One event of the end stands at the start, and one of the start at the end."""
    if len(events):
        events["t"][[0, -1]] = events["t"][[-1, 0]]


def in_order(events: Events, random: np.random.Generator) -> None:
    """As cameras should write it."""


DISORDERS = (in_order, restart, bursts_behind, jitter, shuffle, backward, one_far_late)


def check(recording: Recording, events: Events, edges: list[int]) -> None:
    """Compare with all events, sorted and cut by brute force."""
    expected = events[np.argsort(events["t"], kind="stable")]
    expected["t"] -= expected["t"][0]
    duration = int(expected["t"][-1]) + 1
    assert (recording.duration_us, recording.start_us) == (duration, int(events["t"].min()))
    bounds = sorted({0, duration, *(edge % (duration + 1) for edge in edges)})
    windows = list(pairwise(bounds))
    found = [recording.events(low, high) for low, high in windows]
    np.testing.assert_array_equal(np.concatenate(found), expected)
    for (low, high), part in zip(windows, found, strict=True):
        assert ((part["t"] >= low) & (part["t"] < high)).all()
        assert recording.count(low, high) == len(part)
    times = np.array([*edges, *bounds, -5, duration + 5], np.int64)
    before = np.searchsorted(expected["t"], times, "left")
    np.testing.assert_array_equal(recording.counts_before(times), before)
    assert recording.num_events == len(events) == recording.rate(7).sum()
    np.testing.assert_array_equal(np.concatenate(list(recording.chunks(10))), expected)


@pytest.fixture(params=[False, True], ids=["at once", "later"])
def small_blocks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks so small that a short recording has many; large files are indexed when something asks for it."""
    monkeypatch.setattr(table.EventTable, "block", BLOCK)
    monkeypatch.setattr(table, "KEPT_BLOCKS", 3)
    if request.param:
        monkeypatch.setattr(table, "INDEX_AT_ONCE_EVENTS", 0)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("name", sorted(TABLES))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    disorder=st.sampled_from(DISORDERS),
    seed=st.integers(0, 100),
    count=st.integers(1, 300),
    edges=st.lists(st.integers(0, 40_000), max_size=6),
)
def test_every_event_in_exactly_one_window(
    tmp_path: Path, name: str, disorder: Callable[..., None], seed: int, count: int, edges: list[int]
) -> None:
    events = random_events(count, 30_000, seed)
    disorder(events, np.random.default_rng(seed))
    events["t"] += 5000
    with open_recording(TABLES[name](tmp_path, events)) as recording:
        recording.index()
        check(recording, events, edges)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("small_blocks", [False], indirect=True)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    times=st.lists(st.integers(0, 60), min_size=1, max_size=200),
    edges=st.lists(st.integers(0, 70), max_size=8),
)
def test_any_times(times: list[int], edges: list[int]) -> None:
    """Any order at all, with many events of the same time."""
    events = np.zeros(len(times), EVENT_DTYPE)
    events["t"], events["x"] = times, np.arange(len(times))
    recording = TableRecording(Path("memory"), RecordingDescription("memory", *SIZE), ArrayTable(events))
    assert recording.indexed
    check(recording, events, edges)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("small_blocks", [True], indirect=True)
@pytest.mark.parametrize("name", ["columns", "compound"])
@pytest.mark.parametrize("disorder", DISORDERS)
def test_a_large_file_is_not_read_before_it_is_asked_for(
    tmp_path: Path, name: str, disorder: Callable[..., None]
) -> None:
    events = random_events(800, 36_000)
    disorder(events, np.random.default_rng(0))
    expected = events[np.argsort(events["t"], kind="stable")]
    expected["t"] -= expected["t"][0]
    with open_recording(TABLES[name](tmp_path, events)) as recording:
        assert recording.indexed is (disorder not in (in_order, jitter))
        edges = range(0, 40_000, 5000)
        found = [recording.events(low, low + 5000) for low in edges]
        assert recording.indexed is (disorder is not in_order)
        if recording.indexed:
            # The first windows may have been asked for before the disorder was seen.
            found = [recording.events(low, low + 5000) for low in edges]
        np.testing.assert_array_equal(np.concatenate(found), expected)
        seen: list[tuple[int, int]] = []
        recording.index(lambda done, total: seen.append((done, total)))
        assert recording.indexed
        assert not seen or seen[-1][0] == seen[-1][1]
        check(recording, events, [])


@pytest.mark.parametrize("name", ["evt2", "evt21", "evt3", "dat"])
@pytest.mark.parametrize("disorder", [in_order, jitter, bursts_behind])
def test_streams(tmp_path: Path, name: str, disorder: Callable[..., None]) -> None:
    events = random_events(3000, 300_000)
    disorder(events, np.random.default_rng(0))
    with open_recording(write_stream(tmp_path, name, events, 5000)) as recording:
        shifted = events.copy()
        shifted["t"] += 5000
        check(recording, shifted, list(range(0, 300_000, 7000)))
