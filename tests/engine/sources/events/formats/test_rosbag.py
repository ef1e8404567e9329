"""Bags of ROS 1 and 2, written by the package `rosbags`, which also reads their messages independently."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from rosbags.rosbag1 import Writer as Writer1
from rosbags.rosbag2 import StoragePlugin, Writer as Writer2
from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from rosbags.typesys.store import Typestore

from tests.engine.sources.events.writers import SIZE, evt3_words, random_events
from wholefield.errors import SourceError
from wholefield.sources import kind_of, open_recording, questions_of
from wholefield.sources.choices import Reading
from wholefield.sources.events.formats.rosbag import DEFINITIONS
from wholefield.sources.events.formats.rosbag_messages import BadMessage, cdr_array, ros1_array
from wholefield.sources.events.recording import Events
from wholefield.sources.kinds import Kind

ARRAY, PACKET, IMU = "dvs_msgs/msg/EventArray", "event_camera_msgs/msg/EventPacket", "sensor_msgs/msg/Imu"
STARTS = 1_700_000_000


def store_of(ros: int) -> Typestore:
    store = get_typestore(Stores.ROS1_NOETIC if ros == 1 else Stores.ROS2_HUMBLE)
    for name, text in DEFINITIONS.items():
        store.register(
            get_types_from_msg(
                text.replace("builtin_interfaces/Time", "time" if ros == 1 else "builtin_interfaces/Time"),
                name,
            )
        )
    return store


def header(store: Typestore) -> Any:
    types = store.types
    stamp = types["builtin_interfaces/msg/Time"](sec=STARTS, nanosec=5)
    more = {"seq": 3} if "seq" in types["std_msgs/msg/Header"].__dataclass_fields__ else {}
    return types["std_msgs/msg/Header"](stamp=stamp, frame_id="camera", **more)


def array_message(store: Typestore, events: Events) -> Any:
    types = store.types
    rows = [
        types["dvs_msgs/msg/Event"](
            x=x, y=y, polarity=bool(p),
            ts=types["builtin_interfaces/msg/Time"](sec=STARTS + t // 10**6, nanosec=t % 10**6 * 1000),
        )
        for x, y, p, t in events.tolist()
    ]  # fmt: skip
    return types[ARRAY](header=header(store), height=SIZE[1], width=SIZE[0], events=rows)


def packet_message(store: Typestore, encoding: str, content: bytes, base_ns: int) -> Any:
    return store.types[PACKET](
        header=header(store), height=SIZE[1], width=SIZE[0], seq=1, time_base=base_ns, encoding=encoding,
        is_bigendian=False, events=np.frombuffer(content, np.uint8),
    )  # fmt: skip


def mono(events: Events, base_us: int) -> bytes:
    time = ((events["t"] - base_us) * 1000).astype("<u8")
    place = (
        events["x"].astype("<u8")
        | events["y"].astype("<u8") << np.uint64(16)
        | events["p"].astype("<u8") << np.uint64(31)
    )
    return (place << np.uint64(32) | time).tobytes()


PLUGINS = {"sqlite3": StoragePlugin.SQLITE3, "mcap": StoragePlugin.MCAP}
Message = tuple[str, str, Any]


def write_bag(folder: Path, form: str, messages: list[Message], store: Typestore) -> Path:
    """A bag in the form "bag", "sqlite3" or "mcap"; gives its file."""
    path = folder / ("a.bag" if form == "bag" else "a")
    writer = Writer1(path) if form == "bag" else Writer2(path, version=9, storage_plugin=PLUGINS[form])
    with writer:
        connections = {}
        for i, (topic, kind, message) in enumerate(messages):
            if topic not in connections:
                connections[topic] = writer.add_connection(topic, kind, typestore=store)
            pack = store.serialize_ros1 if form == "bag" else store.serialize_cdr
            writer.write(connections[topic], (STARTS + i) * 10**9, bytes(pack(message, kind)))
    return path if form == "bag" else next(path.glob("*.db3" if form == "sqlite3" else "*.mcap"))


@pytest.mark.parametrize("form", ["bag", "sqlite3", "mcap"])
def test_arrays(tmp_path: Path, form: str) -> None:
    store = store_of(1 if form == "bag" else 2)
    events = random_events(400, 3_000_000)
    messages = [("/dvs/events", ARRAY, array_message(store, part)) for part in np.array_split(events, 3)]
    path = write_bag(tmp_path, form, messages, store)
    assert kind_of(path) is Kind.RECORDING
    for opened in (path, path.parent) if form != "bag" else (path,):
        with open_recording(opened) as recording:
            assert (recording.width, recording.height, recording.warnings) == (*SIZE, ())
            assert recording.start_us == STARTS * 10**6
            np.testing.assert_array_equal(recording.events(0, 10**7), events)
            assert recording.metadata["topic"] == "/dvs/events"


@pytest.mark.parametrize("form", ["bag", "mcap"])
@pytest.mark.parametrize("encoding", ["evt3", "mono"])
def test_packets(tmp_path: Path, form: str, encoding: str) -> None:
    """The clock of EVT3 goes on from one packet to the next, over a new round of it."""
    store = store_of(1 if form == "bag" else 2)
    events = random_events(900, 20_000_000)
    start = 10_000_000
    if encoding == "evt3":
        words = evt3_words(events, start)
        parts = [(part.tobytes(), 0) for part in np.array_split(words, 4)]
    else:
        bases = [int(part["t"][0]) for part in np.array_split(events, 6)]
        parts = [
            (mono(part, base), (base + start) * 1000)
            for part, base in zip(np.array_split(events, 6), bases, strict=True)
        ]
    messages = [
        ("/events", PACKET, packet_message(store, encoding, content, base)) for content, base in parts
    ]
    with open_recording(write_bag(tmp_path, form, messages, store)) as recording:
        np.testing.assert_array_equal(recording.events(0, 10**8), events)
        assert (recording.start_us, recording.metadata["encoding"]) == (start, encoding)
        assert recording.warnings == ()


def test_a_damaged_time_in_a_packet_does_not_stretch_it(tmp_path: Path) -> None:
    store = store_of(1)
    events = random_events(900, 400_000)
    words = evt3_words(events, 10_000_000)
    place = np.flatnonzero(words >> 12 == 8)[40]
    words[place] = 8 << 12 | (int(words[place]) + 1200) & 0xFFF
    messages = [
        ("/events", PACKET, packet_message(store, "evt3", part.tobytes(), 0))
        for part in np.array_split(words, 9)
    ]
    with open_recording(write_bag(tmp_path, "bag", messages, store)) as recording:
        assert recording.duration_us == events["t"][-1] + 1
        assert "1 damaged time was found" in recording.warnings[0]


def test_two_cameras_are_told_and_asked(tmp_path: Path) -> None:
    store = store_of(1)
    left, right = random_events(20, 900, 1), random_events(30, 900, 2)
    messages = [
        ("/left/events", ARRAY, array_message(store, left)),
        ("/right/events", ARRAY, array_message(store, right)),
    ]
    path = write_bag(tmp_path, "bag", messages, store)
    with open_recording(path) as recording:
        assert recording.num_events == 20
        assert "opens the events of /right/events" in recording.warnings[0]
    assert [answer.value for answer in questions_of(path)[0].answers] == ["/left/events", "/right/events"]
    with open_recording(path, reading=Reading({"dataset": "/right/events"})) as recording:
        np.testing.assert_array_equal(recording.events(0, 1000), right)
    with pytest.raises(SourceError, match="has no events in /none; choose among /left/events, /right/events"):
        open_recording(path, reading="dataset=/none")


def test_bags_that_cannot_be_read(tmp_path: Path) -> None:
    store = store_of(1)
    path = write_bag(tmp_path, "bag", [("/e", PACKET, packet_message(store, "libcaer", b"", 0))], store)
    with pytest.raises(SourceError, match="encoded as libcaer; only evt3 and mono are read"):
        open_recording(path)
    content = path.read_bytes()
    for cut in (20, len(content) // 2, len(content) - 5):
        path.write_bytes(content[:cut])
        with pytest.raises(SourceError, match=r"a\.bag"):
            open_recording(path)
    path.unlink()
    other = write_bag(tmp_path, "bag", [("/h", "std_msgs/msg/Header", header(store))], store)
    with pytest.raises(SourceError, match="is a bag of ROS without events"):
        open_recording(other)


def test_without_the_package_it_is_said_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.bag").write_bytes(b"#ROSBAG V2.0\n")
    monkeypatch.setattr("wholefield.sources.events.formats.rosbag.find_spec", {"rosbags": None}.get)
    with pytest.raises(SourceError, match=r"needs the package rosbags: pip install 'wholefield\[ros\]'\."):
        open_recording(tmp_path / "a.bag")


@pytest.mark.parametrize("ros", [1, 2])
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(0, 40))
def test_a_message_cut_anywhere_is_refused(ros: int, seed: int, count: int) -> None:
    store = store_of(ros)
    events = random_events(count, 900, seed) if count else random_events(1, 900)[:0]
    message = array_message(store, events)
    raw = bytes((store.serialize_ros1 if ros == 1 else store.serialize_cdr)(message, ARRAY))
    read = ros1_array if ros == 1 else cdr_array
    size, (x, y, p, t) = read(raw)
    assert size == SIZE
    for column, name in ((x, "x"), (y, "y"), (p, "p"), (t - STARTS * 10**6, "t")):
        np.testing.assert_array_equal(column, events[name])
    for cut in range(0, len(raw), max(len(raw) // 9, 1)):
        with pytest.raises(BadMessage):
            read(raw[:cut])
