"""Numbers as people type them: both signs of decimals, groups of thousands, and lists."""

import re

import pytest
from hypothesis import example, given, strategies as st

from wholefield.errors import SettingError
from wholefield.numbers import (
    AmbiguousNumberError,
    clear,
    number_as,
    real_of,
    whole_numbers,
    whole_of,
    written,
)

finite = st.floats(allow_nan=False, allow_infinity=False)
whole = st.integers(-(10**12), 10**12)


def grouped(number: int, sign: str) -> str:
    return f"{number:,}".replace(",", sign)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.5", 0.5),
        ("0,5", 0.5),
        (",5", 0.5),
        ("5.", 5.0),
        ("0,001", 0.001),
        ("000.123", 0.123),
        (" \u22123,25 ", -3.25),
        ("1,5e-3", 1.5e-3),
        ("1.234e2", 123.4),
        ("1234.567", 1234.567),
        ("1,234.5", 1234.5),
        ("1.234,567", 1234.567),
        ("12.345.678,9", 12_345_678.9),
        ("1.234.567", 1_234_567.0),
        ("1 000,5", 1000.5),
        ("1\u202f000", 1000.0),
        ("1'000", 1000.0),
        ("1_000", 1000.0),
    ],
)
def test_the_only_reading(text: str, value: float) -> None:
    assert real_of(text) == value


@pytest.mark.parametrize("text", ["1,000", "1.000", "-12,345", "+999.999", " 1,234 "])
def test_one_or_a_thousand_is_asked_whatever_the_field(text: str) -> None:
    typed = text.strip()
    one, many = f"{float(typed.replace(',', '.')):g}", re.sub("[.,+]", "", typed)
    for kind in (int, float):
        with pytest.raises(AmbiguousNumberError) as error:
            number_as(kind, text)
        assert f"read as {one} or as {many}" in str(error.value)
        # What the sentence advises is read without asking again.
        advised = re.search(r"write (\S+) or (\S+)\.$", str(error.value))
        assert advised is not None
        assert [real_of(each) for each in advised.groups()] == [float(one), float(many)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "nan",
        "inf",
        "1e999",
        "x",
        "1,2,3",
        "10 00",
        "1__000",
        "0.123.456",
        "1,23.456,7",
        "1.5 m",
        "١",
        "1e",
    ],
)
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(ValueError, match="number") as error:
        real_of(text)
    assert not isinstance(error.value, AmbiguousNumberError)


@pytest.mark.parametrize(("text", "value"), [("12,0", 12), ("1e3", 1000), ("10 000", 10_000), ("-7", -7)])
def test_whole_numbers_may_have_decimals_of_zeros(text: str, value: int) -> None:
    assert whole_of(text) == value


@pytest.mark.parametrize("text", ["0.5", "0,5", "1e-3", "1e30", "1.234,5"])
def test_other_numbers_are_not_whole(text: str) -> None:
    with pytest.raises(ValueError, match="not a whole number"):
        whole_of(text)


@given(finite)
@example(1.234)
@example(-999.125)
def test_what_is_written_reads_back(value: float) -> None:
    assert real_of(written(value)) == value


@given(finite)
def test_both_signs_mean_the_same(value: float) -> None:
    text = written(value)
    assert real_of(text.replace(".", ",")) == real_of(text)


@given(whole, st.sampled_from([" ", "\u00a0", "\u2009", "\u202f", "'", "\u2019", "_"]))
def test_signs_that_only_separate(number: int, sign: str) -> None:
    assert whole_of(grouped(number, sign)) == number
    assert real_of(f"{grouped(number, sign)},5") == real_of(f"{number}.5")


@given(whole, st.sampled_from(".,"))
def test_no_sign_multiplies_by_a_thousand_unasked(number: int, sign: str) -> None:
    """A group sign alone is refused; two of them leave one reading only."""
    text = grouped(number, sign)
    if text.count(sign) == 1:
        with pytest.raises(AmbiguousNumberError):
            whole_of(text)
    else:
        assert whole_of(text) == number


@given(st.text("0123456789.,'_ -+e", max_size=12))
def test_never_reads_what_float_reads_otherwise(text: str) -> None:
    try:
        ours = real_of(text)
    except ValueError:
        return
    try:
        theirs = float(text)
    except ValueError:
        return
    assert ours == theirs


def test_a_number_just_written_is_made_clear() -> None:
    assert [clear(text) for text in ("1.234", "-12.345", "0.125", "1234.567", "5")] == [
        "1.2340",
        "-12.3450",
        "0.125",
        "1234.567",
        "5",
    ]


def test_ranges_hold_both_ends() -> None:
    assert whole_numbers("slices", " 1-3, 7 ;5 - 5") == (1, 2, 3, 7, 5)
    assert whole_numbers("labels", "-1,0,2", negative=True) == (-1, 0, 2)
    assert whole_numbers("labels", "-3--1, 4", negative=True) == (-3, -2, -1, 4)


@given(st.lists(st.integers(0, 10**6), min_size=1), st.sampled_from([",", ";", ", "]))
def test_lists_come_back(numbers: list[int], sign: str) -> None:
    assert whole_numbers("slices", sign.join(map(str, numbers))) == tuple(numbers)


@pytest.mark.parametrize(
    "text", ["", "a", "1,,2", "3-1", "-1", "1.5", "1-", "١", "1,000", "0-1000000000", "1.000"]
)
def test_mistakes_name_the_setting(text: str) -> None:
    with pytest.raises(SettingError, match="The setting slices is"):
        whole_numbers("slices", text)
