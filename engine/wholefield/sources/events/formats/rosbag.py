"""Bags of ROS 1 (.bag) and ROS 2 (.db3, .mcap, a folder) with events, read by the package `rosbags` (extra `ros`).

Events come as arrays of x, y, time and polarity (dvs_msgs and others that were made after it), or as packets of the
camera's own words (event_camera_msgs): EVT3, or "mono", 64 bits with the time since the packet's base in ns.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from wholefield.errors import SourceError
from wholefield.sources.choices import Answer, Question, Reading
from wholefield.sources.events.formats.gathering import Gathering
from wholefield.sources.events.formats.rosbag_messages import BadMessage, PacketDecoder, cdr_array, ros1_array
from wholefield.sources.events.table import TableRecording
from wholefield.sources.reading import reason_of

INSTALL = "pip install 'wholefield[ros]'"
METADATA = "metadata.yaml"
ARRAY, PACKET = "/EventArray", "/EventPacket"
COUNTED = {"Imu": "IMU samples", "Image": "frames", "CompressedImage": "frames"}
# Messages that bags of ROS 2 before Iron do not describe.
DEFINITIONS = {
    "dvs_msgs/msg/Event": "uint16 x\nuint16 y\nbuiltin_interfaces/Time ts\nbool polarity\n",
    "dvs_msgs/msg/EventArray": "std_msgs/Header header\nuint32 height\nuint32 width\ndvs_msgs/Event[] events\n",
    "event_camera_msgs/msg/EventPacket": (
        "std_msgs/Header header\nuint32 height\nuint32 width\nuint64 seq\nuint64 time_base\nstring encoding\n"
        "bool is_bigendian\nuint8[] events\n"
    ),
}


def is_bag_folder(path: Path) -> bool:
    """Whether a folder is a bag of ROS 2."""
    description = path / METADATA
    if not path.is_dir() or not description.is_file():
        return False
    with description.open("rb") as file:
        return b"rosbag2_bagfile_information" in file.read(4096)


def open_bag(path: Path, reading: Reading | None = None) -> TableRecording:
    """Open the events of one topic of a bag; they are unpacked into a temporary file.

    Args:
        path: A .bag, .db3 or .mcap file, or the folder of a bag of ROS 2.
        reading: May answer `dataset`, the topic.

    Raises:
        SourceError: The package that reads bags is missing, the bag is damaged, or holds no events.
    """
    reading = (reading or Reading()).only(path, "dataset")
    with _opened(path) as bag:
        topics = _event_topics(bag)
        topic = _chosen(path, topics, reading)
        connections = [c for c in bag.connections if c.topic == topic]
        counts: Counter[str] = Counter()
        for connection in bag.connections:
            kind = COUNTED.get(connection.msgtype.rpartition("/")[2])
            if kind:
                counts[kind] += connection.msgcount
        metadata = {"topic": topic, **{kind: str(counts[kind]) for kind in ("IMU samples", "frames")}}
        told = []
        if len(topics) > 1:
            others = ", ".join(sorted(set(topics) - {topic}))
            told.append(f"{topic} is shown; the reading dataset=TOPIC opens the events of {others}.")
        return _unpacked(path, bag, connections, metadata, told)


def ask_bag(path: Path, reading: Reading) -> tuple[Question, ...]:
    """What may be chosen: the topic, where several have events."""
    with _opened(path) as bag:
        topics = _event_topics(bag)
    return (Question("dataset", "Topic", tuple(map(Answer, topics))),) if len(topics) > 1 else ()


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """The bag, open."""
    if find_spec("rosbags") is None:
        raise SourceError(f"{path} is a bag of ROS, which needs the package rosbags: {INSTALL}.")
    from rosbags.highlevel import AnyReader
    from rosbags.typesys import Stores, get_types_from_msg, get_typestore

    store = get_typestore(Stores.ROS2_HUMBLE)
    for name, text in DEFINITIONS.items():
        store.register(get_types_from_msg(text, name))
    try:
        bag = AnyReader([path], default_typestore=store)
        bag.open()
    except Exception as error:  # databases, YAML, packed chunks: every layer has errors of its own
        raise SourceError(f"{path} is a bag of ROS that cannot be read ({reason_of(error)}).") from error
    try:
        yield bag
    finally:
        bag.close()


def _event_topics(bag: Any) -> list[str]:
    kinds = {c.topic: c.msgtype for c in bag.connections if c.msgtype.endswith((ARRAY, PACKET))}
    return sorted(kinds)


def _chosen(path: Path, topics: list[str], reading: Reading) -> str:
    if not topics:
        raise SourceError(
            f"{path} is a bag of ROS without events (dvs_msgs/EventArray or event_camera_msgs/EventPacket); "
            "choose another file."
        )
    if "dataset" not in reading:
        return topics[0]
    if reading["dataset"] not in topics:
        raise SourceError(f"{path} has no events in {reading['dataset']}; choose among {', '.join(topics)}.")
    return reading["dataset"]


def _unpacked(
    path: Path, bag: Any, connections: list[Any], metadata: dict[str, str], told: list[str]
) -> TableRecording:
    decoder = PacketDecoder(path)
    try:
        gathering, bad, end = _gathered(path, bag, connections, decoder)
        with gathering:
            told += decoder.finish(gathering)
            if bad:
                unreadable = "1 message is" if bad == 1 else f"{bad} messages are"
                told.append(f"The bag is damaged: {unreadable} unreadable and left out.")
            if end:
                told.append(
                    f"The bag is damaged after its first {gathering.length} events, and the rest is left out ({end})."
                )
            kind = "ROS 2 bag" if bag.is2 else "ROS bag"
            return gathering.recording(kind, metadata | decoder.metadata, told)
    finally:
        decoder.close()


def _gathered(
    path: Path, bag: Any, connections: list[Any], decoder: PacketDecoder
) -> tuple[Gathering, int, str]:
    """The events of all messages, how many messages could not be read, and why none could from some place on."""
    gathering: Gathering | None = None
    bad = 0
    try:
        for connection, raw in _messages(bag, connections):
            try:
                size, add = _decoded(bag, decoder, connection, raw)
            except BadMessage:
                bad += 1
                continue
            gathering = gathering or Gathering(path, size if all(size) else None)
            add(gathering)
    except _CutOff as error:
        return gathering or Gathering(path, None), bad, str(error)
    return gathering or Gathering(path, None), bad, ""


class _CutOff(Exception):
    """No message can be read from here on."""


def _messages(bag: Any, connections: list[Any]) -> Iterator[tuple[Any, bytes]]:
    iterator = bag.messages(connections=connections)
    while True:
        try:
            connection, _, raw = next(iterator)
        except StopIteration:
            return
        except Exception as error:  # as when opening
            raise _CutOff(reason_of(error)) from error
        yield connection, raw


def _decoded(
    bag: Any, decoder: PacketDecoder, connection: Any, raw: bytes
) -> tuple[tuple[int, int], Callable[[Gathering], None]]:
    """Size of the sensor, and what takes the events of a message."""
    if _is_packet(connection):
        try:
            message = bag.deserialize(raw, connection.msgtype)
        except Exception as error:  # as when opening
            raise BadMessage(reason_of(error)) from error
        return (int(message.width), int(message.height)), decoder.prepared(message)
    size, events = cdr_array(raw) if bag.is2 else ros1_array(raw)

    def add(gathering: Gathering) -> None:
        gathering.add(*events)

    return size, add


def _is_packet(connection: Any) -> bool:
    """Whether a topic carries the words of a camera; event_array_msgs called its packets arrays too."""
    return connection.msgtype.endswith(PACKET) or connection.msgtype.startswith("event_array_msgs/")
