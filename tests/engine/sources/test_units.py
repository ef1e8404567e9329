import pytest

from wholefield.sources.units import to_micrometers


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        ("0.499", "µm", 0.499),
        (499, "nm", 0.499),
        ("1e-4", " CM ", 1.0),
        (1 / 25400, "inch", 1.0),
        (0.5, "micrometer", 0.5),
        (5, "Å", 5e-4),
        (5, "ANGSTROMS", 5e-4),
        (0.8, "Microns", 0.8),
        (2, "millimetres", 2000.0),
        (3, "MM", 3000.0),
        (2, "Inches", 50800.0),
    ],
)
def test_converts(value: str | float, unit: str, expected: float) -> None:
    assert to_micrometers(value, unit) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("value", "unit"),
    [
        (None, "um"),
        ("", "um"),
        ("abc", "um"),
        (1, None),
        (1, "furlong"),
        (1, "Mm"),
        (1, "ms"),
        ("nan", "um"),
        ("inf", "um"),
    ],
)
def test_refuses_what_is_no_length(value: str | float | None, unit: str | None) -> None:
    assert to_micrometers(value, unit) is None
