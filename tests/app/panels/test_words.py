import pytest

from wholefield_app.panels.words import duration, length


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-3, "0 s"), (0.4, "0 s"), (59.4, "59 s"), (59.6, "1 min 0 s"), (130, "2 min 10 s"),
        (3599.7, "1 h 0 min"), (7384, "2 h 3 min"), (360000, "100 h 0 min"),
    ],
)  # fmt: skip
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("micrometres", "text"),
    [(0, "0.0 µm"), (999.94, "999.9 µm"), (1000, "1.000 mm"), (-1500.4, "-1.500 mm"), (25400, "25.400 mm")],
)
def test_lengths(micrometres: float, text: str) -> None:
    assert length(micrometres) == text
