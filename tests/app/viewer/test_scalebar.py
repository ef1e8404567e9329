import math

import pytest
from hypothesis import given, strategies as st

from wholefield_app.viewer.scalebar import length_text, plain_number, round_length, zoom_text


@given(st.floats(1e-6, 1e9))
def test_a_round_length_is_the_largest_that_fits(longest: float) -> None:
    found = round_length(longest)
    mantissa = found / 10 ** math.floor(math.log10(found) + 1e-9)
    assert min(abs(mantissa - step) for step in (1, 2, 5)) < 1e-6
    assert longest / 2.5 * (1 - 1e-6) <= found <= longest * (1 + 1e-6)


@pytest.mark.parametrize(
    ("length", "spacing", "text"),
    [
        (50.0, 0.25, "50 µm"),
        (1000.0, 0.25, "1 mm"),
        (20000.0, 0.25, "2 cm"),
        (0.5, 0.25, "500 nm"),
        (2000.0, None, "2,000 px"),
        (0.5, None, "0.5 px"),
    ],
)
def test_lengths_read_well(length: float, spacing: float | None, text: str) -> None:
    assert length_text(length, spacing) == text


@pytest.mark.parametrize(
    ("scale", "spacing", "text"),
    [
        (1.0, 0.25, "100 %  ·  0.25 µm/px  ·  40×"),
        (0.25, 0.5, "25 %  ·  2 µm/px  ·  5×"),
        (6.0, 0.499, "600 %  ·  0.0832 µm/px  ·  120×"),
        (1 / 3, None, "33.3 %"),
        (64.0, None, "6,400 %"),
    ],
)
def test_zoom_reads_well(scale: float, spacing: float | None, text: str) -> None:
    assert zoom_text(scale, spacing) == text


@given(st.floats(1e-5, 1e7), st.integers(1, 4))
def test_numbers_keep_their_digits_without_an_exponent(value: float, digits: int) -> None:
    text = plain_number(value, digits)
    assert "e" not in text
    assert float(text.replace(",", "")) == pytest.approx(value, rel=0.5 * 10 ** (1 - digits) * 1.001)
