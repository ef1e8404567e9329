"""Every event is in exactly the windows that hold its time, for each format of cameras and any order in the file."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from tests.engine.sources.events.formats import (
    aedat4_files,
    test_aedat3 as aedat3,
    test_event_stream as event_stream,
    test_jaer as jaer,
    test_nmnist as nmnist,
    test_rosbag as rosbag,
)
from tests.engine.sources.events.writers import SIZE, STREAMS, write_stream
from wholefield.sources import open_recording
from wholefield.sources.events.recording import EVENT_DTYPE, Events, Recording

SIDE = 34
START_US = 3_000_000


def write_words(name: str) -> Callable[[Path, Events], Path]:
    def write(folder: Path, events: Events) -> Path:
        return write_stream(folder, name, events)

    return write


def write_aedat4(folder: Path, events: Events) -> Path:
    packets = [(0, aedat4_files.events_packet(part)) for part in np.array_split(events, 3)]
    return aedat4_files.write_aedat4(folder / "a.aedat4", packets, {0: ("EVTS", SIZE)}, 1)


def write_jaer(folder: Path, events: Events) -> Path:
    pairs = [(jaer.davis_address(x, y, p, (240, 180)), t) for x, y, p, t in events.tolist()]
    return jaer.write_jaer(folder / "a.aedat", pairs)


def write_aedat3(folder: Path, events: Events) -> Path:
    return aedat3.write_aedat3(folder / "a.aedat", [aedat3.packet(1, aedat3.polarity_pairs(events))])


def write_event_stream(folder: Path, events: Events) -> Path:
    content = event_stream.header(1) + event_stream.body(1, events.tolist(), [])
    (folder / "a.es").write_bytes(content)
    return folder / "a.es"


def write_nmnist(folder: Path, events: Events) -> Path:
    (folder / "a.bin").write_bytes(nmnist.written(events.tolist()))
    return folder / "a.bin"


def write_bag(folder: Path, events: Events) -> Path:
    store = rosbag.store_of(1)
    shifted = events.copy()
    shifted["t"] -= START_US
    messages = [
        ("/e", rosbag.ARRAY, rosbag.array_message(store, part)) for part in np.array_split(shifted, 3)
    ]
    return rosbag.write_bag(folder, "bag", messages, store)


# Those whose files can hold events in any order, and those that cannot.
ANY_ORDER: dict[str, Callable[[Path, Events], Path]] = {
    **{name: write_words(name) for name in STREAMS},
    "aedat4": write_aedat4,
    "jaer": write_jaer,
    "aedat3": write_aedat3,
    "bag": write_bag,
}
IN_ORDER = {"event stream": write_event_stream, "nmnist": write_nmnist}


def disordered(seed: int, count: int, how: str) -> Events:
    random = np.random.default_rng(seed)
    events = np.zeros(count, EVENT_DTYPE)
    for name, top in (("x", SIDE), ("y", SIDE), ("p", 2)):
        events[name] = random.integers(0, top, count)
    times = np.sort(random.integers(0, 400_000, count))
    if how == "any":
        random.shuffle(times)
    elif how == "late":
        times = np.roll(times, int(random.integers(0, count)))
    elif how == "restart":
        times[count // 2 :] = times[: count - count // 2]
    events["t"] = times + START_US
    return events


def check_windows(recording: Recording, events: Events, seed: int) -> None:
    """The windows between random edges against the list of events."""
    first = int(events["t"].min())
    expected = events[np.argsort(events["t"], kind="stable")]
    expected["t"] -= first
    duration = int(expected["t"][-1]) + 1
    assert (recording.num_events, recording.duration_us) == (len(events), duration)
    inner = np.random.default_rng(seed).integers(0, duration + 1, 12)
    edges = np.unique([0, duration, *inner.tolist()]).tolist()
    found = [recording.events(low, high) for low, high in pairwise(edges)]
    for (low, high), window in zip(pairwise(edges), found, strict=True):
        assert ((window["t"] >= low) & (window["t"] < high)).all()
        assert recording.count(low, high) == len(window)
    np.testing.assert_array_equal(np.concatenate(found), expected)


@pytest.mark.parametrize("name", sorted(ANY_ORDER))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(1, 300),
    how=st.sampled_from(["in order", "any", "late", "restart"]),
)
def test_any_order(tmp_path: Path, name: str, seed: int, count: int, how: str) -> None:
    events = disordered(seed, count, how)
    # A bag is opened once only for writing.
    for old in tmp_path.glob("a.bag"):
        old.unlink()
    with open_recording(ANY_ORDER[name](tmp_path, events)) as recording:
        check_windows(recording, events, seed)


@pytest.mark.parametrize("name", sorted(IN_ORDER))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(2, 300))
def test_in_order(tmp_path: Path, name: str, seed: int, count: int) -> None:
    events = disordered(seed, count, "in order")
    with open_recording(IN_ORDER[name](tmp_path, events)) as recording:
        check_windows(recording, events, seed)
