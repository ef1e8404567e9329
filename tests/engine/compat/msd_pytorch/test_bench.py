"""Results of time measurements."""

import pytest

from wholefield.compat.msd_pytorch import TimeitResult


def test_average_and_deviation_are_of_one_execution() -> None:
    result = TimeitResult("forward", 10, 3, 0.1, 0.3, [1.0, 2.0, 3.0])
    assert result.average == pytest.approx(0.2)
    assert result.stdev == pytest.approx(0.0816496580927726)
    assert str(result) == "forward: 200 ms ± 81.6 ms (mean ± standard deviation of 3 runs, 10 loops each)"
    assert str(TimeitResult("none", 1, 1, 0, 0, [0.0])).startswith("none: 0")
    assert str(TimeitResult("short", 1, 1, 0, 0, [2.5e-6])).startswith("short: 2.5 us")
