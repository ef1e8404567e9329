import pytest

from wholefield_app.panels.words import length


@pytest.mark.parametrize(
    ("micrometres", "text"),
    [(0, "0.0 µm"), (999.94, "999.9 µm"), (1000, "1.000 mm"), (-1500.4, "-1.500 mm"), (25400, "25.400 mm")],
)
def test_lengths(micrometres: float, text: str) -> None:
    assert length(micrometres) == text
