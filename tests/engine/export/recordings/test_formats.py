"""Every format holds every event: read back by our decoders, by brute force, and by other programs' libraries."""

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from tests.engine.sources.events.writers import random_events, write_stream
from wholefield.errors import SettingError
from wholefield.export.recordings.about import About
from wholefield.export.recordings.formats import FILES, EventFormat, format_of
from wholefield.export.recordings.writing import chosen, write_recording
from wholefield.sources import open_indexed
from wholefield.sources.events.recording import EVENT_DTYPE, TRIGGER_DTYPE, Events

EVENTS = random_events(3000, 123_456)
TRIGGERS = np.array([(1, 0, 6), (0, 5000, 6), (1, 200_000, 1)], TRIGGER_DTYPE)
FORMATS = list(FILES)
START_US = 5_000_000
Decoder = Callable[[bytes], tuple[list[tuple[int, int, int, int]], list[tuple[int, int, int]]]]


def written(folder: Path, kind: EventFormat, events: Events, about: About, chunk: int = 700) -> Path:
    path = folder / f"a{FILES[kind].suffixes[0]}"
    parts = (events[begin : begin + chunk] for begin in range(0, len(events), chunk))
    assert FILES[kind].load()(path, parts, about) == len(events)
    return path


def rows(events: Events) -> list[tuple[int, int, int, int]]:
    found: list[tuple[int, int, int, int]] = events[["x", "y", "p", "t"]].tolist()
    return found


def decode_evt2(content: bytes) -> tuple[list[tuple[int, int, int, int]], list[tuple[int, int, int]]]:
    """Word by word, from the description of the format."""
    events, triggers, high = [], [], 0
    for word in np.frombuffer(content, "<u4").tolist():
        kind, low = word >> 28, word >> 22 & 63
        if kind == 8:
            high = word & 0xFFFFFFF
        elif kind == 10:
            triggers.append((word & 1, high << 6 | low, word >> 8 & 31))
        else:
            events.append((word >> 11 & 2047, word & 2047, kind, high << 6 | low))
    return events, triggers


def decode_evt3(content: bytes) -> tuple[list[tuple[int, int, int, int]], list[tuple[int, int, int]]]:
    """Word by word; a high time below the one before begins another round of the clock."""
    events, triggers, high, low, y, rounds = [], [], 0, 0, 0, 0
    for word in np.frombuffer(content, "<u2").tolist():
        kind, value = word >> 12, word & 0xFFF
        time = rounds << 24 | high << 12 | low
        if kind == 8:
            rounds += value < high
            high, low = value, low if value == high else 0
        elif kind == 6:
            low = value
        elif kind == 0:
            y = value
        elif kind == 2:
            events.append((value & 2047, y, value >> 11, time))
        elif kind == 10:
            triggers.append((value & 1, time, value >> 8))
    return events, triggers


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("gzip", [False, True])
def test_our_reader_finds_every_event(tmp_path: Path, kind: EventFormat, gzip: bool) -> None:
    path = written(tmp_path, kind, EVENTS, About(640, 480, START_US, TRIGGERS, gzip=gzip))
    with open_indexed(path) as recording:
        assert (recording.width, recording.height, recording.start_us) == (640, 480, START_US)
        np.testing.assert_array_equal(recording.events(0, 10**9), EVENTS)
        kept = TRIGGERS if FILES[kind].triggers else TRIGGERS[:0]
        np.testing.assert_array_equal(recording.triggers, kept)


@pytest.mark.parametrize(
    ("kind", "decode"), [(EventFormat.EVT2, decode_evt2), (EventFormat.EVT3, decode_evt3)]
)
@pytest.mark.parametrize("chunk", [1, 999, 10_000])
def test_raw_bit_by_bit(tmp_path: Path, kind: EventFormat, decode: Decoder, chunk: int) -> None:
    events = EVENTS[:400] if chunk == 1 else EVENTS
    content = written(tmp_path, kind, events, About(640, 480, START_US, TRIGGERS), chunk).read_bytes()
    header, _, body = content.partition(b"% end\n")
    assert b"% geometry 640x480\n" in header
    found, triggers = decode(body)
    shifted = events.copy()
    shifted["t"] += START_US
    assert found == rows(shifted)
    moved = TRIGGERS.copy()
    moved["t"] += START_US
    assert triggers == moved.tolist()


@pytest.mark.parametrize("kind", [EventFormat.EVT2, EventFormat.EVT3])
def test_pauses_longer_than_a_round_of_the_clock(tmp_path: Path, kind: EventFormat) -> None:
    events = np.array([(1, 2, 1, 0), (3, 4, 0, 40_000_000), (639, 0, 1, 40_000_001)], EVENT_DTYPE)
    path = written(tmp_path, kind, events, About(640, 480), 2)
    with open_indexed(path) as recording:
        np.testing.assert_array_equal(recording.events(0, 10**9), events)
    if kind is EventFormat.EVT3:
        found, _ = decode_evt3(path.read_bytes().partition(b"% end\n")[2])
        assert found == rows(events)


def test_another_decoder_reads_evt3(tmp_path: Path) -> None:
    evt3 = pytest.importorskip("evt3")
    sparse = EVENTS[:3].copy()
    # Pauses longer than a round of the clock.
    sparse["t"] = 0, 20_000_000, 45_000_000
    for events in (EVENTS, sparse):
        found = evt3.decode_file(str(written(tmp_path, EventFormat.EVT3, events, About(640, 480, 1000))))
        names = ("x", "y", "polarity", "timestamp")
        columns = np.stack([np.asarray(getattr(found, name)).astype(np.int64) for name in names], 1)
        np.testing.assert_array_equal(columns, np.array(rows(events)) + np.array([0, 0, 0, 1000]))


def test_csv_and_npz_are_what_numpy_reads(tmp_path: Path) -> None:
    about = About(640, 480, -50)
    table = np.loadtxt(
        written(tmp_path, EventFormat.CSV, EVENTS, about), np.int64, comments="%", delimiter=","
    )
    expected = np.array(rows(EVENTS)) - [0, 0, 0, 50]
    np.testing.assert_array_equal(table, expected)
    with np.load(written(tmp_path, EventFormat.NPZ, EVENTS, about)) as archive:
        np.testing.assert_array_equal(np.stack([archive[name] for name in "xypt"], 1), expected)
        assert archive["resolution"].tolist() == [640, 480]


def test_dsec_slices_as_its_own_reader_does(tmp_path: Path) -> None:
    late = EVENTS.copy()
    late["t"] += 7777
    with h5py.File(written(tmp_path, EventFormat.DSEC, late, About(640, 480, START_US))) as file:
        times, index = file["events/t"][:], file["ms_to_idx"][:]
        assert int(file["t_offset"][()]) == START_US + 7777
        assert {name: file[f"events/{name}"].dtype.str for name in "xypt"} == {
            "x": "<u2", "y": "<u2", "p": "|u1", "t": "<u4"
        }  # fmt: skip
    np.testing.assert_array_equal(times, EVENTS["t"])
    assert len(index) == times[-1] // 1000 + 2
    for ms, first in enumerate(index.tolist()):
        assert first == (times < 1000 * ms).sum()


@pytest.mark.parametrize("kind", FORMATS)
def test_a_stretch_of_a_recording(tmp_path: Path, kind: EventFormat) -> None:
    seen: list[tuple[int, int]] = []
    (tmp_path / "in").mkdir()
    with open_indexed(write_stream(tmp_path / "in", "evt2", EVENTS, START_US)) as recording:
        path = tmp_path / f"b{FILES[kind].suffixes[0]}"
        expected = recording.events(30_000, 90_000)
        found = write_recording(
            path, recording, kind, start_us=30_000, end_us=90_000, progress=lambda *step: seen.append(step)
        )
    assert (found.count, found.lost) == (len(expected), "")
    assert seen[-1] == (len(expected), len(expected))
    with open_indexed(path) as recording:
        back = recording.events(0, 10**9)
        assert recording.start_us == START_US + expected["t"][0]
    expected["t"] -= expected["t"][0]
    np.testing.assert_array_equal(back, expected)


def test_counting_from_zero(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    with open_indexed(write_stream(tmp_path / "in", "evt2", EVENTS, START_US)) as recording:
        write_recording(tmp_path / "b.csv", recording, start_us=30_000, from_zero=True)
        first = int(recording.events(30_000, 90_000)["t"][0]) - 30_000
    with open_indexed(tmp_path / "b.csv") as recording:
        assert recording.start_us == first


def test_what_a_format_has_no_place_for_is_told(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    with open_indexed(write_stream(tmp_path / "in", "evt2", EVENTS, 20_000_000)) as recording:
        assert "20000000 us is now 3222784 us" in write_recording(tmp_path / "b.raw", recording).lost
    triggered = written(tmp_path / "in", EventFormat.HDF5, EVENTS, About(640, 480, 0, TRIGGERS))
    with open_indexed(triggered) as recording:
        # The last of the three lies behind the last event.
        assert "2 are left out" in write_recording(tmp_path / "b.csv", recording).lost


@pytest.mark.parametrize("kind", [EventFormat.EVT2, EventFormat.DAT])
def test_a_clock_that_does_not_fit_is_refused(tmp_path: Path, kind: EventFormat) -> None:
    with pytest.raises(SettingError, match="clock=zero"):
        written(tmp_path, kind, EVENTS, About(640, 480, 1 << 34))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", [EventFormat.EVT2, EventFormat.EVT3])
def test_a_sensor_that_does_not_fit_is_refused(tmp_path: Path, kind: EventFormat) -> None:
    with pytest.raises(SettingError, match="2048 x 2048"):
        written(tmp_path, kind, EVENTS, About(4000, 480))


def test_stopped_it_leaves_nothing(tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        raise InterruptedError

    (tmp_path / "in").mkdir()
    with open_indexed(write_stream(tmp_path / "in", "evt2", EVENTS)) as recording:
        for kind, file in FILES.items():
            with pytest.raises(InterruptedError):
                write_recording(tmp_path / f"b{file.suffixes[0]}", recording, kind, progress=stop)
        with pytest.raises(SettingError, match="no events from 5 to 6 us"):
            write_recording(tmp_path / "b.raw", recording, start_us=5, end_us=6)
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_the_name_says_the_format(tmp_path: Path) -> None:
    assert format_of(Path("a.RAW")) is EventFormat.EVT3
    assert chosen(Path("a.h5"), EventFormat.DSEC) is EventFormat.DSEC
    with pytest.raises(SettingError, match=r"a\.xyz stands for no format"):
        chosen(Path("a.xyz"), EventFormat.AUTO)
    with pytest.raises(SettingError, match=r"must end in \.dat"):
        chosen(Path("a.raw"), EventFormat.DAT)
