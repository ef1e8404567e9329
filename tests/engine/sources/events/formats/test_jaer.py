"""AEDAT 1 and 2 as jAER and v2e write it, against a decoder of one address at a time."""

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from wholefield.errors import SourceError
from wholefield.sources import open_recording, questions_of
from wholefield.sources.choices import Reading, UnclearFileError
from wholefield.sources.events.formats.jaer import open_jaer

LINES = "# This is a raw AE data file - do not edit\r\n# Data format is int32 address, int32 timestamp\r\n"
CHIPS = {
    "eu.seebetter.ini.chips.davis.DAVIS240C": (240, 180),
    "eu.seebetter.ini.chips.davis.Davis346blue": (346, 260),
    "eu.seebetter.ini.chips.davis.Davis640": (640, 480),
    "ch.unizh.ini.jaer.chip.retina.DVS128": (128, 128),
}
DAVIS = "eu.seebetter.ini.chips.davis.DAVIS240C"
Row = tuple[int, int, int, int]


def write_jaer(
    path: Path, pairs: list[tuple[int, int]], chip: str | None = DAVIS, version: str = "2.0"
) -> Path:
    head = f"#!AER-DAT{version}\r\n{LINES}" + (f"# AEChip: {chip}\r\n" if chip else "")
    form = ">HI" if version == "1.0" else ">II"
    path.write_bytes(head.encode() + b"".join(struct.pack(form, *pair) for pair in pairs))
    return path


def davis_address(x: int, y: int, p: int, size: tuple[int, int]) -> int:
    """What v2e writes for a pixel whose y counts from the top."""
    return (size[1] - 1 - y) << 22 | (size[0] - 1 - x) << 12 | p << 11


def dvs128_address(x: int, y: int, p: int) -> int:
    return (127 - y) << 8 | (127 - x) << 1 | (1 - p)


def rows_of(recording_path: Path, reading: Reading | None = None) -> list[Row]:
    with open_jaer(recording_path, reading) as recording:
        events = recording.events(0, recording.duration_us)
        return [(int(e["x"]), int(e["y"]), int(e["p"]), int(e["t"]) + recording.start_us) for e in events]


@pytest.mark.parametrize("chip", sorted(CHIPS))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(1, 60))
def test_events_stand_as_jaer_shows_them(tmp_path: Path, chip: str, seed: int, count: int) -> None:
    size = CHIPS[chip]
    random = np.random.default_rng(seed)
    x, y = random.integers(0, size[0], count).tolist(), random.integers(0, size[1], count).tolist()
    p, t = random.integers(0, 2, count).tolist(), np.sort(random.integers(0, 10**6, count)).tolist()
    rows = list(zip(x, y, p, t, strict=True))
    if "DVS128" in chip:
        pairs = [(dvs128_address(a, b, c), d) for a, b, c, d in rows]
    else:
        pairs = [(davis_address(a, b, c, size), d) for a, b, c, d in rows]
    path = write_jaer(tmp_path / "a.aedat", pairs, chip)
    assert rows_of(path) == rows
    with open_recording(path) as recording:
        assert (recording.width, recording.height, recording.warnings) == (*size, ())


def test_samples_and_special_events_are_counted_and_no_events(tmp_path: Path) -> None:
    size = CHIPS[DAVIS]
    pairs = [(davis_address(3, 4, 1, size), 100)]
    pairs += [(0x80000C00 | code << 28, 110) for code in range(7)]
    pairs += [(0x80000000 | 5 << 12 | 0x123, 120)] * 9
    pairs += [(1 << 10 | 3, 130), (1 << 10 | 2, 140), (davis_address(5, 6, 0, size), 150)]
    path = write_jaer(tmp_path / "a.aedat", pairs)
    with open_jaer(path) as recording:
        assert recording.events(0, 100).tolist() == [(3, 4, 1, 0), (5, 6, 0, 50)]
        assert recording.triggers.tolist() == [(1, 30, 0), (0, 40, 0)]
        assert (recording.metadata["IMU samples"], recording.metadata["picture samples"]) == ("1", "9")
        assert recording.warnings == ("9 samples of pictures are in the file and not shown.",)


def test_the_clock_starts_again(tmp_path: Path) -> None:
    times = [2**32 - 400 + 100 * i for i in range(12)]
    path = write_jaer(tmp_path / "a.aedat", [(davis_address(1, 1, 1, (240, 180)), t % 2**32) for t in times])
    assert [t for *_, t in rows_of(path)] == times


def test_a_damaged_time_does_not_stretch_it(tmp_path: Path) -> None:
    pairs = [(davis_address(1, 1, 1, (240, 180)), 1000 + 10 * i) for i in range(60)]
    pairs[30] = (pairs[30][0], 1_900_000_000)
    with open_jaer(write_jaer(tmp_path / "a.aedat", pairs)) as recording:
        assert (recording.num_events, recording.duration_us) == (60, 591)
        assert "1 damaged time was" in recording.warnings[0]


def test_version_1_has_addresses_of_16_bits(tmp_path: Path) -> None:
    pairs = [(dvs128_address(7, 9, 1), 5), (0x8000, 6), (dvs128_address(127, 0, 0), 8)]
    path = write_jaer(tmp_path / "a.aedat", pairs, None, "1.0")
    assert rows_of(path) == [(7, 9, 1, 5), (127, 0, 0, 8)]
    with open_jaer(path) as recording:
        assert "the addresses are those of a DVS128" in recording.warnings[0]
        assert recording.triggers["t"].tolist() == [1]


@pytest.mark.parametrize("chip", [None, "org.nobody.Chip"])
def test_without_a_known_camera_it_is_asked(tmp_path: Path, chip: str | None) -> None:
    path = write_jaer(tmp_path / "a.aedat", [(davis_address(3, 4, 1, (346, 260)), 9)], chip)
    with pytest.raises(
        UnclearFileError, match=r"say what it was, such as encoding=davis; size=346,260"
    ) as caught:
        open_recording(path)
    assert [question.name for question in caught.value.questions] == ["encoding", "size"]
    assert [question.name for question in questions_of(path)] == ["encoding", "size"]
    assert rows_of(path, Reading.parse("encoding=davis; size=346,260")) == [(3, 4, 1, 9)]
    with pytest.raises(SourceError, match="'9' is not a size of a sensor"):
        open_jaer(path, Reading.parse("encoding=davis; size=9"))
    with pytest.raises(SourceError, match="choose dvs128 or davis"):
        open_jaer(path, Reading.parse("encoding=dvs"))


def test_an_address_outside_the_sensor_is_told(tmp_path: Path) -> None:
    path = write_jaer(tmp_path / "a.aedat", [(300 << 12, 1), (davis_address(3, 4, 1, (240, 180)), 9)])
    with open_jaer(path) as recording:
        assert recording.num_events == 1
        assert recording.warnings == ("1 event lies outside the 240 x 180 px of the sensor and is left out.",)


def test_cut_off_and_empty(tmp_path: Path) -> None:
    path = write_jaer(tmp_path / "a.aedat", [(davis_address(3, 4, 1, (240, 180)), 9)] * 2)
    path.write_bytes(path.read_bytes()[:-3])
    with open_jaer(path) as recording:
        assert recording.num_events == 1
        assert "its last 5 bytes are left out" in recording.warnings[0]
    with pytest.raises(SourceError, match=r"a\.aedat holds no events; choose another file\."):
        open_jaer(write_jaer(tmp_path / "a.aedat", []))


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=400), chip=st.sampled_from([None, *CHIPS]))
def test_any_bytes(tmp_path: Path, content: bytes, chip: str | None) -> None:
    path = write_jaer(tmp_path / "a.aedat", [], chip)
    path.write_bytes(path.read_bytes() + content)
    told = "a.aedat"
    try:
        with open_jaer(path) as recording:
            assert len(recording.events(0, recording.duration_us)) == recording.num_events
    except SourceError as error:
        told = str(error)
    assert "a.aedat" in told
