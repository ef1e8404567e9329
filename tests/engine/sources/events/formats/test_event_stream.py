"""Event Stream files, written event by event, against the rules of the format."""

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from tests.engine.sources.events.writers import SIZE, random_events
from wholefield.errors import SourceError
from wholefield.sources import open_recording
from wholefield.sources.events.formats import event_stream
from wholefield.sources.events.formats.event_stream import open_event_stream

Row = tuple[int, int, int, int]
DVS, ATIS, COLOR = 1, 2, 4


def header(kind: int, version: tuple[int, int, int] = (2, 0, 0), size: tuple[int, int] = SIZE) -> bytes:
    return b"Event Stream" + bytes([*version, kind]) + struct.pack("<HH", *size)


def first_bytes(kind: int, step: int, p: int, exposure: int = 0) -> bytes:
    """Overflows and the first byte of an event that comes `step` us after the last one."""
    if kind == DVS:
        return b"\xff" * (step // 127) + bytes([step % 127 << 1 | p])
    if kind == COLOR:
        return b"\xff" * (step // 254) + bytes([step % 254])
    times, rest = divmod(step, 63)
    return (
        b"\xff" * (times // 3)
        + (bytes([252 + times % 3]) if times % 3 else b"")
        + bytes([rest << 2 | p << 1 | exposure])
    )


def body(kind: int, rows: list[Row], colors: list[tuple[int, int, int]]) -> bytes:
    content, now = b"", 0
    for i, (x, y, p, t) in enumerate(rows):
        content += first_bytes(kind, t - now, p) + struct.pack("<HH", x, y)
        content += bytes(colors[i]) if kind == COLOR else b""
        now = t
    return content


@pytest.mark.parametrize("kind", [DVS, ATIS, COLOR])
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(1, 150), batch=st.integers(1, 90))
def test_events(tmp_path: Path, kind: int, seed: int, count: int, batch: int) -> None:
    events = random_events(count, 40_000, seed)
    random = np.random.default_rng(seed)
    colors = random.integers(0, 256, (count, 3)).tolist()
    (tmp_path / "a.es").write_bytes(header(kind) + body(kind, events.tolist(), colors))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(event_stream, "BATCH", batch)
        with open_event_stream(tmp_path / "a.es") as recording:
            found = recording.events(0, 10**6)
    for name in "xyt":
        np.testing.assert_array_equal(found[name], events[name])
    if kind != COLOR:
        np.testing.assert_array_equal(found["p"], events["p"])


def test_color_is_on_where_a_pixel_is_not_darker(tmp_path: Path) -> None:
    rows = [(3, 4, 0, 10), (3, 4, 0, 20), (3, 4, 0, 30), (5, 4, 0, 40)]
    colors = [(90, 90, 90), (10, 90, 90), (20, 90, 90), (0, 0, 0)]
    (tmp_path / "a.es").write_bytes(header(COLOR) + body(COLOR, rows, colors))
    with open_recording(tmp_path / "a.es") as recording:
        assert recording.events(0, 100)["p"].tolist() == [1, 0, 1, 1]
        assert "Its events have colors" in recording.warnings[0]


def test_exposures_and_resets_are_no_events(tmp_path: Path) -> None:
    content = header(ATIS) + b"\xfc\xfc" + first_bytes(ATIS, 10, 1) + struct.pack("<HH", 1, 2)
    content += first_bytes(ATIS, 5, 1, exposure=1) + struct.pack("<HH", 1, 2)
    content += first_bytes(ATIS, 70, 0) + struct.pack("<HH", 3, 4) + b"\x08\x01"
    (tmp_path / "a.es").write_bytes(content)
    with open_event_stream(tmp_path / "a.es") as recording:
        assert recording.events(0, 1000).tolist() == [(1, 2, 1, 0), (3, 4, 0, 75)]
        assert recording.warnings == (
            "1 measurements of exposure are in the file and not shown.",
            "It ends in the middle of an event; its last 2 bytes are left out.",
        )


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (header(DVS, (1, 0, 0)), r"is Event Stream 1\.0\.0; only version 2 is read"),
        (header(0), "holds generic events"),
        (header(3), "holds display events"),
        (header(DVS, size=(0, 5)), "its sensor has 0 x 5 px, which no camera has"),
        (header(COLOR, size=(65528, 480)), "its sensor has 65528 x 480 px, which no camera has"),
        (header(DVS), "holds no events"),
        (header(DVS)[:17], "cut off in its header"),
    ],
)
def test_refusals(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "a.es").write_bytes(content)
    with pytest.raises(SourceError, match=reason):
        open_recording(tmp_path / "a.es")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=300), kind=st.integers(0, 255))
def test_any_bytes(tmp_path: Path, content: bytes, kind: int) -> None:
    (tmp_path / "a.es").write_bytes(header(kind) + content)
    told = "a.es"
    try:
        with open_event_stream(tmp_path / "a.es") as recording:
            assert len(recording.events(0, recording.duration_us)) == recording.num_events
    except SourceError as error:
        told = str(error)
    assert "a.es" in told
