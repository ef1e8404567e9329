"""Recordings as text: separators, units, order of the columns, lines that are no events, and what stays open."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from tests.engine.sources.events.writers import random_events
from wholefield.errors import SourceError
from wholefield.sources import Kind, Reading, UnclearFileError, kind_of
from wholefield.sources.events.columns.clock import FEW
from wholefield.sources.events.recording import Events
from wholefield.sources.events.tables import text
from wholefield.sources.events.tables.text import ask_text, open_text, text_layout

EVENTS = random_events(700, 90_000)
ROWS = EVENTS.tolist()
V2E = [
    "#!events.txt",
    "# This is a text DVS file created by some simulator, see http://example.org/x,y",
    "# Format: time (float s), x, y, polarity (0=off, 1=on) as specified elsewhere",
    "# Creation time: 10:00AM Jan 01 2026",
]


def table(order: str, separator: str, **formats: Callable[[int], str]) -> list[str]:
    """Lines of the events with columns in an order such as "txyp", each written by a function."""
    columns = {
        name: [formats.get(name, str)(value) for value in EVENTS[name].tolist()]
        for name in "txyp"
        if name in order
    }
    return [separator.join(columns[name][i] for name in order) for i in range(len(EVENTS))]


def seconds(time: int) -> str:
    return f"{time / 1e6:.6f}"


def decimal_comma(time: int) -> str:
    return seconds(time).replace(".", ",")


def exponent(value: int) -> str:
    return f"{value:.18e}"


def sign(polarity: int) -> str:
    return str(2 * polarity - 1)


LINES = {
    "seconds": table("txyp", " ", t=seconds),
    "microseconds": table("txyp", " "),
    "commas": table("txyp", ", ", p=sign),
    "named": ["x,y,polarity,timestamp", *table("xypt", ",")],
    "commented": ["# t x y p", "", *table("txyp", "\t", t=lambda time: f"{time / 1e6:.9e}")],
    "camera's own CSV": table("xypt", ","),
    "x y t p": table("xytp", " "),
    "savetxt": table("txyp", " ", t=exponent, x=exponent, y=exponent, p=exponent),
    "savetxt x y t p": table("xytp", " ", t=exponent, x=exponent, y=exponent, p=exponent),
    "simulator": [*V2E, *table("txyp", " ", t=seconds)],
    "real microseconds": table("txyp", " ", t=lambda time: f"{time}.0000"),
    "semicolons": table("txyp", ";", t=decimal_comma),
    "tabs and commas": ["Time\tX\tY\tPolarity", *table("txyp", "\t", t=decimal_comma)],
    "spaces and commas": table("txyp", " ", t=decimal_comma),
    "quotes": ['"t","x","y","p"', *(f'"{line}"'.replace(",", '","') for line in table("txyp", ","))],
    "quoted decimals": ['"' + line.replace(";", '","') + '"' for line in table("txyp", ";", t=decimal_comma)],
    "booleans": table("txyp", ",", p=lambda polarity: str(bool(polarity))),
    "words": ["timestamp,x,y,polarity", *table("txyp", ",", p=lambda polarity: ("off", "ON")[polarity])],
    "last separator": [f"{line}," for line in table("txyp", ",")],
    "numbered": [",t,x,y,p", *(f"{i},{line}" for i, line in enumerate(table("txyp", ",")))],
    "numbered without names": [f"{i},{line}" for i, line in enumerate(table("txyp", ","))],
    "nanoseconds by name": ["x,y,t_ns,p", *table("xytp", ",", t=lambda time: str(1000 * time + 7))],
    "milliseconds by name": ["time [ms];x;y;p", *table("txyp", ";", t=lambda time: f"{time / 1e3:.3f}")],
    "percent comments": ["% events", *table("txyp", " "), "% the end"],
    "y before x by name": ["t,y,x,p", *table("tyxp", ",")],
}  # fmt: skip
UNUSED = {"numbered", "numbered without names"}
ENCODINGS = {
    "plain": lambda content: content.encode(),
    "byte order mark": lambda content: b"\xef\xbb\xbf" + content.encode(),
    "UTF-16": lambda content: content.encode("utf-16"),
    "UTF-16 BE": lambda content: b"\xfe\xff" + content.encode("utf-16-be"),
    "Windows": lambda content: content.replace("\n", "\r\n").encode(),
    "old Macintosh": lambda content: content.replace("\n", "\r").encode(),
}


@pytest.fixture(autouse=True)
def few_lines_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "CHARACTERS", 4000)


def write(folder: Path, lines: list[str]) -> Path:
    path = folder / "a.txt"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("encoding", sorted(ENCODINGS))
@pytest.mark.parametrize("name", sorted(LINES))
def test_every_way_to_write_it(tmp_path: Path, name: str, encoding: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(ENCODINGS[encoding]("\n".join(LINES[name]) + "\n"))
    assert kind_of(path) is Kind.RECORDING
    with open_text(path) as recording:
        np.testing.assert_array_equal(recording.events(0, 10**9), EVENTS)
        assert (recording.width, recording.height) == (EVENTS["x"].max() + 1, EVENTS["y"].max() + 1)
        assert len(recording.warnings) == 1 + (name in UNUSED)
        assert sorted(recording.metadata["columns"].replace("-,", "")) == sorted("t,x,y,p")


def test_a_sample_of_a_long_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "ALL_BYTES", 1000)
    monkeypatch.setattr(text, "RUN_BYTES", 600)
    for name in LINES:
        with open_text(write(tmp_path, LINES[name])) as recording:
            np.testing.assert_array_equal(recording.events(0, 10**9), EVENTS)


def test_what_was_read_is_told(tmp_path: Path) -> None:
    with open_text(write(tmp_path, LINES["savetxt x y t p"])) as recording:
        assert recording.metadata == {"columns": "x,y,t,p", "unit of time": "microseconds"}
    with open_text(write(tmp_path, LINES["numbered"])) as recording:
        assert "Columns that are not used: 1." in recording.warnings


def test_large_whole_times_stay_exact(tmp_path: Path) -> None:
    start = 1_700_000_000_123_456_789
    lines = ["t_ns,x,y,p", *table("txyp", ",", t=lambda time: str(start + 1000 * time))]
    with open_text(write(tmp_path, lines)) as recording:
        assert recording.start_us == start // 1000
        np.testing.assert_array_equal(recording.events(0, 10**9), EVENTS)


@pytest.mark.parametrize(
    "first", ["800 600", "# width: 800\n# height: 600", "# geometry 800x600", "% Resolution: 800x600"]
)
def test_the_size_before_the_events(tmp_path: Path, first: str) -> None:
    with open_text(write(tmp_path, [first, *LINES["microseconds"]])) as recording:
        assert (recording.width, recording.height, recording.warnings) == (800, 600, ())


def test_out_of_order(tmp_path: Path) -> None:
    with open_text(write(tmp_path, LINES["microseconds"][::-1])) as recording:
        np.testing.assert_array_equal(recording.events(0, 10**9)["t"], EVENTS["t"])


BAD = {
    "5 6": "Line {} is not an event and is left out.",
    "what is this": "Line {} is not an event and is left out.",
    "100 5 7 1200 6 7 0": "Line {} is not an event and is left out.",
    "\x00\xff": "Line {} is not an event and is left out.",
    "1_0 2 3 0": "Line {} is not an event and is left out.",
    "1 2 nan 0": "1 event has no finite time or place and is left out.",
    "1e300 1 1 1": "1 event has no finite time or place and is left out.",
    "99999999999999999999999 1 1 1": "1 event has no finite time or place and is left out.",
    "3 -1 4 1": "1 event lies outside the {size} px of the sensor and is left out.",
    "3 65534 4 1": "1 event lies outside the {size} px of the sensor and is left out.",
    "3 1 1e9 1": "1 event lies outside the {size} px of the sensor and is left out.",
    "3 1 4 7": "1 event has a polarity that is neither on nor off and is left out.",
}


@pytest.mark.parametrize("bad", sorted(BAD))
@pytest.mark.parametrize("line", [1, 255, 256, 700])
def test_what_is_no_event_is_left_out_and_told(tmp_path: Path, bad: str, line: int) -> None:
    lines = LINES["microseconds"]
    path = write(tmp_path, ["t x y p", *lines[:line], bad, *lines[line:]])
    with open_text(path) as recording:
        np.testing.assert_array_equal(recording.events(0, 10**9), EVENTS)
        assert recording.num_events == len(EVENTS)
        size = f"{recording.width} x {recording.height}"
        assert BAD[bad].format(line + 2, size=size) in recording.warnings


@pytest.mark.parametrize("bad", ["100 5 7 1200 6 7 0", "1 2 nan 0", "3 65534 4 1", "5 6", "what is this"])
def test_the_first_line_is_damaged(tmp_path: Path, bad: str) -> None:
    with open_text(write(tmp_path, [bad, *LINES["microseconds"]])) as recording:
        np.testing.assert_array_equal(recording.events(0, 10**9), EVENTS)
        assert len(recording.warnings) == 2 - (bad == "what is this")


def test_several_bad_lines(tmp_path: Path) -> None:
    lines = LINES["microseconds"]
    path = write(tmp_path, [*lines[:300], "x", *lines[300:], "1 2", "t x y p"])
    with open_text(path) as recording:
        np.testing.assert_array_equal(recording.events(0, 10**9), EVENTS)
        assert "3 lines are not events and are left out; the first is line 301." in recording.warnings


def test_a_file_without_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("1 2 3 0\n2 2 3 1\n" + "7" * 50_000)
    with open_text(path, Reading({"columns": "t,x,y,p"})) as recording:
        assert recording.num_events == 2


@pytest.mark.parametrize(
    "content", ["file,label\na.tif,1\n", "1 2 3\n", "", "hello world what is\n", "1.2.3 4 5 6\n", "# only\n"]
)
def test_other_texts(content: str) -> None:
    assert text_layout(content.encode()) is None


def test_no_events(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"a\.txt holds no lines of time, x, y and polarity"):
        open_text(write(tmp_path, ["t x y p"]))


def test_a_stated_unit_that_cannot_be_true_is_told(tmp_path: Path) -> None:
    with open_text(
        write(tmp_path, ["t_s,x,y,p", *table("txyp", ",", t=lambda time: str(20 * time))])
    ) as recording:
        assert "The file gives its times in seconds, by which it lasts 1.798e+06 s" in recording.warnings[0]


def test_two_orders_fit(tmp_path: Path) -> None:
    path = write(tmp_path, ["1 2 3 0", "5 6 7 1"])
    with pytest.raises(
        UnclearFileError, match=r"a\.txt does not say which column is which.*columns=t,x,y,p"
    ) as caught:
        open_text(path)
    (question,) = caught.value.questions
    values = [answer.value for answer in question.answers]
    assert (question.name, question.needed, values[:2]) == ("columns", True, ["t,x,y,p", "x,y,t,p"])
    with open_text(path, Reading({"columns": "x,y,t,p"})) as recording:
        assert recording.events(0, 100).tolist() == [(1, 2, 0, 0), (5, 6, 1, 4)]
    with open_text(path, Reading({"columns": "t,y,x,p", "size": "20,10"})) as recording:
        assert (recording.width, recording.height) == (20, 10)
        assert recording.events(0, 100).tolist() == [(3, 2, 0, 0), (7, 6, 1, 4)]


def test_no_order_fits(tmp_path: Path) -> None:
    random = np.random.default_rng(0).integers(0, 300, (200, 4))
    with pytest.raises(UnclearFileError, match="no order of its columns fits the values"):
        open_text(write(tmp_path, [" ".join(map(str, row)) for row in random.tolist()]))


def test_names_that_cannot_be_true(tmp_path: Path) -> None:
    with pytest.raises(
        UnclearFileError, match="other columns than its names say: its polarities have other values"
    ) as caught:
        open_text(write(tmp_path, ["t,x,y,p", *table("xypt", ",")]))
    assert caught.value.questions[0].start == "x,y,p,t"


UNITS = {
    "ms or us": (table("txyp", " ", t=lambda time: str(time // 1000)), ("ms", "us")),
    "ns or us": (table("txyp", " ", t=lambda time: str(1000 * time)), ("ns", "us")),
    "s or ms": (table("txyp", " ", t=lambda time: f"{time / 1e3:.3f}"), ("ms", "s")),
}


@pytest.mark.parametrize("name", sorted(UNITS))
def test_two_units_fit(tmp_path: Path, name: str) -> None:
    lines, (right, other) = UNITS[name]
    path = write(tmp_path, lines)
    with pytest.raises(UnclearFileError, match=r"does not say the unit of its times.*unit=") as caught:
        open_text(path)
    question = next(question for question in caught.value.questions if question.needed)
    values = [answer.value for answer in question.answers]
    assert (question.name, set(values[:2])) == ("unit", {right, other})
    with open_text(path, Reading({"unit": right})) as recording:
        assert abs(recording.duration_us - 90_000) < 1100
    with open_text(path, Reading({"unit": other})) as recording:
        assert abs(recording.duration_us - 90_000) > 50_000


@pytest.mark.parametrize(
    ("reading", "reason"),
    [
        ("columns=t,x,y", "does not name the 4 columns"),
        ("columns=t,x,y,y", "does not name the 4 columns"),
        ("columns=x,y,p,t", "cannot have the columns x,y,p,t: its polarities"),
        ("unit=h", "'h' is not a unit of time"),
        ("size=5", "'5' is not a size of a sensor"),
        ("axes=zyx", "not read by a setting called axes"),
    ],
)
def test_answers_that_make_no_sense(tmp_path: Path, reading: str, reason: str) -> None:
    with pytest.raises(SourceError, match=reason):
        open_text(write(tmp_path, LINES["microseconds"]), Reading.parse(reading))


def test_what_can_be_chosen_of_a_clear_file(tmp_path: Path) -> None:
    columns, unit, size = ask_text(write(tmp_path, LINES["x y t p"]), Reading())
    assert (columns.name, columns.start, columns.needed) == ("columns", "x,y,t,p", False)
    assert (unit.name, unit.start, unit.needed) == ("unit", "us", False)
    assert (size.name, size.answers) == ("size", ())
    assert "y,x,t,p" in [answer.value for answer in columns.answers]
    assert unit.answers[0].label.startswith("microseconds: 0.0")


def test_x_and_y_of_a_sensor_that_stands(tmp_path: Path) -> None:
    """480 columns and 640 rows: rather y before x than a camera on its side."""
    path = write(tmp_path, [*table("tyxp", " "), "99999 479 639 1"])
    with pytest.raises(UnclearFileError, match="fit several orders") as caught:
        open_text(path)
    assert [answer.value for answer in caught.value.questions[0].answers[:2]] == ["t,y,x,p", "t,x,y,p"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.text('0123456789 .,-e\n#tx;\t"', max_size=300))
def test_any_text(tmp_path: Path, content: str) -> None:
    path = tmp_path / "a.txt"
    path.write_text("t x y p\n5 1 2 0\n" + content)
    with open_text(path, Reading({"columns": "t,x,y,p", "unit": "us", "size": "9999,9999"})) as recording:
        assert recording.num_events >= 1
        assert len(recording.events(0, recording.duration_us)) == recording.num_events


def other_events(seed: int, count: int, span_us: int, size: tuple[int, int]) -> Events:
    events = random_events(count, span_us, seed)
    events["x"] %= size[0]
    events["y"] %= size[1]
    return events


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 1000),
    count=st.integers(1, 900),
    span=st.sampled_from([3000, 50_000, 1_000_000, 40_000_000]),
    size=st.sampled_from([(34, 34), (128, 128), (240, 180), (346, 260), (640, 480), (54, 61)]),
    order=st.sampled_from(["txyp", "xytp", "xypt"]),
    unit=st.sampled_from(["us", "us real", "s", "ms", "ns"]),
    late=st.booleans(),
)
def test_what_opens_is_right(
    tmp_path: Path, seed: int, count: int, span: int, size: tuple[int, int], order: str, unit: str, late: bool
) -> None:
    """Whatever the order, the unit and the disorder: the right events, or a question that has the right answer."""
    events = other_events(seed, count, span, size)
    if late:
        events["t"] = np.concatenate([events["t"][count // 2 :], events["t"][: count // 2]])
    write_time: dict[str, Callable[[int], str]] = {
        "us": str,
        "us real": exponent,
        "s": seconds,
        "ms": lambda time: f"{time / 1000:.3f}",
        "ns": lambda time: str(1000 * time),
    }
    columns = {name: [str(value) for value in events[name].tolist()] for name in "xyp"}
    columns["t"] = [write_time[unit](time) for time in events["t"].tolist()]
    path = write(tmp_path, [" ".join(columns[name][i] for name in order) for i in range(count)])
    reading, expected = Reading(), events[np.argsort(events["t"], kind="stable")]
    expected["t"] -= expected["t"][0]
    answers = {"columns": ",".join(order), "unit": unit[:2].strip(), "size": "640,480"}
    for _ in range(4):
        try:
            with open_text(path, reading) as recording:
                if count < FEW and any(
                    "unit of time is not in the file" in text for text in recording.warnings
                ):
                    return
                np.testing.assert_array_equal(recording.events(0, 10**12), expected)
            return
        except UnclearFileError as error:
            asked = next(question for question in error.questions if question.needed)
            assert not asked.answers or answers[asked.name] in [answer.value for answer in asked.answers]
            reading = reading | {asked.name: answers[asked.name]}
    raise AssertionError("asked four times")
