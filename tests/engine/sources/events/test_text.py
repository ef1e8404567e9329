"""Recordings as text: separators, units, order of the columns, and the first line that is no event."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from tests.engine.sources.events.writers import random_events
from wholefield.errors import SourceError
from wholefield.sources.events import text
from wholefield.sources.events.text import open_text, text_layout

EVENTS = random_events(700, 90_000)
ROWS = EVENTS.tolist()
LINES = {
    "seconds": [f"{t / 1e6:.6f} {x} {y} {p}" for x, y, p, t in ROWS],
    "microseconds": [f"{t} {x} {y} {p}" for x, y, p, t in ROWS],
    "commas": [f"{t}, {x}, {y}, {2 * p - 1}" for x, y, p, t in ROWS],
    "named": ["x,y,polarity,timestamp", *(f"{x},{y},{p},{t}" for x, y, p, t in ROWS)],
    "commented": ["# t x y p", "", *(f"{t / 1e6:.9e}\t{x}\t{y}\t{p}" for x, y, p, t in ROWS)],
}


@pytest.fixture(autouse=True)
def few_lines_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "LINES", 256)


@pytest.mark.parametrize("name", sorted(LINES))
def test_every_way_to_write_it(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.txt"
    path.write_text("\n".join(LINES[name]) + "\n")
    with open_text(path) as recording:
        np.testing.assert_array_equal(recording.events(0, 10**9), EVENTS)
        assert (recording.width, recording.height) == (EVENTS["x"].max() + 1, EVENTS["y"].max() + 1)
        assert len(recording.warnings) == 1


def test_a_first_line_with_the_size(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("\n".join(["800 600", *LINES["microseconds"]]))
    with open_text(path) as recording:
        assert (recording.width, recording.height, recording.warnings) == (800, 600, ())


def test_out_of_order(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("\n".join(reversed(LINES["microseconds"])))
    with open_text(path) as recording:
        np.testing.assert_array_equal(recording.events(0, 10**9)["t"], EVENTS["t"])


@pytest.mark.parametrize("bad", ["5 6", "what is this", "1 2 nan 0", "3 -1 4 1", "1e300 1 1 1", "\x00\xff"])
@pytest.mark.parametrize("line", [1, 255, 256, 600])
def test_everything_before_the_damage(tmp_path: Path, bad: str, line: int) -> None:
    path = tmp_path / "a.txt"
    lines = LINES["microseconds"]
    path.write_text("\n".join([*lines[:line], bad, *lines[line:]]))
    with open_text(path) as recording:
        np.testing.assert_array_equal(recording.events(0, 10**9), EVENTS[:line])
        assert (
            recording.warnings[0]
            == f"Line {line + 1} is not an event; it and everything after it are left out."
        )


@pytest.mark.parametrize(
    "content", ["file,label\na.tif,1\n", "1 2 3\n", "", "hello world what is\n", "1.2.3 4 5 6\n"]
)
def test_other_texts(content: str) -> None:
    assert text_layout(content.encode()) is None


def test_no_events(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("t x y p\n")
    with pytest.raises(SourceError, match=r"a\.txt holds no lines of time, x, y and polarity"):
        open_text(path)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.text("0123456789 .,-e\n#tx", max_size=300))
def test_any_text(tmp_path: Path, content: str) -> None:
    path = tmp_path / "a.txt"
    path.write_text("5 1 2 0\n" + content)
    with open_text(path) as recording:
        assert recording.num_events >= 1
        assert len(recording.events(0, recording.duration_us)) == recording.num_events
