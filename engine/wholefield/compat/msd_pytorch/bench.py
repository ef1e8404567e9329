"""The result of a repeated time measurement."""

import math
import statistics
from dataclasses import dataclass

UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "us"), (1e-9, "ns"))


@dataclass(frozen=True)
class TimeitResult:
    """Times of a repeated measurement.

    Attributes:
        name: What was measured.
        loops: Executions in each measurement.
        repeat: Measurements.
        best: Shortest time of one execution, in seconds.
        worst: Longest time of one execution, in seconds.
        all_runs: Duration of every measurement (all its executions), in seconds.
        precision: Significant digits when printed.

    Example:
        >>> from wholefield.compat.msd_pytorch import TimeitResult
        >>> print(TimeitResult("forward", 10, 3, 0.1, 0.3, [1.0, 2.0, 3.0]))
        forward: 200 ms ± 81.6 ms (mean ± standard deviation of 3 runs, 10 loops each)
    """

    name: str
    loops: int
    repeat: int
    best: float
    worst: float
    all_runs: list[float]
    precision: int = 3

    @property
    def timings(self) -> list[float]:
        """Time of one execution in every measurement, in seconds."""
        return [run / self.loops for run in self.all_runs]

    @property
    def average(self) -> float:
        """Mean time of one execution, in seconds."""
        return statistics.fmean(self.timings)

    @property
    def stdev(self) -> float:
        """Standard deviation over the measurements, in seconds."""
        return statistics.pstdev(self.timings)

    def __str__(self) -> str:
        return (
            f"{self.name}: {_with_unit(self.average, self.precision)} ± {_with_unit(self.stdev, self.precision)} "
            f"(mean ± standard deviation of {self.repeat} runs, {self.loops} loops each)"
        )


def _with_unit(seconds: float, precision: int) -> str:
    exponent = math.floor(math.log10(seconds)) if seconds > 0 else 0
    scale, unit = next(((s, u) for s, u in UNITS if 10.0**exponent >= s * 0.999), UNITS[-1])
    return f"{seconds / scale:.{precision}g} {unit}"
