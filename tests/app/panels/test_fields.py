import math

import pytest
from hypothesis import given, strategies as st
from PySide6.QtGui import QValidator

from wholefield.runs.settings import About
from wholefield_app.panels.fields import RateField, WeightField, next_rate, percentage, whole_number

ABOUT = About("A number.", at_least=1)


@given(st.integers(-9, 3), st.sampled_from([1, 2, 5]), st.integers(-12, 12))
def test_steps_of_a_rate_go_there_and_back(decade: int, mantissa: int, steps: int) -> None:
    value = float(f"{mantissa}e{decade}")
    assert next_rate(next_rate(value, steps), -steps) == value
    if steps > 0:
        assert next_rate(value, steps) > value


@pytest.mark.parametrize(
    ("value", "up"), [(1e-3, 2e-3), (2e-3, 5e-3), (5e-3, 1e-2), (3e-4, 5e-4), (1.0, 2.0)]
)
def test_a_step_leads_to_the_next_round_number(value: float, up: float) -> None:
    assert next_rate(value, 1) == up


def test_a_rate_takes_any_notation(qtbot) -> None:
    field = RateField(About("Step width.", above=0), 1e-3)
    qtbot.addWidget(field)
    assert field.text() == "0.001"
    field.lineEdit().selectAll()
    qtbot.keyClicks(field.lineEdit(), "3e-4")
    assert field.value() == pytest.approx(3e-4)
    field.stepUp()
    assert math.isclose(field.value(), 5e-4)
    for text in ("", "-1", "0", "abc", "1e9"):
        assert field.validate(text, 0)[0] is QValidator.State.Intermediate


def test_limits_come_from_the_setting(qtbot) -> None:
    box = whole_number(ABOUT, 7)
    qtbot.addWidget(box)
    assert (box.minimum(), box.value(), box.toolTip()) == (1, 7, "A number.")
    box.setValue(-5)
    assert box.value() == 1


def test_a_number_may_be_left_out(qtbot) -> None:
    box = whole_number(ABOUT, 0, none="Whole slide")
    qtbot.addWidget(box)
    assert (box.value(), box.text()) == (0, "Whole slide")


def test_a_share_is_shown_as_a_percentage(qtbot) -> None:
    box = percentage(ABOUT, 0.25)
    qtbot.addWidget(box)
    assert (box.text(), box.value() / 100) == ("25 %", 0.25)


def test_a_weight_can_be_nothing(qtbot) -> None:
    field = WeightField(About("A weight.", at_least=0), 2e-6)
    qtbot.addWidget(field)
    for value in (1e-6, 0.0, 0.0):
        field.stepDown()
        assert field.value() == value
    for value in (1e-6, 2e-6):
        field.stepUp()
        assert math.isclose(field.value(), value)
    field.lineEdit().selectAll()
    qtbot.keyClicks(field.lineEdit(), "0")
    assert (field.value(), field.text()) == (0, "0")
