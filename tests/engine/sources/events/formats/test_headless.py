"""RAW or DAT without a header: the right encoding is offered first, and nothing is opened without an answer."""

from pathlib import Path

import numpy as np
import pytest

from tests.engine.sources.events.writers import SIZE, STREAMS, random_events
from wholefield.errors import SourceError
from wholefield.sources import kind_of, open_recording, questions_of
from wholefield.sources.choices import UnclearFileError
from wholefield.sources.events.formats.headless import plausible_encodings
from wholefield.sources.kinds import Kind

ENCODINGS = {"evt2": "evt2", "evt21": "evt21", "evt21-legacy": "evt21", "evt3": "evt3", "dat": "dat"}
EVENTS = random_events(3000, 400_000)


def headless(folder: Path, name: str, start_us: int = 7_000_000) -> Path:
    file, _, words = STREAMS[name]
    path = folder / file
    path.write_bytes(words(EVENTS, start_us).tobytes())
    return path


@pytest.mark.parametrize("name", sorted(STREAMS))
@pytest.mark.parametrize("start_us", [0, 7_000_000, 16_700_000])
def test_the_right_encoding_is_offered_first(tmp_path: Path, name: str, start_us: int) -> None:
    path = headless(tmp_path, name, start_us)
    assert kind_of(path) is Kind.RECORDING
    encoding, size = questions_of(path)
    assert encoding.start == ENCODINGS[name]
    assert [answer.value for answer in size.answers] == ["640,480", "1280,720"]
    with pytest.raises(
        UnclearFileError, match=f"set the reading encoding={ENCODINGS[name]}, and size=width,height"
    ) as caught:
        open_recording(path)
    assert caught.value.questions[0].needed
    with open_recording(path, reading=f"encoding={ENCODINGS[name]}; size=640,480") as recording:
        assert (recording.width, recording.height, recording.warnings) == (*SIZE, ())
        np.testing.assert_array_equal(recording.events(0, 10**6), EVENTS)
    with open_recording(path, reading=f"encoding={ENCODINGS[name]}") as recording:
        assert "px was taken from the events" in recording.warnings[0]


def test_wrong_answers(tmp_path: Path) -> None:
    path = headless(tmp_path, "evt3")
    with pytest.raises(SourceError, match="choose among evt3, evt2, evt21, dat"):
        open_recording(path, reading="encoding=evt4")
    with pytest.raises(SourceError, match="not read by a setting called unit"):
        open_recording(path, reading="unit=s")


@pytest.mark.parametrize(
    "content",
    [
        bytes(9000),
        b"\x80\x80" * 5000,
        np.arange(20_000, dtype="<u2").tobytes(),
        np.random.default_rng(0).integers(0, 2**16, 20_000).astype("<u2").tobytes(),
        (np.random.default_rng(1).normal(1000, 90, 20_000)).astype("<u2").tobytes(),
        (np.random.default_rng(2).normal(0, 1, 20_000)).astype("<f4").tobytes(),
        np.random.default_rng(3).integers(0, 256, 40_000).astype("u1").tobytes(),
    ],
    ids=["zeros", "gray", "ramp", "noise", "volume", "reals", "bytes"],
)
@pytest.mark.parametrize("suffix", [".raw", ".dat"])
def test_volumes_are_no_events(tmp_path: Path, content: bytes, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(content)
    assert plausible_encodings(path) == ()
