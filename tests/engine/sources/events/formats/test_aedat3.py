"""AEDAT 3: packets of several kinds, rounds of the clock, and damage."""

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from tests.engine.sources.events.writers import random_events
from wholefield.errors import SourceError
from wholefield.sources import open_recording
from wholefield.sources.events.formats.aedat3 import open_aedat3
from wholefield.sources.events.recording import Events

Pair = tuple[int, int]


def packet(kind: int, pairs: list[Pair], rounds: int = 0, size: int = 8) -> bytes:
    number = len(pairs)
    head = struct.pack("<hh6i", kind, 1, size, 4, rounds, number, number, number)
    return head + b"".join(struct.pack("<Ii", *pair) for pair in pairs)


def polarity_pairs(events: Events, valid: int = 1) -> list[Pair]:
    return [(x << 17 | y << 2 | p << 1 | valid, t) for x, y, p, t in events.tolist()]


def write_aedat3(path: Path, packets: list[bytes], camera: str = "DVXplorer", version: str = "3.1") -> Path:
    head = f"#!AER-DAT{version}\r\n#Format: RAW\r\n#Source 1: {camera}\r\n#Start-Time: 2016-01-01\r\n"
    end = "#!END-HEADER\r\n" if version == "3.1" else ""
    path.write_bytes((head + end).encode() + b"".join(packets))
    return path


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(1, 200), pieces=st.integers(1, 5))
def test_packets(tmp_path: Path, seed: int, count: int, pieces: int) -> None:
    events = random_events(count, 50_000, seed)
    packets = [packet(1, polarity_pairs(part)) for part in np.array_split(events, pieces)]
    packets.insert(1, packet(0, [(2 << 1 | 1, 40), (3 << 1 | 1, 60), (9 << 1 | 1, 70)]))
    packets += [packet(2, [(0, 0)] * 3), packet(3, [(0, 0)] * 2)]
    with open_aedat3(write_aedat3(tmp_path / "a.aedat", packets)) as recording:
        np.testing.assert_array_equal(recording.events(0, 10**6), events)
        assert (recording.width, recording.height, recording.warnings) == (640, 480, ())
        assert recording.triggers.tolist() == [(1, 40, 0), (0, 60, 0)]
        assert (recording.metadata["frames"], recording.metadata["IMU samples"]) == ("3", "2")


def test_rounds_of_the_clock(tmp_path: Path) -> None:
    early, late = (5 << 17 | 1, 2**31 - 10), (6 << 17 | 1, 5)
    path = write_aedat3(tmp_path / "a.aedat", [packet(1, [early]), packet(1, [late], rounds=1)])
    with open_aedat3(path) as recording:
        assert recording.events(0, 100)["t"].tolist() == [0, 15]


def test_version_3_0_counts_rows_from_the_bottom(tmp_path: Path) -> None:
    path = write_aedat3(tmp_path / "a.aedat", [packet(1, [(5 << 17 | 3 << 2 | 1, 9)])], "DAVIS240C", "3.0")
    with open_recording(path) as recording:
        assert recording.format_name == "AEDAT 3.0"
        assert recording.events(0, 1).tolist() == [(5, 176, 0, 0)]


def test_invalid_events_and_a_cut_packet_are_told(tmp_path: Path) -> None:
    events = random_events(30, 900)
    packets = [packet(1, [*polarity_pairs(events[:10]), *polarity_pairs(events[10:20], 0)])]
    path = write_aedat3(tmp_path / "a.aedat", packets)
    with open_aedat3(path) as recording:
        assert recording.num_events == 10
        assert recording.warnings == ("10 events are marked as invalid in the file and left out.",)
    path.write_bytes(path.read_bytes() + packet(1, polarity_pairs(events[20:]))[:-1])
    with open_aedat3(path) as recording:
        assert recording.num_events == 10
        assert "damaged after its first 10 events" in recording.warnings[0]


def test_packed_files_are_refused(tmp_path: Path) -> None:
    path = write_aedat3(tmp_path / "a.aedat", [packet(1, [(1, 1)])])
    path.write_bytes(path.read_bytes().replace(b"RAW", b"PNG"))
    with pytest.raises(SourceError, match="AEDAT 3 packed as PNG, which cannot be opened here"):
        open_aedat3(path)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_damage(tmp_path: Path, data: st.DataObject) -> None:
    path = write_aedat3(tmp_path / "a.aedat", [packet(1, polarity_pairs(random_events(9, 90)))] * 3)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        content[data.draw(st.integers(14, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    told = "a.aedat"
    try:
        with open_aedat3(path) as recording:
            assert len(recording.events(0, recording.duration_us)) == recording.num_events <= 27
    except SourceError as error:
        told = str(error)
    assert "a.aedat" in told
