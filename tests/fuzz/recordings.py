"""Sound recordings of the rarer formats, written by the generators of the tests of their readers."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from tests.engine.sources.events.formats.aedat4_files import events_packet, write_aedat4
from tests.engine.sources.events.formats.test_aedat3 import packet, polarity_pairs, write_aedat3
from tests.engine.sources.events.formats.test_event_stream import DVS, body, header
from tests.engine.sources.events.formats.test_jaer import davis_address, write_jaer
from tests.engine.sources.events.formats.test_nmnist import random_rows, written
from tests.engine.sources.events.formats.test_rosbag import ARRAY, array_message, store_of, write_bag
from tests.engine.sources.events.writers import random_events

Write = Callable[[Path], Path]
DAVIS240 = (240, 180)


def _event_array(folder: Path) -> Path:
    events = random_events(300, 50_000)
    np.save(folder / "events.npy", np.stack([events[name].astype("i8") for name in "txyp"], axis=1))
    return folder / "events.npy"


def _aedat4(folder: Path) -> Path:
    streams: dict[int, tuple[str, tuple[int, int] | None]] = {0: ("EVTS", (640, 480))}
    packets = [(0, events_packet(part)) for part in np.array_split(random_events(300, 50_000), 3)]
    return write_aedat4(folder / "events.aedat4", packets, streams, compression=1)


def _aedat3(folder: Path) -> Path:
    return write_aedat3(folder / "events.aedat", [packet(1, polarity_pairs(random_events(300, 50_000)))])


def _jaer(folder: Path) -> Path:
    rows = random_rows(3, 300, 180, 50_000)
    return write_jaer(folder / "events.aedat", [(davis_address(x, y, p, DAVIS240), t) for x, y, p, t in rows])


def _event_stream(folder: Path) -> Path:
    (folder / "events.es").write_bytes(header(DVS) + body(DVS, random_events(300, 50_000).tolist(), []))
    return folder / "events.es"


def _nmnist(folder: Path) -> Path:
    (folder / "digit.bin").write_bytes(written(random_rows(3, 300, 34, 300_000)))
    return folder / "digit.bin"


def _moved(inside: Path, folder: Path) -> list[str]:
    names = [each.name for each in inside.iterdir()]
    if inside != folder:
        for name in names:
            (inside / name).rename(folder / name)
    return names


def _bag(form: str) -> Write:
    def write(folder: Path) -> Path:
        store = store_of(1 if form == "bag" else 2)
        parts = np.array_split(random_events(200, 50_000), 2)
        messages = [("/events", ARRAY, array_message(store, part)) for part in parts]
        bag = write_bag(folder, form, messages, store)
        # A bag of ROS 2 is a folder with a description; both lie where the other files do.
        return next(
            path for path in map(folder.joinpath, _moved(bag.parent, folder)) if path.name == bag.name
        )

    return write


RARE_RECORDINGS: dict[str, Write] = {
    "event-npy": _event_array,
    "aedat4": _aedat4,
    "aedat3": _aedat3,
    "jaer": _jaer,
    "event-stream": _event_stream,
    "nmnist": _nmnist,
    **{f"bag-{form}": _bag(form) for form in ("bag", "sqlite3", "mcap")},
}
