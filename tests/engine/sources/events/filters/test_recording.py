"""A recording through filters: any window, any count, any order of asking."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from tests.engine.sources.events.filters import brute
from tests.engine.sources.events.writers import random_events, write_stream
from wholefield.errors import SettingError
from wholefield.sources import open_recording
from wholefield.sources.events.filters import recording as filtered
from wholefield.sources.events.filters.chain import FilterChain
from wholefield.sources.events.filters.recording import FilteredRecording
from wholefield.sources.events.recording import EVENT_DTYPE, Events

EVENTS = random_events(4000, 200_000)
EVENTS["x"] %= 16
EVENTS["y"] %= 8
TEXT = "refractory=2ms, rotate=180, background=5ms"


def expected(events: Events) -> np.ndarray:
    rotate = brute.rotate(640, 480), brute.rotate(480, 640)
    keeps = [brute.refractory(2000), *rotate, brute.background(5000, 1)]
    return np.array(brute.run(keeps, [tuple(row) for row in events[["x", "y", "p", "t"]].tolist()]))


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_stream(tmp_path_factory.mktemp("clip"), "evt3", EVENTS, 1_000_000)


@pytest.fixture(scope="module")
def whole() -> np.ndarray:
    return expected(EVENTS)


@pytest.fixture(scope="module", params=[1 << 18, 300])
def recording(clip: Path, request: pytest.FixtureRequest) -> Iterator[FilteredRecording]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(filtered, "BLOCK_EVENTS", request.param)
        found = FilteredRecording(open_recording(clip), FilterChain.parse(TEXT))
        found.index()
    yield found
    found.close()


def test_all_of_it(recording: FilteredRecording, whole: np.ndarray) -> None:
    events = recording.events(0, 10**9)
    np.testing.assert_array_equal(np.array(events[["x", "y", "p", "t"]].tolist()), whole)
    assert recording.num_events == len(whole)
    assert recording.effects[0] == len(EVENTS)
    assert recording.effects[-1] == len(whole)
    assert recording.start_us == 1_000_000
    assert recording.metadata["filters"] == TEXT
    np.testing.assert_array_equal(np.concatenate(list(recording.chunks(500)))["t"], whole[:, 3])


@settings(max_examples=30)
@given(a=st.integers(-10, 210_000), b=st.integers(-10, 210_000))
def test_any_window(recording: FilteredRecording, whole: np.ndarray, a: int, b: int) -> None:
    inside = whole[(whole[:, 3] >= a) & (whole[:, 3] < b)]
    found = recording.events(a, b)
    assert found[["x", "y", "p", "t"]].tolist() == [tuple(row) for row in inside.tolist()]
    assert recording.count(a, b) == len(inside)


def test_rate(recording: FilteredRecording, whole: np.ndarray) -> None:
    edges = np.arange(11) * recording.duration_us // 10
    assert recording.rate(10).tolist() == np.histogram(whole[:, 3], edges)[0].tolist()


def test_hot_pixels_are_found_listed_and_removed(tmp_path: Path) -> None:
    hot = np.zeros(3000, EVENT_DTYPE)
    hot["x"], hot["y"] = 12, 9
    hot["t"] = np.sort(np.random.default_rng(0).integers(0, 200_000, 3000))
    others = random_events(4000, 200_000, 1)
    others["x"] %= 40
    others["y"] %= 30
    events = np.concatenate([others, hot])
    events = events[np.argsort(events["t"], kind="stable")]
    path = write_stream(tmp_path, "evt2", events)
    # Half of the events are turned away before; the hot pixel is where the flip puts it.
    with FilteredRecording(
        open_recording(path), FilterChain.parse("flip, hot=10, polarity=off")
    ) as recording:
        seen: list[float] = []
        recording.index(lambda done, total: seen.append(done / total))
        assert seen == sorted(seen)
        assert seen[-1] == 1
        (pixel,) = recording.hot
        assert (pixel.x, pixel.y) == (640 - 1 - 12, 9)
        assert pixel.count >= 3000
        assert recording.effects[2] == len(events) - pixel.count
        assert not (
            (recording.events(0, 10**9)["x"] == 640 - 1 - 12) & (recording.events(0, 10**9)["y"] == 9)
        ).any()


def test_nothing_left_is_a_recording_without_events(clip: Path) -> None:
    with FilteredRecording(open_recording(clip), FilterChain.parse("roi=600:400:640:480")) as recording:
        assert recording.num_events == 0
        assert not recording.events(0, 10**9).size
        assert recording.rate(4).tolist() == [0, 0, 0, 0]
        assert not np.concatenate(list(recording.chunks())).size


def test_what_does_not_fit_is_told_before_the_file_is_read(clip: Path) -> None:
    with open_recording(clip) as source, pytest.raises(SettingError, match="holds no pixel"):
        FilteredRecording(source, FilterChain.parse("rotate, roi=500:0:640:480"))


def test_it_can_be_stopped(clip: Path) -> None:
    def stop(done: int, total: int) -> None:
        raise InterruptedError

    with FilteredRecording(open_recording(clip), FilterChain.parse("refractory")) as recording:
        with pytest.raises(InterruptedError):
            recording.index(stop)
        assert not recording.indexed
        recording.index()
        assert recording.indexed
