"""AEDAT4: written here, read as the independent decoder `aedat` reads it, cut off, damaged and hostile."""

import struct
from pathlib import Path

import aedat
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from tests.engine.sources.events.formats import aedat4_files as files
from tests.engine.sources.events.writers import SIZE, random_events
from wholefield.errors import SourceError
from wholefield.sources.choices import Reading
from wholefield.sources.events.formats.aedat4 import LARGEST_PACKET, ask_aedat4, open_aedat4
from wholefield.sources.events.recording import Events

NAME = "dvxplorer_320x240.aedat4"
STREAMS: dict[int, tuple[str, tuple[int, int] | None]] = {
    0: ("EVTS", SIZE),
    1: ("FRME", SIZE),
    2: ("IMUS", None),
    3: ("TRIG", None),
}


def by_wheel(path: Path) -> Events:
    """The events of stream 0 as the package `aedat` gives them."""
    parts = [packet["events"] for packet in aedat.Decoder(path) if packet["stream_id"] == 0]
    return np.concatenate(parts)


@pytest.mark.parametrize("compression", range(5))
def test_every_stream(tmp_path: Path, compression: int) -> None:
    events = random_events(3000, 50_000)
    packets = [(0, files.events_packet(part)) for part in np.array_split(events, 4)]
    packets[1:1] = [(2, files.imu_packet([1, 2, 3])), (1, files.frame_packet(5, 20, 10))]
    packets += [
        (3, files.triggers_packet([(700, 1), (900, 2), (950, 6), (990, 3)])),
        (2, files.imu_packet([4])),
    ]
    path = files.write_aedat4(tmp_path / "a.aedat4", packets, STREAMS, compression)
    with open_aedat4(path) as recording:
        assert (recording.width, recording.height, recording.warnings) == (*SIZE, ())
        np.testing.assert_array_equal(recording.events(0, 10**6), events)
        assert recording.triggers.tolist() == [(1, 700, 0), (0, 900, 0), (1, 990, 0)]
        told = {key: recording.metadata[key] for key in ("IMU samples", "frames", "stream 0")}
        assert told == {"IMU samples": "4", "frames": "1", "stream 0": "events (CAM0)"}
    wheel = by_wheel(path)
    for name, of in (("x", "x"), ("y", "y"), ("p", "on"), ("t", "t")):
        np.testing.assert_array_equal(events[name], wheel[of])


def test_events_outside_are_left_out_and_told(tmp_path: Path) -> None:
    events = random_events(100, 900)
    events["x"][[3, 7]] = 640, 65535
    path = files.write_aedat4(tmp_path / "a.aedat4", [(0, files.events_packet(events))], STREAMS)
    with open_aedat4(path) as recording:
        assert recording.num_events == len(recording.events(0, 1000)) == 98
        assert recording.warnings == (
            "2 events lie outside the 640 x 480 px of the sensor and are left out.",
        )


@pytest.mark.parametrize("size", [(480, 2), (480, 65528), (0, 480)])
def test_a_sensor_that_no_camera_has_is_refused(tmp_path: Path, size: tuple[int, int]) -> None:
    packet = files.events_packet(random_events(9, 90))
    path = files.write_aedat4(tmp_path / "a.aedat4", [(0, packet)], {0: ("EVTS", size)})
    with pytest.raises(SourceError, match=f"its sensor has {size[0]} x {size[1]} px, which no camera has"):
        open_aedat4(path)


def test_a_second_stream_of_events_is_told_and_can_be_chosen(tmp_path: Path) -> None:
    left, right = random_events(50, 900, 1), random_events(60, 900, 2)
    streams = {**STREAMS, 4: ("EVTS", SIZE)}
    packets = [(0, files.events_packet(left)), (4, files.events_packet(right))]
    path = files.write_aedat4(tmp_path / "a.aedat4", packets, streams)
    with open_aedat4(path) as recording:
        np.testing.assert_array_equal(recording.events(0, 1000), left)
        assert "opens the events of stream 4" in recording.warnings[0]
    (question,) = ask_aedat4(path, Reading())
    assert [answer.value for answer in question.answers] == ["0", "4"]
    with open_aedat4(path, Reading({"dataset": "4"})) as recording:
        np.testing.assert_array_equal(recording.events(0, 1000), right)
    with pytest.raises(SourceError, match=r"no stream of events 2; choose among 0, 4\."):
        open_aedat4(path, Reading({"dataset": "2"}))


def test_one_damaged_packet_is_left_out(tmp_path: Path) -> None:
    events = random_events(400, 9000)
    parts = np.array_split(events, 4)
    packets = [(0, files.events_packet(part)) for part in parts]
    packets[2] = (0, packets[2][1][:4] + b"\xff\xff\xff\x7f" + packets[2][1][8:])
    path = files.write_aedat4(tmp_path / "a.aedat4", packets, STREAMS)
    with open_aedat4(path) as recording:
        expected = np.concatenate([*parts[:2], parts[3]])
        np.testing.assert_array_equal(recording.events(0, 10**6), expected)
        assert recording.warnings == ("The file is damaged: 1 packet is unreadable and left out.",)


@pytest.mark.parametrize("compression", [1, 3])
def test_a_packet_that_grows_without_end(tmp_path: Path, compression: int) -> None:
    bomb = files.COMPRESSORS[compression](bytes(LARGEST_PACKET + 1000))
    content = files.header(STREAMS, compression) + struct.pack("<ii", 0, len(bomb)) + bomb
    good = files.COMPRESSORS[compression](files.events_packet(random_events(10, 90)))
    (tmp_path / "a.aedat4").write_bytes(content + struct.pack("<ii", 0, len(good)) + good)
    with open_aedat4(tmp_path / "a.aedat4") as recording:
        assert recording.num_events == 10
        assert "1 packet is unreadable" in recording.warnings[0]


def test_a_description_with_entities_is_not_expanded(tmp_path: Path) -> None:
    bomb = b'<!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><dv>&b;</dv>'
    content = b"#!AER-DAT4.0\r\n" + files.flat(b"IOHE", [("<i", 0), ("<q", -1), (bomb, 1)])
    packet = files.events_packet(random_events(10, 90))
    (tmp_path / "a.aedat4").write_bytes(content + struct.pack("<ii", 0, len(packet)) + packet)
    with open_aedat4(tmp_path / "a.aedat4") as recording:
        assert recording.num_events == 10
        assert "description of the streams cannot be read" in recording.warnings[0]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), compression=st.integers(0, 4))
def test_any_damage_is_fewer_events_or_a_sentence(
    tmp_path: Path, data: st.DataObject, compression: int
) -> None:
    packets = [(0, files.events_packet(part)) for part in np.array_split(random_events(60, 900), 3)]
    packets += [
        (3, files.triggers_packet([(7, 1)])),
        (1, files.frame_packet(5, 4, 2)),
        (2, files.imu_packet([1])),
    ]
    path = files.write_aedat4(tmp_path / "a.aedat4", packets, STREAMS, compression)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(len(content) // 2, len(content)))])
    told = "a.aedat4"
    try:
        with open_aedat4(path) as recording:
            assert len(recording.events(0, recording.duration_us)) == recording.num_events <= 60
    except SourceError as error:
        told = str(error)
    assert "a.aedat4" in told


@pytest.mark.data
def test_the_real_file_as_the_wheel_reads_it(data_folder: Path) -> None:
    path = data_folder / "events" / NAME
    wheel = by_wheel(path)
    with open_aedat4(path) as recording:
        found = recording.events(0, recording.duration_us)
        assert recording.metadata["IMU samples"] == "475"
        for name, of in (("x", "x"), ("y", "y"), ("p", "on")):
            np.testing.assert_array_equal(found[name], wheel[of])
        np.testing.assert_array_equal(found["t"] + recording.start_us, wheel["t"])


@pytest.mark.data
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


@pytest.mark.data
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
