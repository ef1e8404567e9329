"""Fields read what people type by one rule, in every locale, and say why they do not take something."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from PySide6.QtCore import QLocale, Qt
from PySide6.QtGui import QValidator
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDoubleSpinBox, QSpinBox
from pytestqt.qtbot import QtBot

from wholefield_app.widgets.number_boxes import RealBox, WholeBox, WholeValidator, grouped, reason_against

State = QValidator.State
LOCALES = ("en_US", "de_DE", "fr_FR")


@pytest.fixture(params=LOCALES)
def locale(request: pytest.FixtureRequest) -> Iterator[QLocale]:
    before = QLocale()
    QLocale.setDefault(QLocale(request.param))
    yield QLocale(request.param)
    QLocale.setDefault(before)


def box(kind: type[RealBox | WholeBox], qtbot: QtBot, **options: object) -> RealBox | WholeBox:
    made = kind(maximum=1_000_000, **options)  # type: ignore[arg-type]
    qtbot.addWidget(made)
    made.show()
    return made


def type_into(field: RealBox | WholeBox, text: str) -> None:
    """Replace all that stands in a field as by typing, and press Enter."""
    field.lineEdit().selectAll()
    field.lineEdit().insert(text)
    QTest.keyClick(field, Qt.Key.Key_Return)


@pytest.mark.parametrize("text", ["0.5", "0,5", "5e-1", ",5"])
def test_both_signs_of_decimals_in_every_locale(locale: QLocale, qtbot: QtBot, text: str) -> None:
    field = box(RealBox, qtbot, decimals=3)
    type_into(field, text)
    assert (field.value(), field.text(), field.problem) == (0.5, "0.500", "")


@pytest.mark.parametrize("kind", [RealBox, WholeBox])
@pytest.mark.parametrize("text", ["1,000", "1.000"])
def test_no_sign_multiplies_by_a_thousand(
    locale: QLocale, qtbot: QtBot, kind: type[RealBox | WholeBox], text: str
) -> None:
    """Qt itself reads one of the two as a thousand in each of these locales, or as one."""
    plain = (QDoubleSpinBox if kind is RealBox else QSpinBox)(maximum=10_000)
    qtbot.addWidget(plain)
    field = box(kind, qtbot)
    field.setValue(7)
    type_into(field, text)
    assert field.value() == 7
    assert field.problem == f"'{text}' can be read as 1 or as 1000; write 1 or 1000."
    assert field.accessibleDescription() == field.problem


@pytest.mark.parametrize("kind", [RealBox, WholeBox])
@pytest.mark.parametrize("text", ["10 000", "10'000", "10\u202f000", "10000", "1e4"])
def test_signs_that_only_separate(
    locale: QLocale, qtbot: QtBot, kind: type[RealBox | WholeBox], text: str
) -> None:
    field = box(kind, qtbot, groupSeparatorShown=True)
    type_into(field, text)
    assert field.value() == 10_000
    assert field.text().startswith("10\u00a0000")


@pytest.mark.parametrize("kind", [RealBox, WholeBox])
def test_what_is_shown_is_read_back(locale: QLocale, qtbot: QtBot, kind: type[RealBox | WholeBox]) -> None:
    field = box(kind, qtbot, groupSeparatorShown=True, suffix=" \u00b5s")
    for value in (0, 1, 999, 1000, 123_456, 1_000_000):
        field.setValue(value)
        assert field.validate(field.text(), 0)[0] is State.Acceptable
        assert field.valueFromText(field.text()) == value


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=st.floats(0, 1_000_000), decimals=st.integers(0, 6))
def test_any_number_shown_is_read_back(qtbot: QtBot, value: float, decimals: int) -> None:
    field = RealBox(maximum=1_000_000, decimals=decimals)
    qtbot.addWidget(field)
    field.setValue(value)
    assert field.validate(field.text(), 0)[0] is State.Acceptable
    assert field.valueFromText(field.text()) == pytest.approx(field.value(), abs=1e-9)


@pytest.mark.parametrize(
    ("kind", "text", "reason"),
    [
        (int, "0,5", "'0,5' is not a whole number."),
        (int, "", "Type a number."),
        (float, "many", "'many' is not a number."),
        (int, "11", "11 is not between 0 and 10."),
        (float, "10,5", "10.5 is not between 0 and 10."),
        (float, "9,5", ""),
    ],
)
def test_reasons(kind: type[int] | type[float], text: str, reason: str) -> None:
    assert reason_against(kind, text, 0, 10) == reason


def test_a_time_in_whole_microseconds_takes_no_half(qtbot: QtBot) -> None:
    field = box(RealBox, qtbot, decimals=0, suffix=" \u00b5s")
    field.setValue(3)
    type_into(field, "0,5")
    assert (field.value(), field.problem) == (3, "'0,5' is not a whole number.")


def test_no_value_has_a_text_of_its_own(qtbot: QtBot) -> None:
    field = WholeBox(minimum=-1)
    field.setSpecialValueText("None")
    qtbot.addWidget(field)
    field.setValue(-1)
    assert field.validate(field.text(), 0)[0] is State.Acceptable


def test_leaving_a_field_says_why_too(qtbot: QtBot) -> None:
    field, other = box(WholeBox, qtbot), box(WholeBox, qtbot)
    with qtbot.waitExposed(field):
        field.activateWindow()
    field.setFocus()
    field.setValue(5)
    field.lineEdit().setText("1,000")
    field.clearFocus()
    other.setFocus()
    assert field.problem.startswith("'1,000' can be read as 1 or as 1000")
    assert field.value() == 5


def test_a_line_for_whole_numbers(locale: QLocale) -> None:
    validator = WholeValidator(1, 5000)
    found = {
        text: validator.validate(text, 0)[0] for text in ("512", "1 024", "1,024", "1.024", "0", "9999", "x")
    }
    assert found == {
        "512": State.Acceptable, "1 024": State.Acceptable, "1,024": State.Intermediate,
        "1.024": State.Intermediate, "0": State.Intermediate, "9999": State.Intermediate, "x": State.Intermediate,
    }  # fmt: skip


def test_groups() -> None:
    assert [grouped(text) for text in ("1234567.5", "-1000", "999", "1e+09")] == [
        "1\u00a0234\u00a0567.5", "-1\u00a0000", "999", "1e+09",
    ]  # fmt: skip
