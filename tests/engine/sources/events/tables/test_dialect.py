"""How lines of text are split, and what stands before the first event."""

import pytest

from wholefield.sources.events.tables.dialect import dialect_of, encoding_of, header_of, lines_of

EVENTS = ["0.001 3 4 1", "0.002 5 6 0"]


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ("0.001 3 4 1", ["0.001", "3", "4", "1"]),
        ("0,001 3 4 1", ["0.001", "3", "4", "1"]),
        ("0,001;3;4;1", ["0.001", "3", "4", "1"]),
        ("0,001\t3\t4\t1", ["0.001", "3", "4", "1"]),
        ("100,3,4,1", ["100", "3", "4", "1"]),
        ("100, 3, 4, 1,", ["100", "3", "4", "1"]),
        ('"0,001","3","4","1"', ["0.001", "3", "4", "1"]),
        ("'100','3','4','1'", ["100", "3", "4", "1"]),
        ("[100, 3, 4, 1],", ["100", "3", "4", "1"]),
        ("100|3|4|True", ["100", "3", "4", "True"]),
        ("1.2e+03   3\t4 -1", ["1.2e+03", "3", "4", "-1"]),
    ],
)
def test_lines(line: str, fields: list[str]) -> None:
    dialect = dialect_of(line)
    assert dialect is not None
    assert dialect.fields(line) == fields


@pytest.mark.parametrize(
    "line", ["", "1 2 3", "a b c d", "t,x,y,p", "1,,2,3", "1.2.3 4 5 6", "0,001,3,4", "1_0 2 3 4"]
)
def test_lines_that_are_no_events(line: str) -> None:
    dialect = dialect_of(line)
    # Three numbers with commas can be read as four whole ones; the values decide.
    assert dialect is None or line == "0,001,3,4"


def test_an_empty_field_stays_a_field() -> None:
    dialect = dialect_of("1,2,3,4")
    assert dialect is not None
    assert dialect.fields("1,,3,4") == ["1", "", "3", "4"]


@pytest.mark.parametrize(
    ("before", "names", "unit", "size"),
    [
        ([], (), None, None),
        (["640 480"], (), None, (640, 480)),
        (["t x y p"], ("t", "x", "y", "p"), None, None),
        (["# time (float s), x, y, polarity (0=off, 1=on)"],
         ("time (float s)", "x", "y", "polarity (0=off, 1=on)"), "s", None),
        (["# Format: t_us x y p, written today"], ("t_us", "x", "y", "p"), "us", None),
        (["# sensor resolution 240x180"], (), None, (240, 180)),
        (["# see 12x40 in the paper"], (), None, None),
        (["Recording of a desk", "", "% made by me"], (), None, None),
    ],
)  # fmt: skip
def test_what_stands_before(
    before: list[str], names: tuple[str, ...], unit: str | None, size: tuple[int, int] | None
) -> None:
    header = header_of([*before, *EVENTS])
    assert header is not None
    assert (header.skip, header.names, header.unit, header.size) == (len(before), names, unit, size)
    assert header.first == ("0.001", "3", "4", "1")


def test_notes() -> None:
    header = header_of(["# width 640", "# height: 480", "# camera = DVS", "# http://example.org", *EVENTS])
    assert header is not None
    assert dict(header.metadata) == {
        "width": "640", "height": "480", "camera": "DVS", "http": "//example.org",
    }  # fmt: skip


def test_most_lines_decide() -> None:
    header = header_of(["1 2 3 4 5 6 7", *EVENTS])
    assert header is not None
    assert (header.skip, header.columns) == (0, 4)


def test_other_texts() -> None:
    assert header_of(["no"] * 10_000) is None
    assert header_of(["a\0b", *EVENTS]) is None
    assert header_of([]) is None


def test_encodings() -> None:
    assert encoding_of("a".encode("utf-16")) == "utf-16-le"
    assert encoding_of(b"\xfe\xff\0a") == "utf-16-be"
    assert encoding_of(b"abc") == "utf-8"
    assert lines_of("\ufeffa\r\nb\rc\n") == ["a", "b", "c", ""]
