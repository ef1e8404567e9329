"""Messages with events in bags of ROS: arrays as ROS 1 and CDR lay them out, and packets of a camera's words."""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from wholefield.errors import SourceError
from wholefield.sources.events.clock_repair import ClockRepair
from wholefield.sources.events.codec import EVER, TAKEN, TRIGGERS, fresh_state, fresh_stats
from wholefield.sources.events.evt3 import EVT3
from wholefield.sources.events.formats.gathering import Gathering
from wholefield.sources.events.recording import EVENT_DTYPE
from wholefield.sources.events.time_word import Words

Integers = npt.NDArray[np.int64]
Columns = tuple[Integers, Integers, Integers, Integers]

FIELDS = ("x", "y", "s", "ns", "p")
ROS1_EVENT = np.dtype(list(zip(FIELDS, ("<u2", "<u2", "<u4", "<u4", "u1"), strict=True)))
# In CDR numbers stand at multiples of their size: the first event has its time 4 bytes in, all others 6.
CDR_FORMATS = ("<u2", "<u2", "<i4", "<u4", "u1")
CDR_FIRST = np.dtype({"names": FIELDS, "formats": CDR_FORMATS, "offsets": [0, 2, 4, 8, 12], "itemsize": 13})
CDR_NEXT = np.dtype({"names": FIELDS, "formats": CDR_FORMATS, "offsets": [0, 2, 6, 10, 14], "itemsize": 16})
CDR_FIRST_STEP, CDR_LAST = 14, 15
ANY = 1 << 16
# Words decoded at once.
BATCH = 1 << 18


class BadMessage(ValueError):
    """A message does not hold what it should."""


def ros1_array(raw: bytes) -> tuple[tuple[int, int], Columns]:
    """Size of the sensor and columns x, y, p and t (us) of an EventArray of ROS 1.

    Raises:
        BadMessage: It is shorter than it says.
    """
    name = _number(raw, 12)
    begin = 16 + name
    height, width, count = (_number(raw, begin + 4 * i) for i in range(3))
    if begin + 12 + count * ROS1_EVENT.itemsize > len(raw):
        raise BadMessage(f"{count} events do not fit into {len(raw)} bytes")
    return (width, height), _columns(np.frombuffer(raw, ROS1_EVENT, count, begin + 12))


def cdr_array(raw: bytes) -> tuple[tuple[int, int], Columns]:
    """The same of an EventArray of ROS 2.

    Raises:
        BadMessage: It is shorter than it says.
    """
    if len(raw) < 4:
        raise BadMessage("no header")
    body = raw[4:]
    order: Literal["<", ">"] = "<" if raw[1] & 1 else ">"
    name = _number(body, 8, order)
    begin = -(-(12 + name) // 4) * 4
    height, width, count = (_number(body, begin + 4 * i, order) for i in range(3))
    first = begin + 12
    needed = 0 if not count else 13 if count == 1 else CDR_FIRST_STEP + 16 * (count - 2) + CDR_LAST
    if first + needed > len(body):
        raise BadMessage(f"{count} events do not fit into {len(body)} bytes")
    if not count:
        return (width, height), _columns(np.zeros(0, CDR_NEXT))
    # The last one may end before its padding.
    padded = np.frombuffer(body + b"\0" * 16, np.uint8)
    rows = np.zeros(count, CDR_NEXT.newbyteorder(order))
    one = padded[first : first + 13].view(CDR_FIRST.newbyteorder(order))
    for field in FIELDS:
        rows[field][0] = one[field][0]
    following = first + CDR_FIRST_STEP
    rows[1:] = padded[following : following + 16 * (count - 1)].view(rows.dtype)
    return (width, height), _columns(rows)


def _columns(rows: npt.NDArray[np.void]) -> Columns:
    x, y, seconds, nanoseconds, p = (rows[field].astype(np.int64) for field in FIELDS)
    return x, y, p, seconds * 1_000_000 + nanoseconds // 1000


def _number(raw: bytes, place: int, order: str = "<") -> int:
    try:
        return int(struct.unpack_from(order + "I", raw, place)[0])
    except struct.error as error:
        raise BadMessage(str(error)) from error


class PacketDecoder:
    """Decodes packets one after another; words of EVT3 are gathered, as their clock goes on from one to the next.

    Attributes:
        metadata: What the packets say beside their events.
    """

    def __init__(self, path: Path) -> None:
        """Begin with the first packet."""
        self._path = path
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  (closed by close)
        self.metadata: dict[str, str] = {}

    def prepared(self, message: Any) -> Callable[[Gathering], None]:
        """What takes the events of a packet.

        Raises:
            SourceError: It is encoded in a way that is not read.
        """
        encoding = str(message.encoding)
        self.metadata["encoding"] = encoding
        content = np.asarray(message.events, np.uint8)
        base = int(message.time_base)

        def add(gathering: Gathering) -> None:
            if encoding == "evt3":
                self._file.write(content[: len(content) // 2 * 2].tobytes())
            else:
                _mono(content, base, gathering)

        if encoding not in ("evt3", "mono"):
            raise SourceError(
                f"{self._path} holds events encoded as {encoding}; only evt3 and mono are read, so convert them with "
                "event_camera_tools."
            )
        return add

    def finish(self, gathering: Gathering) -> tuple[str, ...]:
        """Take the events of all packets of EVT3; gives sentences about their clock."""
        length = self._file.tell() // EVT3.word.itemsize
        repair = ClockRepair(EVT3.time_word, length, self._read)
        state, walk = fresh_state(), EVT3.load_walk() if length else None
        for begin in range(0, length, BATCH):
            words = repair.apply(self._read(begin, min(begin + BATCH, length)), begin)
            # A word is one event or a vector of 12.
            pairs = np.empty((12 * len(words), 2), np.uint64)
            triggers = np.zeros((len(words), 3), np.int64)
            stats = fresh_stats()
            assert walk is not None
            walk(words, state, 0, *EVER, ANY, ANY, pairs, triggers, stats)
            events = pairs[: stats[TAKEN]].view(EVENT_DTYPE)[:, 0]
            gathering.add(*(events[name].astype(np.int64) for name in "xypt"))
            p, t, number = triggers[: stats[TRIGGERS]].T
            gathering.add_triggers(p, t, number)
        return repair.told() if length else ()

    def close(self) -> None:
        """Release what was gathered."""
        self._file.close()

    def _read(self, begin: int, end: int) -> Words:
        begin = max(begin, 0)
        self._file.seek(begin * EVT3.word.itemsize)
        return np.frombuffer(self._file.read(max(end - begin, 0) * EVT3.word.itemsize), EVT3.word)


def _mono(content: npt.NDArray[np.uint8], base: int, gathering: Gathering) -> None:
    """64 bits: polarity 63, y 62:48, x 47:32, ns since the base of the packet 31:0."""
    words = np.frombuffer(content[: len(content) // 8 * 8].tobytes(), "<u8")
    time = (base + (words & np.uint64(0xFFFFFFFF)).astype(np.int64)) // 1000
    x, y = words >> np.uint64(32) & np.uint64(0xFFFF), words >> np.uint64(48) & np.uint64(0x7FFF)
    gathering.add(x.astype(np.int64), y.astype(np.int64), (words >> np.uint64(63)).astype(np.int64), time)
