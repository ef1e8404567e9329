"""Spacing as people type it, times, and files that headers may name."""

from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from wholefield.errors import SourceError
from wholefield.sources import Reading
from wholefield.sources.stacks.answers import file_below, parse_spacing

sizes = st.decimals(min_value="0.001", max_value="9999", places=3).filter(bool)


@given(
    sizes,
    sizes,
    sizes,
    st.sampled_from([",", ", ", " "]),
    st.sampled_from(["um", "mm", "nm", "µm", "microns"]),
)
def test_three_numbers_and_a_unit(z: object, y: object, x: object, sign: str, unit: str) -> None:
    found = parse_spacing(f"{z}{sign}{y}{sign}{x} {unit}")
    factor = 1e-3 if unit == "nm" else 1.0
    expected = tuple(float(str(size)) * factor for size in (z, y, x))
    assert found.spacing == pytest.approx(expected, rel=1e-12)
    assert found.unit == ("mm" if unit == "mm" else "um")


@pytest.mark.parametrize(
    ("text", "spacing", "unit"),
    [
        ("0.65 um", (0.65, 0.65, 0.65), "um"),
        ("0,65um", (0.65, 0.65, 0.65), "um"),
        ("2 0,5 0,25 mm", (2, 0.5, 0.25), "mm"),
        ("2,1,1 mm", (2, 1, 1), "mm"),
        ("0.2, 0.1, 0.1 cm", (2, 1, 1), "mm"),
        ("1e-6 m", (1e-3, 1e-3, 1e-3), "mm"),
    ],
)
def test_ways_to_type_it(text: str, spacing: tuple[float, ...], unit: str) -> None:
    found = parse_spacing(text)
    assert found.spacing == pytest.approx(spacing)
    assert found.unit == unit


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2",
        "um",
        "2,1 um",
        "1,500 um",
        "1.500 um",
        "1,2,3",
        "0,0,0 um",
        "-1 um",
        "1 furlong",
        "1,2,3,4 um",
        "nan um",
        "1e999 um",
    ],
)
def test_what_is_no_spacing_or_can_be_read_in_two_ways(text: str) -> None:
    with pytest.raises(SourceError, match="is not read; give the distances"):
        parse_spacing(text)


@pytest.mark.parametrize("name", ["a.raw", "sub/a.raw", "./a.raw", "sub/../a.raw", "sub\\a.raw", "..a.raw"])
def test_files_below_a_header(tmp_path: Path, name: str) -> None:
    path = file_below(tmp_path / "a.mhd", name, Reading())
    assert path.is_relative_to(tmp_path)


@pytest.mark.parametrize("name", ["../a.raw", "/etc/passwd", "sub/../../a.raw", "..", ".", "..\\a.raw"])
def test_files_elsewhere_have_to_be_allowed(tmp_path: Path, name: str) -> None:
    with pytest.raises(SourceError, match="outside its folder"):
        file_below(tmp_path / "a.mhd", name, Reading())
    file_below(tmp_path / "a.mhd", name, Reading({"outside": "yes"}))
