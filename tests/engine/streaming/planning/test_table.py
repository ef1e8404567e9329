"""Tables and sizes as text."""

import pytest

from wholefield.streaming.planning.table import as_table, in_bytes


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert as_table(["a", "name"], [["1", "x"], ["200", "longer"]]).splitlines() == [
        "a    name",
        "---  ------",
        "1    x",
        "200  longer",
    ]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (999_600, "1 MB"),
        (12_345_678, "12.3 MB"),
        (7e12, "7e+03 GB"),
    ],
)
def test_bytes_are_decimal(number: int, text: str) -> None:
    assert in_bytes(number) == text
