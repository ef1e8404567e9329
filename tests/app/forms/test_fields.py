"""Fields keep to the limits of their setting and read numbers as people type them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import pytest
from annotated_types import Ge, Gt, Lt
from PySide6.QtCore import QLocale, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from wholefield.errors import SettingError
from wholefield.numbers import real_of
from wholefield.runs.settings import RunSettings, Setting
from wholefield_app.forms.fields import next_in_series
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


@pytest.fixture(params=["en_US", "de_DE", "fr_FR"])
def locale(request: pytest.FixtureRequest) -> Iterator[None]:
    before = QLocale()
    QLocale.setDefault(QLocale(request.param))
    yield
    QLocale.setDefault(before)


@pytest.mark.parametrize(("text", "value"), [("0,001", 0.001), ("1e-3", 0.001), (" 2.5 ", 2.5), ("7", 7.0)])
@pytest.mark.parametrize("name", ["rate", "norm"])
def test_numbers_have_a_point_or_a_comma(
    locale: None, qtbot: QtBot, name: str, text: str, value: float
) -> None:
    field = made(name, qtbot)
    line = field if isinstance(field, QLineEdit) else field.lineEdit()
    line.setText(text)
    if not isinstance(field, QLineEdit):
        field.interpretText()
    assert field.read() == value


@pytest.mark.parametrize("text", ["1,000", "1.000", "-12,345"])
def test_what_may_be_a_thousand_is_not_taken(locale: None, qtbot: QtBot, text: str) -> None:
    """A spin box keeps its number; a line hands the text on, so that the check of the settings says why."""
    whole, rate, norm = (made(name, qtbot) for name in ("whole", "rate", "norm"))
    for field, value in ((whole, 2), (rate, 1e-3)):
        field.put(value)
        field.lineEdit().setText(text)
        QTest.keyClick(field, Qt.Key.Key_Return)
        assert field.read() == value
        assert "can be read as" in field.problem
    norm.setText(text)
    assert norm.read() == text
    with pytest.raises(SettingError, match=r"The setting norm: .+ can be read as"):
        Sample(norm=norm.read()).validate()


@pytest.mark.parametrize("value", [1.234, 12.345, 0.125, 1e-9, 123456.0])
@pytest.mark.parametrize("name", ["rate", "norm"])
def test_what_is_shown_can_be_typed_again(qtbot: QtBot, name: str, value: float) -> None:
    field = made(name, qtbot)
    field.put(value)
    assert real_of(field.text()) == pytest.approx(value, rel=5e-4)
