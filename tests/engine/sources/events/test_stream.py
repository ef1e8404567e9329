"""Streams of words as recordings: any window, with and without an index, damaged or not."""

import threading
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from tests.engine.sources.events.writers import (
    SIZE,
    STREAMS,
    evt2_words,
    random_events,
    raw_header,
    write_stream,
    write_words,
)
from wholefield.errors import SourceError
from wholefield.sources.events import index
from wholefield.sources.events.raw import open_dat, open_raw
from wholefield.sources.events.stream import StreamRecording


def open_stream(path: Path, index_at_once: bool | None = None) -> StreamRecording:
    return (open_dat if path.suffix == ".dat" else open_raw)(path, None, index_at_once)


@pytest.fixture(params=sorted(STREAMS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


# The clock of EVT 3.0 starts again every 16.8 s, that of DAT every 71.6 min.
START_US = 2**32 - 30_000_000


@pytest.fixture
def small_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Segments of the index and of the search so small that a short recording has many."""
    for module in ("index", "search", "stream"):
        monkeypatch.setattr(f"wholefield.sources.events.{module}.SEGMENT", 512)
    monkeypatch.setattr("wholefield.sources.events.index.BATCH", 2048)
    monkeypatch.setattr("wholefield.sources.events.stream.BATCH", 2048)
    monkeypatch.setattr("wholefield.sources.events.search.PROBE", 64)


@pytest.mark.usefixtures("small_segments")
@pytest.mark.parametrize("indexed", [True, False])
def test_every_window(tmp_path: Path, name: str, indexed: bool) -> None:
    events = random_events(20_000, 60_000_000)
    with open_stream(write_stream(tmp_path, name, events, START_US), indexed) as recording:
        assert recording.indexed is indexed
        assert (recording.width, recording.height) == SIZE
        assert recording.start_us % 2**24 == START_US % 2**24
        assert recording.duration_us == events["t"][-1] + 1
        times = np.random.default_rng(1).integers(-1000, 61_000_000, (60, 2))
        windows = [*np.sort(times).tolist(), [0, recording.duration_us], [5, 5], [-9, 0], [10**9, 10**10]]
        for low, high in windows:
            expected = events[(events["t"] >= low) & (events["t"] < high)]
            np.testing.assert_array_equal(recording.events(low, high), expected)
        assert recording.indexed is indexed
        for low, high in windows:
            assert recording.count(low, high) == ((events["t"] >= low) & (events["t"] < high)).sum()
        assert recording.indexed
        assert recording.num_events == len(events)
        edges = np.arange(8) * recording.duration_us // 7
        np.testing.assert_array_equal(recording.rate(7), np.histogram(events["t"], edges)[0])
        chunks = list(recording.chunks(1500))
        assert max(map(len, chunks)) <= 6000
        np.testing.assert_array_equal(np.concatenate(chunks), events)


@pytest.mark.usefixtures("small_segments")
def test_events_out_of_order_are_sorted_and_in_exactly_one_window(tmp_path: Path) -> None:
    events = random_events(6000, 300_000)
    shuffled = events.copy()
    shuffled["t"][1:] = np.maximum(shuffled["t"][1:] + np.random.default_rng(0).integers(-40, 40, 5999), 1)
    path = write_stream(tmp_path, "evt2", shuffled, 12345)
    ordered = shuffled[np.argsort(shuffled["t"], kind="stable")]
    for indexed in (True, False):
        with open_stream(path, indexed) as recording:
            parts = [recording.events(low, low + 1000) for low in range(0, recording.duration_us, 1000)]
            np.testing.assert_array_equal(np.concatenate(parts), ordered)
            edges = [recording.count(0, low) for low in range(0, recording.duration_us, 1000)]
            assert edges == np.cumsum([0, *map(len, parts)])[:-1].tolist()


def test_triggers(tmp_path: Path) -> None:
    words = [
        8 << 12 | 1,
        6 << 12 | 5,
        7,
        2 << 12 | 3,
        6 << 12 | 9,
        10 << 12 | 6 << 8 | 1,
        6 << 12 | 11,
        10 << 12 | 6 << 8,
    ]
    with open_raw(write_words(tmp_path, "evt3", words)) as recording:
        assert recording.triggers.tolist() == [(1, 4, 6), (0, 6, 6)]
        assert recording.num_events == 1
        assert recording.duration_us == 1


def test_events_outside_the_sensor_are_left_out_and_told(tmp_path: Path) -> None:
    words = [8 << 28, 5 << 11 | 6, 640 << 11 | 6, 7 << 11 | 480, 1 << 28 | 3 << 22 | 8 << 11 | 9]
    with open_raw(write_words(tmp_path, "evt2", words)) as recording:
        assert recording.events(0, 100).tolist() == [(5, 6, 0, 0), (8, 9, 1, 3)]
        assert recording.warnings == (
            "2 events lie outside the 640 x 480 px of the sensor and are left out.",
        )


def test_events_before_the_first_time_are_told(tmp_path: Path) -> None:
    words = [1 << 12, 3, 2 << 12 | 4, 2 << 12 | 5, 8 << 12 | 1, 6 << 12 | 5, 2 << 12 | 6]
    with open_raw(write_words(tmp_path, "evt3", words)) as recording:
        assert recording.events(0, 10).tolist() == [(6, 3, 0, 0)]
        assert recording.warnings == ("2 events come before the first time in the file, and are left out.",)


@pytest.mark.usefixtures("small_segments")
def test_a_clock_that_restarts_loses_nothing(tmp_path: Path) -> None:
    """Even where the file is so large that it would not be indexed when it is opened."""
    events = random_events(20_000, 900_000)
    words = np.concatenate([evt2_words(events, 50_000_000), evt2_words(events, 1000)])
    path = tmp_path / "a.raw"
    path.write_bytes(raw_header("2.0") + words.tobytes())
    with open_raw(path, None, False) as recording:
        assert recording.indexed
        edges = np.linspace(0, recording.duration_us, 40).astype(int).tolist()
        parts = [len(recording.events(low, high)) for low, high in pairwise(edges)]
        assert sum(parts) == 40_000
        assert any("steps back once, by up to 50" in text for text in recording.warnings)


def test_cut_in_a_word(tmp_path: Path, name: str) -> None:
    events = random_events(1000, 50_000)
    path = write_stream(tmp_path, name, events)
    path.write_bytes(path.read_bytes()[:-1])
    with open_stream(path) as recording:
        found = recording.events(0, 10**9)
        np.testing.assert_array_equal(found, events[: len(found)])
        assert len(events) - 32 <= len(found) < len(events)
        size = {"evt2": 3, "evt3": 1}.get(name, 7)
        assert recording.warnings == (
            f"It ends in the middle of a word; its last {size} bytes are left out.",
        )


@pytest.mark.parametrize("content", [b"", b"\x01", b"\x00" * 64])
def test_no_events(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.raw"
    path.write_bytes(b"% evt 3.0\n% end\n" + content)
    with pytest.raises(SourceError, match=r"a\.raw holds no events; .*\.$"):
        open_raw(path)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=3000), at_once=st.booleans())
def test_any_bytes_are_events_or_a_sentence(tmp_path: Path, name: str, content: bytes, at_once: bool) -> None:
    file, header, _ = STREAMS[name]
    path = tmp_path / file
    path.write_bytes(header + content)
    refused = file
    try:
        with open_stream(path, at_once) as recording:
            total = recording.num_events
            events = recording.events(0, recording.duration_us)
            assert len(events) == total == recording.rate(3).sum()
            assert (np.diff(events["t"]) >= 0).all()
            assert (events["x"] < recording.width).all()
            assert (np.diff(recording.triggers["t"]) >= 0).all()
    except SourceError as error:
        refused = str(error)
    assert file in refused


def test_before_the_damage_everything_is_read(tmp_path: Path, name: str) -> None:
    """Half of the file is overwritten with noise; the times of what precedes it stay what they are."""
    events = random_events(4000, 40_000)
    path = write_stream(tmp_path, name, events, 5_000_000)
    content = bytearray(path.read_bytes())
    half = len(content) // 2 // 8 * 8
    content[half:] = np.random.default_rng(0).integers(0, 256, len(content) - half, np.uint8).tobytes()
    path.write_bytes(content)
    with open_stream(path) as recording:
        found = recording.events(0, recording.duration_us)
        found["t"] += recording.start_us - 5_000_000
        good = events[:1500]
        assert set(good.tolist()) <= set(found.tolist())


def test_index_reports_and_can_be_stopped(tmp_path: Path) -> None:
    path = write_stream(tmp_path, "evt2", random_events(500, 9000))
    with open_raw(path, index_at_once=False) as recording:

        def stop(done: int, total: int) -> None:
            raise InterruptedError

        with pytest.raises(InterruptedError):
            recording.index(stop)
        assert not recording.indexed
        seen: list[float] = []

        def note(done: int, total: int) -> None:
            seen.append(done / total)

        recording.index(note)
        assert seen == [1.0]
        assert recording.indexed


def test_closed_and_cut_files_are_sentences(tmp_path: Path) -> None:
    path = write_stream(tmp_path, "evt2", random_events(500, 9000))
    recording = open_raw(path)
    with path.open("r+b") as file:
        file.truncate(300)
    with pytest.raises(SourceError, match=r"a\.raw has become shorter since it was opened; open it again\."):
        recording.events(0, 9000)
    recording.close()
    recording.close()
    with pytest.raises(SourceError, match="closed"):
        recording.events(0, 9000)


def test_many_threads(tmp_path: Path) -> None:
    events = random_events(30_000, 900_000)
    wrong: list[int] = []
    with open_raw(write_stream(tmp_path, "evt3", events), index_at_once=False) as recording:

        def read(seed: int) -> None:
            for low in np.random.default_rng(seed).integers(0, 900_000, 20).tolist():
                expected = events[(events["t"] >= low) & (events["t"] < low + 20_000)]
                if not np.array_equal(recording.events(low, low + 20_000), expected):
                    wrong.append(low)
                recording.index()

        threads = [threading.Thread(target=read, args=(seed,)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not wrong


def test_size_from_the_events(tmp_path: Path) -> None:
    path = tmp_path / "a.raw"
    content = write_stream(tmp_path, "evt2", random_events(5000, 9000)).read_bytes()
    path.write_bytes(content.replace(b"% geometry 640x480\n", b""))
    for at_once in (True, False):
        with open_raw(path, None, at_once) as recording:
            assert (recording.width, recording.height) == SIZE
            assert "640 x 480 px was taken from the events" in recording.warnings[0]


def test_segments_are_whole_batches() -> None:
    assert index.BATCH % index.SEGMENT == 0
