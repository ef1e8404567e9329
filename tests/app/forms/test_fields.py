"""Fields keep to the limits of their setting and read numbers as people type them."""

from dataclasses import dataclass
from typing import Annotated, Any

import pytest
from annotated_types import Ge, Gt, Lt
from pytestqt.qtbot import QtBot

from wholefield.runs.settings import RunSettings, Setting
from wholefield_app.forms.fields import next_in_series, number_of
from wholefield_app.forms.form import field_of


@dataclass(frozen=True, kw_only=True)
class Sample(RunSettings):
    """Settings of every kind."""

    whole: Annotated[int, Ge(1), Setting("A whole number.", unit="px")] = 2
    maybe: Annotated[int | None, Ge(0), Setting("A whole number or none.", none="None")] = None
    rate: Annotated[float, Gt(0), Setting("A rate.", logarithmic=True)] = 1e-3
    weight: Annotated[float, Ge(0), Setting("A weight.")] = 0.0
    share: Annotated[float, Gt(0), Lt(1), Setting("A share.", percent=True)] = 0.25
    norm: Annotated[float | None, Gt(0), Setting("A norm.", none="Off")] = None
    switch: Annotated[bool, Setting("A switch.")] = False


def made(name: str, qtbot: QtBot) -> Any:
    field = field_of(Sample.declarations()[name])
    qtbot.addWidget(field)
    return field


def test_limits_are_those_of_the_setting(qtbot: QtBot) -> None:
    whole, share = made("whole", qtbot), made("share", qtbot)
    assert whole.minimum() == 1
    assert whole.suffix() == " px"
    assert (share.minimum(), share.maximum()) == (1, 99)


def test_no_value_reads_as_the_setting_says(qtbot: QtBot) -> None:
    maybe, norm = made("maybe", qtbot), made("norm", qtbot)
    maybe.put(None)
    assert (maybe.text(), maybe.read()) == ("None", None)
    maybe.put(0)
    assert maybe.read() == 0
    assert (norm.placeholderText(), norm.read()) == ("Off", None)
    norm.setText("a lot")
    assert norm.read() == "a lot"


def test_steps_of_a_number_are_factors(qtbot: QtBot) -> None:
    rate, weight = made("rate", qtbot), made("weight", qtbot)
    rate.put(1e-3)
    rate.stepBy(1)
    assert rate.read() == 2e-3
    rate.stepBy(-2)
    assert (rate.read(), rate.text()) == (5e-4, "0.0005")
    weight.put(0.0)
    weight.stepBy(1)
    assert weight.read() == 1e-6
    weight.stepBy(-1)
    assert weight.read() == 0
    weight.put(0.0)
    weight.stepBy(-1)
    assert weight.read() == 0


@pytest.mark.parametrize(
    ("value", "steps", "expected"),
    [(1.0, 1, 2.0), (2.0, 1, 5.0), (5.0, 1, 10.0), (1.0, -1, 0.5), (3.0, 0, 2.0)],
)
def test_the_series(value: float, steps: int, expected: float) -> None:
    assert next_in_series(value, steps) == pytest.approx(expected)


@pytest.mark.parametrize(("text", "value"), [("0,001", 0.001), ("1e-3", 0.001), (" 2.5 ", 2.5), ("7", 7.0)])
def test_numbers_have_a_point_or_a_comma(text: str, value: float) -> None:
    assert number_of(text) == value


@pytest.mark.parametrize("text", ["1.000,5", "1,000.5", "1,000", "x", ""])
def test_what_can_be_read_in_two_ways_is_no_number(text: str) -> None:
    with pytest.raises(ValueError, match="could not convert"):
        number_of(text)


def test_only_the_user_is_told_of(qtbot: QtBot) -> None:
    switch = made("switch", qtbot)
    with qtbot.waitSignal(switch.edited):
        switch.click()
    assert switch.read()
