"""How long a run still takes, from the steps behind it; time spent in a pause does not count."""

import time
from collections.abc import Callable


class Pace:
    """Estimates the time left.

    Attributes:
        clock: gives seconds; monotonic.
    """

    def __init__(self, first_step: int = 0, clock: Callable[[], float] = time.monotonic) -> None:
        """Start the clock at `first_step`, the steps that an earlier part of a resumed run has done."""
        self.clock = clock
        self._first = first_step
        self._start = clock()
        self._idle = 0.0

    def idle(self, seconds: float) -> None:
        """Leave out time in which the run waited."""
        self._idle += seconds

    def seconds_left(self, step: int, steps: int) -> float | None:
        """Time for the steps after `step`, or None before the first step is done."""
        done = step - self._first
        if done <= 0:
            return None
        return (self.clock() - self._start - self._idle) / done * (steps - step)
