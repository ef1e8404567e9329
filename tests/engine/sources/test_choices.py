from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from wholefield.errors import SettingError, SourceError
from wholefield.sources import Answer, Question, Reading, UnclearFileError

PLAIN = st.text("abcdefgxyz019,.-/ ", min_size=1).map(str.strip).filter(bool)


@given(st.dictionaries(PLAIN, PLAIN, max_size=5))
def test_the_text_of_a_reading_gives_it_again(answers: dict[str, str]) -> None:
    assert dict(Reading.parse(str(Reading(answers)))) == answers


@pytest.mark.parametrize("text", ["columns", "=x", "unit=s; unit=us"])
def test_a_text_that_is_no_reading_is_refused(text: str) -> None:
    with pytest.raises(SettingError, match="reading"):
        Reading.parse(text)


def test_no_answers() -> None:
    assert not Reading.parse(None)
    assert not Reading.parse(" ; ")
    assert not Reading({"unit": ""})


def test_an_answer_that_nobody_asked_for_is_refused() -> None:
    reading = Reading.parse("unit=s; color=red")
    with pytest.raises(SourceError, match=r"a\.csv is not read by a setting called color.*columns, unit"):
        reading.only(Path("a.csv"), "columns", "unit")
    assert reading.only(Path("a.csv"), "color", "unit") is reading


def test_answers_can_be_replaced() -> None:
    assert str(Reading({"unit": "s"}) | {"unit": "us", "size": "3,4"}) == "unit=us; size=3,4"


def test_the_answer_to_begin_with() -> None:
    answers = (Answer("us"), Answer("s", "seconds"))
    assert Question("unit", "Unit", answers).start == "us"
    assert Question("unit", "Unit", answers, likely="s").start == "s"
    assert Question("size", "Size").start == ""


def test_an_unclear_file_carries_its_questions() -> None:
    error = UnclearFileError("a.raw does not say its size.", (Question("size", "Size", needed=True),))
    assert isinstance(error, SourceError)
    assert error.questions[0].needed
