"""What is decided about a table, what is asked, and what is told."""

from pathlib import Path

import numpy as np
import pytest

from wholefield.errors import SourceError
from wholefield.sources import Reading, UnclearFileError
from wholefield.sources.events.columns.decision import decide, stated_size, table_questions
from wholefield.sources.events.columns.sample import Sample

PATH = Path("a.csv")
RANDOM = np.random.default_rng(0)
COUNT = 2000
T, X, Y, P = (
    np.sort(RANDOM.integers(0, 100_000, COUNT)),
    RANDOM.integers(0, 640, COUNT),
    RANDOM.integers(0, 480, COUNT),
    RANDOM.integers(0, 2, COUNT),
)


def sample(*columns: np.ndarray, **known: object) -> Sample:
    return Sample([list(columns)], COUNT, **known)  # type: ignore[arg-type]


def test_what_is_clear_is_not_told_twice() -> None:
    found = decide(PATH, sample(X, Y, T, P), Reading())
    assert (found.layout.order, found.layout.unit, found.size, found.warnings) == (
        tuple("xytp"),
        "us",
        None,
        (),
    )
    assert found.metadata == {"columns": "x,y,t,p", "unit of time": "microseconds"}


@pytest.mark.parametrize(
    ("columns", "known", "warning"),
    [
        ((T, X, Y, P + 1), {}, "Polarity 1 is read as off and 2 as on."),
        ((T, X, Y, P, Y), {}, "Columns that are not used: 5."),
        (
            (T, X, Y, P),
            {"size": (5, 6)},
            "The file says 5 x 6 px for its sensor, and most events lie outside",
        ),
        ((T, X, Y, P), {"unit": "s"}, "The file gives its times in seconds, by which it lasts 1"),
        ((T * 1000 + 10**18, X, Y, P), {}, "it is read in nanoseconds"),
        (((T / 1e6 + 90).astype(np.float32), X, Y, P), {}, "Its times are stored to within 10.7 us only."),
    ],
)
def test_what_is_told(columns: tuple[np.ndarray, ...], known: dict[str, object], warning: str) -> None:
    warnings = decide(PATH, sample(*columns, **known), Reading()).warnings
    assert any(text.startswith(warning) or warning in text for text in warnings)


def test_polarities_of_three_values_have_to_be_said() -> None:
    taken = sample(T, X, Y, RANDOM.integers(-1, 2, COUNT))
    with pytest.raises(UnclearFileError, match="no order of its columns fits"):
        decide(PATH, taken, Reading())
    found = decide(PATH, taken, Reading({"columns": "t,x,y,p"}))
    assert found.warnings == ("Polarities -1 and 0 are read as off and 1 as on.",)


def test_answers_count_for_more_than_the_values() -> None:
    found = decide(PATH, sample(T, X, Y, P), Reading.parse("columns=t,y,x,p; unit=ns; size=700x500"))
    assert (found.layout.order, found.layout.unit, found.size) == (tuple("tyxp"), "ns", (700, 500))
    assert found.warnings == ()


def test_a_clock_that_jumps() -> None:
    found = decide(PATH, sample(np.r_[T[:-1], 10**10], X, Y, P), Reading())
    assert found.jumps(120_000) == ()
    (text,) = found.jumps(10**10)
    assert text.startswith(
        "Its clock jumps: the recording lasts 10000 s, and nearly all of its events lie within 0.10"
    )


def test_questions_hold_the_answer_that_is_used() -> None:
    columns, unit, size = table_questions(sample(X, Y, T, P), Reading())
    assert (columns.start, unit.start, size.start) == ("x,y,t,p", "us", "")
    assert [answer.value for answer in unit.answers] == ["us", "ms", "s", "ns"]
    answered = table_questions(sample(X, Y, T, P), Reading({"columns": "t,x,y,p"}))
    assert answered[1].answers[0].label != unit.answers[0].label
    assert [question.name for question in table_questions(sample(X, Y), Reading())] == ["columns", "size"]


def test_sizes() -> None:
    assert stated_size(PATH, Reading()) is None
    assert stated_size(PATH, Reading({"size": "34, 35"})) == (34, 35)
    for text in ("0,5", "640", "99999,1"):
        with pytest.raises(SourceError, match="is not a size of a sensor"):
            stated_size(PATH, Reading({"size": text}))


def test_a_table_that_is_none() -> None:
    with pytest.raises(SourceError, match=r"a\.csv holds no table of time, x, y and polarity"):
        decide(PATH, sample(T, X, Y), Reading())
